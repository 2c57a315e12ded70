"""What a rule says of one place, before the correction for many tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from asrcompress.audit.gates.figures import points, points_range
from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.gates import GateOutcome

if TYPE_CHECKING:
    from asrcompress.evaluate.resampling import RateSample
    from asrcompress.evaluate.sparse import Changes
    from asrcompress.evaluate.tails import Resampled

_LEAST_SHOWN = 0.001  # of p-values


class Hold(str, Enum):
    """What is held against a limit: the estimate, or its whole interval."""

    ESTIMATE = "estimate"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Judgement:
    """An outcome and why. Figures are in the units of GateCheck.

    test: of non-inferiority within the limit; the outcome is then read from p-values that are
    adjusted over all such tests of the metric.
    """

    outcome: GateOutcome
    words: str
    value: float | None = None
    interval: Interval | None = None
    limit: float | None = None
    test: Comparison | None = None

    def settled(self, p_within: float, p_beyond: float, tests: int) -> Judgement:
        """With the outcome of its test, by the adjusted p-values.

        Without a test it is as it was.
        """
        if self.test is None:
            return self
        tail = (1 - self.test.interval.level) / 2 + 1e-12  # as in Comparison.verdict
        outcome = GateOutcome.INCONCLUSIVE
        if p_within <= tail:
            outcome = GateOutcome.PASSED
        elif p_beyond <= tail:
            outcome = GateOutcome.FAILED
        p_value = p_beyond if outcome is GateOutcome.FAILED else p_within
        shown = f"p {p_value:.2g}" if p_value >= _LEAST_SHOWN else f"p < {_LEAST_SHOWN}"
        words = f"{self.words}; {shown}"
        if tests > 1:
            words += f" over {tests} tests"
        return replace(self, outcome=outcome, words=words)


@dataclass(frozen=True, slots=True)
class Pending:
    """A loss that waits to be resampled with the others under its condition, all at once.

    what: dWER or WER, for the words; margin: its limit.
    """

    what: str
    margin: float
    sample: RateSample
    changes: Changes

    def judged(self, found: Resampled | None, seed: int, replicates: int) -> Judgement:
        """The judgement, whose outcome awaits the correction for many tests."""
        from asrcompress.evaluate.intervals import Bootstrap, comparison_of

        allowed = f"margin {points(self.margin, signed=False)}"
        if found is None:
            words = f"one speaker, recording or utterance only, {allowed}"
            return inconclusive(words, limit=self.margin)
        test = comparison_of(self.changes, found, Bootstrap(self.margin, seed, replicates), "")
        return Judgement(
            GateOutcome.INCONCLUSIVE,  # until then
            f"{self.what} {points(test.delta_wer)} ({points_range(test.interval)}), {allowed}",
            value=test.delta_wer,
            interval=test.interval,
            limit=self.margin,
            test=test,
        )


def missing(words: str) -> Judgement:
    """There is no figure."""
    return Judgement(GateOutcome.MISSING, words)


def inconclusive(words: str, value: float | None = None, limit: float | None = None) -> Judgement:
    """There is a figure, and it cannot tell."""
    return Judgement(GateOutcome.INCONCLUSIVE, words, value=value, limit=limit)


def at_most(value: float, limit: float, words: str) -> Judgement:
    """A figure without uncertainty held against the most that is allowed."""
    outcome = GateOutcome.PASSED if value <= limit else GateOutcome.FAILED
    return Judgement(outcome, words, value=value, limit=limit)


def at_least(value: float, limit: float, words: str) -> Judgement:
    """A figure without uncertainty held against the least that is allowed."""
    outcome = GateOutcome.PASSED if value >= limit else GateOutcome.FAILED
    return Judgement(outcome, words, value=value, limit=limit)


def interval_at_most(value: float, interval: Interval | None, limit: float, what: str) -> Judgement:
    """The whole interval held against the most that is allowed.

    Passed where it ends within the limit, failed where it begins beyond; else, and without one,
    inconclusive.
    """
    if interval is None:
        words = f"{what}, without an interval: one speaker, recording or utterance only"
        return inconclusive(words, value=value, limit=limit)
    outcome = GateOutcome.INCONCLUSIVE
    if interval.high <= limit:
        outcome = GateOutcome.PASSED
    elif interval.low > limit:
        outcome = GateOutcome.FAILED
    return Judgement(outcome, what, value=value, interval=interval, limit=limit)
