"""Gates and ledgers beside the made-up matrix of wild.py."""

from __future__ import annotations

from asrcompress.core.gates import GateCheck, GateOutcome, GateTable
from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.ledger_table import LedgerTable
from asrcompress.core.results import Results

BLOCKS = 12


def gates(results: Results) -> GateTable:
    """One check for each condition of one artefact: one failed, one missing, two inconclusive."""
    outcomes = [GateOutcome.PASSED] * len(results.conditions)
    outcomes[3], outcomes[5] = GateOutcome.FAILED, GateOutcome.MISSING
    outcomes[7] = outcomes[8] = GateOutcome.INCONCLUSIVE
    checks = (
        GateCheck(
            gate="at most 1 point",
            metric="dwer",
            artefact="robust/prune10",
            condition=row.name,
            outcome=outcome,
            words="dWER +0.80 [-0.10, +1.80] points, limit 1.00",
        )
        for row, outcome in zip(results.conditions, outcomes, strict=True)
    )
    return GateTable(source="gates.yaml", checks=tuple(checks))


def ledgers(results: Results) -> LedgerTable:
    """Twelve blocks of two layers for each artefact that is compressed."""
    names = [row.name for row in results.artefacts if row.baseline]
    return LedgerTable(ledgers={name: _ledger(name.split("/")[1]) for name in names})


def _ledger(form: str) -> Ledger:
    small = form == "int8"
    return Ledger(
        rows=tuple(
            LedgerRow(
                name=f"encoder.layers.{block}.{kind}.weight",
                kind="Linear",
                shape_before=(64, 64),
                shape_after=(64, 64),
                qtype="qint8" if small else "float32",
                sparsity=0.0 if small else 0.3,
                bytes_before=4 * 64 * 64,
                bytes_after=64 * 64 if small else 4 * 64 * 64,
                is_compressed=True,
                why="asked for",
            )
            for block in range(BLOCKS)
            for kind in ("q_proj", "k_proj")
        )
    )
