"""The word error rate itself, at most so much."""

from __future__ import annotations

from typing import ClassVar, Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.rate import RateRule
from asrcompress.core.comparison import Interval


class Rule(RateRule):
    """max: a fraction, so that 0.12 is 12 %. hold: the whole interval to it, or the estimate."""

    short: ClassVar[str] = "WER"
    unit: ClassVar[str] = "words"

    metric: Literal["wer"]

    def rate_of(self, evidence: CellEvidence) -> float | None:
        return evidence.words.rate

    def interval_of(self, evidence: CellEvidence) -> Interval | None:
        """As in the results; of a subgroup, from the same resamples as they would have."""
        from asrcompress.evaluate import wer_interval

        if evidence.group is None or evidence.sides is None:
            return evidence.result.wer_interval
        return wer_interval(
            evidence.sides.evaluation, seed=evidence.seed, replicates=evidence.replicates
        )
