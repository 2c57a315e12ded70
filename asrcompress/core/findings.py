"""What a run found, all together: what reports are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asrcompress.core.error_table import ErrorTable, read_errors
from asrcompress.core.gates import GateTable, read_gates
from asrcompress.core.ledger_table import LedgerTable, read_ledgers
from asrcompress.core.results import CostTable, Results, read_results
from asrcompress.core.speed import SpeedTable, read_speed


@dataclass(frozen=True, slots=True)
class Findings:
    """The results, and what stands beside them; None where it was not asked for or not measured.

    costs: timings of the evaluation itself. errors: what compression broke. speed: of all
    artefacts in one interleaved run. gates: rules held against all this. ledgers: what became of
    every tensor.
    """

    results: Results
    costs: CostTable = field(default_factory=CostTable)
    errors: ErrorTable = field(default_factory=ErrorTable)
    speed: SpeedTable | None = None
    gates: GateTable | None = None
    ledgers: LedgerTable | None = None


def read_findings(path: Path) -> Findings:
    """What evaluate or audit wrote, by its folder or its results.json.

    Raises:
        InputError: no results there, of another version, or a file that does not have its form.
    """
    results, costs = read_results(path)
    return Findings(
        results, costs, read_errors(path), read_speed(path), read_gates(path), read_ledgers(path)
    )
