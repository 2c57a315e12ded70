"""The gates' checks as a page lists them: what is in the way first, and no more than helps."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.gates import GateCheck, GateOutcome, GateTable
from asrcompress.report.summary import in_the_way
from asrcompress.report.wording import count_of, list_names

_MOST_OPEN = 500  # of checks that did not pass
_MOST_PASSED = 200  # of those that did, which nobody has to act on
_TITLES = {
    GateOutcome.PASSED: "passed",
    GateOutcome.FAILED: "failed",
    GateOutcome.INCONCLUSIVE: "inconclusive",
    GateOutcome.MISSING: "not all figures are there",
}
_ORDER = (GateOutcome.FAILED, GateOutcome.MISSING, GateOutcome.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class GateLists:
    """The outcome in words, and the checks on each side; the rest is counted."""

    title: str
    counts: str
    open: tuple[GateCheck, ...]
    passed: tuple[GateCheck, ...]
    open_left_out: int
    passed_left_out: int


def gate_lists(table: GateTable) -> GateLists:
    """Failed, missing, inconclusive, each in the rules' order, then what passed."""
    still_open = in_the_way(table)
    passed = [check for check in table.checks if check.outcome is GateOutcome.PASSED]
    return GateLists(
        title=_TITLES[table.outcome],
        counts=_counts(table),
        open=still_open[:_MOST_OPEN],
        passed=tuple(passed[:_MOST_PASSED]),
        open_left_out=max(0, len(still_open) - _MOST_OPEN),
        passed_left_out=max(0, len(passed) - _MOST_PASSED),
    )


def _counts(table: GateTable) -> str:
    """For example: 12 checks: 2 failed, 10 passed."""
    outcomes = (*_ORDER, GateOutcome.PASSED)
    counts = [(outcome.value, table.counts.get(outcome, 0)) for outcome in outcomes]
    parts = [f"{count} {word}" for word, count in counts if count]
    return f"{count_of(len(table.checks), 'check')}: {list_names(parts) or 'none'}"
