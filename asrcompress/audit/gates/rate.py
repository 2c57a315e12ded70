"""A rate of errors itself, of words or of characters, at most so much."""

from __future__ import annotations

from typing import ClassVar, Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.figures import percent, percent_range, shortest
from asrcompress.audit.gates.judgement import Hold, Judgement, at_most, interval_at_most, missing
from asrcompress.audit.gates.rule import CellRule, Fraction
from asrcompress.core.comparison import Interval


class RateRule(CellRule):
    """max: a fraction, so that 0.12 is 12 %. hold: the whole interval to it, or the estimate.

    As each rate has them: short: its abbreviation. unit: what it counts, in the plural.
    """

    short: ClassVar[str]
    unit: ClassVar[str]

    max: Fraction
    hold: Literal["interval", "estimate"] = "interval"

    @property
    def words(self) -> str:
        return f"{self.short} at most {shortest(100 * self.max)} %"

    def rate_of(self, evidence: CellEvidence) -> float | None:
        """The rate in a cell or a subgroup of it; None without references."""
        raise NotImplementedError

    def interval_of(self, evidence: CellEvidence) -> Interval | None:
        """Its interval; None where nothing can be resampled."""
        raise NotImplementedError

    def judge_cell(self, evidence: CellEvidence) -> Judgement:
        rate = self.rate_of(evidence)
        if rate is None:
            return missing(f"no reference {self.unit}")
        shown = f"{self.short} {percent(rate)}"
        if self.hold == Hold.ESTIMATE.value:
            return at_most(rate, self.max, shown)
        interval = self.interval_of(evidence)
        if interval is not None:
            shown = f"{shown} ({percent_range(interval)})"
        return interval_at_most(rate, interval, self.max, shown)
