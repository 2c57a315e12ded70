"""gates.csv: a row for each check, in the rules' order."""

from __future__ import annotations

from asrcompress.core.gates import GateCheck
from asrcompress.report.tidy import Value, csv_text, rounded
from asrcompress.report.view import View

COLUMNS = (
    "gate",
    "metric",
    "artefact",
    "condition",
    "field",
    "group",
    "outcome",
    "value",
    "low",
    "high",
    "limit",
    "words",
)


def render(view: View) -> str:
    """The checks as CSV, empty where there is no such thing; the heads alone without gates.

    value, low, high and limit are fractions for rates and their differences, bytes for sizes.
    """
    return csv_text(COLUMNS, map(_row, view.gates.checks) if view.gates else ())


def _row(check: GateCheck) -> list[Value]:
    interval = check.interval
    return [
        *(check.gate, check.metric, check.artefact, check.condition, check.field, check.group),
        check.outcome.value,
        rounded(check.value),
        rounded(interval.low if interval else None),
        rounded(interval.high if interval else None),
        rounded(check.limit),
        check.words,
    ]
