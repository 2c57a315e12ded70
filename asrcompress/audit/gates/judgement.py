"""What a rule says of one place, before the correction for many tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from asrcompress.core.comparison import Comparison, Interval
from asrcompress.core.gates import GateOutcome

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
