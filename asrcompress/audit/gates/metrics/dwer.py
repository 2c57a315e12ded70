"""The loss against the original: non-inferiority within a margin, absolute or relative."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from asrcompress.audit.gates.evidence import CellEvidence, compared
from asrcompress.audit.gates.figures import points, points_range, shortest
from asrcompress.audit.gates.judgement import Judgement, inconclusive, missing
from asrcompress.audit.gates.rule import CellRule, Fraction, Share
from asrcompress.core.comparison import Comparison
from asrcompress.core.gates import GateOutcome


class Rule(CellRule):
    """absolute: a margin as a fraction of words; relative: of the original's WER there.

    Of two, the larger one holds.
    """

    needs_baseline: ClassVar[bool] = True
    needs_sides: ClassVar[bool] = True

    metric: Literal["dwer"]
    absolute: Fraction | None = None
    relative: Share | None = None

    @model_validator(mode="after")
    def _has_a_margin(self) -> Rule:
        if self.absolute is None and self.relative is None:
            raise ValueError("needs absolute, relative or both")
        return self

    @property
    def words(self) -> str:
        return f"dWER within {margin_words(self.absolute, self.relative)}"

    def judge_cell(self, evidence: CellEvidence) -> Judgement:
        before = None if evidence.sides is None else evidence.sides.baseline
        if before is None:
            return missing("nothing to compare with")
        rate = before.words.rate
        if rate is None:
            return missing("no reference words")
        margin = max(self.absolute or 0.0, (self.relative or 0.0) * rate)
        return tested(compared(evidence, before, margin), "dWER", margin)


def tested(found: Comparison | None, what: str, margin: float) -> Judgement:
    """A comparison whose outcome awaits the correction for many tests."""
    allowed = f"margin {points(margin, signed=False)}"
    if found is None:
        words = f"one speaker, recording or utterance only, {allowed}"
        return inconclusive(words, limit=margin)
    return Judgement(
        GateOutcome.INCONCLUSIVE,  # until then
        f"{what} {points(found.delta_wer)} ({points_range(found.interval)}), {allowed}",
        value=found.delta_wer,
        interval=found.interval,
        limit=margin,
        test=found,
    )


def margin_words(absolute: float | None, relative: float | None) -> str:
    """A margin as people say it: 0.5 points or 10 % of the original's."""
    parts = []
    if absolute is not None:
        parts.append(f"{shortest(100 * absolute)} points")
    if relative is not None:
        parts.append(f"{shortest(100 * relative)} % of the original's")
    return " or ".join(parts)
