"""The word error rate itself, at most so much."""

from __future__ import annotations

from typing import Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.figures import percent, percent_range, shortest
from asrcompress.audit.gates.judgement import (
    Hold,
    Judgement,
    at_most,
    interval_at_most,
    missing,
)
from asrcompress.audit.gates.rule import CellRule, Fraction
from asrcompress.core.comparison import Interval


class Rule(CellRule):
    """max: a fraction, so that 0.12 is 12 %. hold: the whole interval to it, or the estimate."""

    metric: Literal["wer"]
    max: Fraction
    hold: Literal["interval", "estimate"] = "interval"

    @property
    def words(self) -> str:
        return f"WER at most {shortest(100 * self.max)} %"

    def judge_cell(self, evidence: CellEvidence) -> Judgement:
        rate = evidence.words.rate
        if rate is None:
            return missing("no reference words")
        if self.hold == Hold.ESTIMATE.value:
            return at_most(rate, self.max, f"WER {percent(rate)}")
        interval = _interval(evidence)
        shown = "" if interval is None else f" ({percent_range(interval)})"
        return interval_at_most(rate, interval, self.max, f"WER {percent(rate)}{shown}")


def _interval(evidence: CellEvidence) -> Interval | None:
    """As in the results; of a subgroup, from the same resamples as they would have."""
    from asrcompress.evaluate import wer_interval

    if evidence.group is None or evidence.sides is None:
        return evidence.result.wer_interval
    return wer_interval(
        evidence.sides.evaluation, seed=evidence.seed, replicates=evidence.replicates
    )
