"""Made-up gates: checks of every outcome, in order."""

from __future__ import annotations

from asrcompress.core.comparison import Interval
from asrcompress.core.gates import GateCheck, GateOutcome, GateTable


def check(outcome: str, **changes: object) -> GateCheck:
    """A check of int8's dWER under noise at 5 dB, with whatever is to be different."""
    values: dict[str, object] = {
        "gate": "dWER within 0.5 points",
        "metric": "dwer",
        "artefact": "int8",
        "condition": "noise-5dB",
        "outcome": GateOutcome(outcome),
        "value": -0.0042,
        "interval": Interval(low=-0.01, high=0.0016),
        "limit": 0.005,
        "words": "dWER -0.42 points [-1.00 to +0.16], at most 0.5 points",
    }
    return GateCheck.model_validate(values | changes)


def table(**changes: object) -> GateTable:
    """Seven checks: two failed, one inconclusive, one missing, three passed."""
    checks = (
        check("passed", condition="clean"),
        check("passed"),
        check("inconclusive", artefact="int4", condition="clean"),
        check("failed", artefact="int4"),
        check("failed", artefact="int4", field="accent", group="south"),
        check(
            "missing",
            artefact="prune30",
            gate="speed",
            metric="rtfx_ratio",
            condition=None,
            value=None,
            interval=None,
            limit=1.2,
            words="speed was not measured",
        ),
        check(
            "passed",
            artefact="int4",
            gate="size",
            metric="size",
            condition=None,
            value=61_400_000.0,
            interval=None,
            limit=1e8,
            words="61.4 MB, at most 100 MB",
        ),
    )
    return GateTable.model_validate({"source": "gates.yaml", "checks": checks} | changes)


def without(*outcomes: str, **changes: object) -> GateTable:
    """The table without the checks that ended so."""
    kept = tuple(row for row in table().checks if row.outcome.value not in outcomes)
    return table(checks=kept, **changes)
