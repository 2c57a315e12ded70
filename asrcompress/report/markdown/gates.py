"""Gates in Markdown: what is in the way, first of all; the others folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asrcompress.core.gates import GateCheck, GateOutcome
from asrcompress.report.markdown.parts import Part
from asrcompress.report.markdown.pieces import escape, name, table
from asrcompress.report.summary import in_the_way
from asrcompress.report.view import View

_MOST_ROWS = 20
_MARKS = {
    GateOutcome.PASSED: "✓",
    GateOutcome.FAILED: "✗",
    GateOutcome.INCONCLUSIVE: "?",
    GateOutcome.MISSING: "!",
}


def gate_parts(view: View) -> Iterator[Part]:
    """The worst checks, none where all passed."""
    found = in_the_way(view.gates) if view.gates else ()
    if found:
        more = len(found) - _MOST_ROWS
        ending = f"\n\nThe first {_MOST_ROWS} of {len(found)}; all are below." if more > 0 else ""
        yield Part("Gates", _table(found[:_MOST_ROWS]) + ending)


def all_checks(view: View) -> Iterator[Part]:
    """The checks that passed, or all where the worst alone are shown."""
    if view.gates is None:
        return
    is_long = len(in_the_way(view.gates)) > _MOST_ROWS
    passed = [row for row in view.gates.checks if row.outcome is GateOutcome.PASSED]
    if is_long:
        yield Part("All checks of the gates", _table(view.gates.checks), is_folded=True)
    elif passed:
        yield Part("Checks of the gates that passed", _table(passed), is_folded=True)


def _table(checks: Sequence[GateCheck]) -> str:
    rows = [
        [
            f"{_MARKS[check.outcome]} {check.outcome.value}",
            *(name(check.gate), name(check.artefact), _where(check), escape(check.words)),
        ]
        for check in checks
    ]
    header = ["outcome", "gate", "artefact", "where", "found"]
    return table(header, rows, names=len(header))


def _where(check: GateCheck) -> str:
    """The condition and the subgroup; empty for the artefact as a whole."""
    parts = [] if check.condition is None else [name(check.condition)]
    parts += [] if check.field is None else [name(f"{check.field} = {check.group}")]
    return ", ".join(parts)
