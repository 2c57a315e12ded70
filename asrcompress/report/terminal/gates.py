"""The checks of gates that did not pass, a table a gate; all of them where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from asrcompress.core.gates import GateCheck, GateOutcome
from asrcompress.report.console import Listing, text
from asrcompress.report.summary import in_the_way
from asrcompress.report.view import View
from asrcompress.report.wording import count_of

_MOST_ROWS = 20  # a screen; --gates has all
_STYLES = {
    GateOutcome.PASSED: "green",
    GateOutcome.FAILED: "red",
    GateOutcome.INCONCLUSIVE: "yellow",
    GateOutcome.MISSING: "red",
}


def gate_renderables(view: View, *, full: bool) -> list[RenderableType]:
    """A table a gate of the checks in the way, and how many passed; full: all checks."""
    if view.gates is None:
        return [text("No gates were checked: there is no gates.json.")] if full else []
    if full:
        return _tables(view.gates.checks)
    found = in_the_way(view.gates)
    lines = _lines(len(found), len(view.gates.checks)) if found else []
    return [
        *_tables(found[:_MOST_ROWS]),
        *([Text("\n").join(map(text, lines))] if lines else []),
    ]


def _tables(checks: Sequence[GateCheck]) -> list[RenderableType]:
    gates: dict[str, list[GateCheck]] = {}
    for check in checks:
        gates.setdefault(check.gate, []).append(check)
    return [_table(f"Gate: {name}", found) for name, found in gates.items()]


def _table(title: str, checks: Sequence[GateCheck]) -> Listing:
    rows = [
        [
            text(check.outcome.value, _STYLES[check.outcome]),
            *map(text, (check.place, check.words)),
        ]
        for check in checks
    ]
    return Listing(title, ("outcome", "where", "found"), rows)


def _lines(found: int, total: int) -> list[str]:
    """What the table leaves out."""
    lines = []
    if found > _MOST_ROWS:
        lines.append(f"The first {_MOST_ROWS} of {found}; --gates shows all.")
    if found < total:
        lines.append(f"{count_of(total - found, 'other check')} passed.")
    return lines
