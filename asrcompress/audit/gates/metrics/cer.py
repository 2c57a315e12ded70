"""The character error rate, at most so much."""

from __future__ import annotations

from typing import ClassVar, Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.figures import percent, percent_range, shortest
from asrcompress.audit.gates.judgement import Hold, Judgement, at_most, interval_at_most, missing
from asrcompress.audit.gates.rule import CellRule, Fraction
from asrcompress.core.comparison import Interval


class Rule(CellRule):
    """max: a fraction, so that 0.05 is 5 %. hold: the whole interval to it, or the estimate."""

    needs_sides: ClassVar[bool] = True  # results have no interval of it

    metric: Literal["cer"]
    max: Fraction
    hold: Literal["interval", "estimate"] = "interval"

    @property
    def words(self) -> str:
        return f"CER at most {shortest(100 * self.max)} %"

    def judge_cell(self, evidence: CellEvidence) -> Judgement:
        rate = evidence.chars.rate
        if rate is None:
            return missing("no reference characters")
        if self.hold == Hold.ESTIMATE.value:
            return at_most(rate, self.max, f"CER {percent(rate)}")
        interval = _interval(evidence)
        shown = "" if interval is None else f" ({percent_range(interval)})"
        return interval_at_most(rate, interval, self.max, f"CER {percent(rate)}{shown}")


def _interval(evidence: CellEvidence) -> Interval | None:
    """The interval of a rate whose words are characters."""
    from asrcompress.evaluate import wer_interval

    found = evidence.evaluation
    rows = tuple(row.model_copy(update={"words": row.chars}) for row in found.utterances)
    spelt = found.model_copy(update={"utterances": rows})
    return wer_interval(spelt, seed=evidence.seed, replicates=evidence.replicates)
