"""The character error rate, at most so much."""

from __future__ import annotations

from typing import ClassVar, Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.rate import RateRule
from asrcompress.core.comparison import Interval


class Rule(RateRule):
    """max: a fraction, so that 0.05 is 5 %. hold: the whole interval to it, or the estimate."""

    needs_sides: ClassVar[bool] = True  # results have no interval of it
    short: ClassVar[str] = "CER"
    unit: ClassVar[str] = "characters"

    metric: Literal["cer"]

    def rate_of(self, evidence: CellEvidence) -> float | None:
        return evidence.chars.rate

    def interval_of(self, evidence: CellEvidence) -> Interval | None:
        """The interval of a rate whose words are characters."""
        from asrcompress.evaluate import wer_interval

        found = evidence.evaluation
        rows = tuple(row.model_copy(update={"words": row.chars}) for row in found.utterances)
        spelt = found.model_copy(update={"utterances": rows})
        return wer_interval(spelt, seed=evidence.seed, replicates=evidence.replicates)
