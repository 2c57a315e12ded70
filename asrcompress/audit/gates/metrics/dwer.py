"""The loss against the original: non-inferiority within a margin, absolute or relative."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from asrcompress.audit.gates.evidence import CellEvidence, loss_to
from asrcompress.audit.gates.figures import shortest
from asrcompress.audit.gates.judgement import Judgement, Pending, missing
from asrcompress.audit.gates.rule import CellRule, Fraction, Share


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

    def judge_cell(self, evidence: CellEvidence) -> Judgement | Pending:
        before = None if evidence.sides is None else evidence.sides.baseline
        if before is None:
            return missing("nothing to compare with")
        rate = before.words.rate
        if rate is None:
            return missing("no reference words")
        margin = max(self.absolute or 0.0, (self.relative or 0.0) * rate)
        return loss_to(before, evidence, "dWER", margin)


def margin_words(absolute: float | None, relative: float | None) -> str:
    """A margin as people say it: 0.5 points or 10 % of the original's."""
    parts = []
    if absolute is not None:
        parts.append(f"{shortest(100 * absolute)} points")
    if relative is not None:
        parts.append(f"{shortest(100 * relative)} % of the original's")
    return " or ".join(parts)
