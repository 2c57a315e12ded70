"""The first lines of a report: what the gates say, then what the verdicts say."""

from __future__ import annotations

from asrcompress.core.comparison import Verdict
from asrcompress.core.gates import GateCheck, GateOutcome, GateTable
from asrcompress.core.results import Results

_IN_THE_WAY = (GateOutcome.FAILED, GateOutcome.MISSING, GateOutcome.INCONCLUSIVE)


def gates_line(table: GateTable) -> str:
    """All gates in one line: Gates: FAILED, 3 of 12 (1 inconclusive)."""
    total, counts = len(table.checks), table.counts
    if not total:
        return "Gates: nothing was checked"
    others = [
        f"{counts[outcome]} {outcome.value}"
        for outcome in _IN_THE_WAY
        if outcome is not table.outcome and counts.get(outcome)
    ]
    beside = f" ({', '.join(others)})" if others else ""
    return f"Gates: {table.outcome.value.upper()}, {counts[table.outcome]} of {total}{beside}"


def in_the_way(table: GateTable) -> tuple[GateCheck, ...]:
    """The checks that did not pass: failed, missing, inconclusive; each in the rules' order."""
    return tuple(
        check for outcome in _IN_THE_WAY for check in table.checks if check.outcome is outcome
    )


def verdict_line(results: Results) -> str:
    """Which artefacts are non-inferior everywhere."""
    compared = [row.name for row in results.artefacts if row.name not in results.baselines]
    if not results.baselines:
        return "No baseline: nothing was compared."
    baseline = results.baseline or "its own baseline"
    verdicts = _verdicts(results)
    if not any(verdicts.get(name) for name in compared):
        return f"Nothing could be compared with {baseline}: see the notes."
    total = len(results.conditions)
    where = f"in all {total} conditions" if total > 1 else "in the one condition"
    good = [name for name in compared if verdicts.get(name, []) == [Verdict.NON_INFERIOR] * total]
    if good:
        return f"Non-inferior to {baseline} {where}: {', '.join(good)}."
    return f"No artefact is non-inferior to {baseline} {where}."


def _verdicts(results: Results) -> dict[str, list[Verdict]]:
    """By artefact, of the conditions that the results list."""
    conditions = {row.name for row in results.conditions}
    found: dict[str, list[Verdict]] = {}
    for cell in results.cells:
        if cell.comparison and cell.condition in conditions:
            found.setdefault(cell.artefact, []).append(cell.comparison.verdict)
    return found
