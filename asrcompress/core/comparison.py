"""Compressed minus original on the same recordings, with its uncertainty."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict, Field


class Verdict(str, Enum):
    """May the compressed model replace the original, within a margin?"""

    NON_INFERIOR = "non-inferior"
    INFERIOR = "inferior"
    INCONCLUSIVE = "inconclusive"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Model):
    """A two-sided interval; both ends in the unit of the value it belongs to."""

    low: float
    high: float
    level: float = 0.95


class Mapsswe(_Model):
    """The matched-pairs sentence-segment word error test, as NIST's sc_stats does it."""

    segments: int = Field(description="stretches where at least one of the two made an error")
    mean_difference: float = Field(description="errors per segment, compressed minus baseline")
    p_value: float = Field(description="two-sided, of no difference")


class Interaction(_Model):
    """Does compression cost more here than under the reference condition?

    (compressed - baseline) here minus (compressed - baseline) under `reference`, in WER.
    """

    reference: str = Field(description="the condition it is held against, usually clean")
    delta_wer: float
    interval: Interval


class Comparison(_Model):
    """dWER = WER(compressed) - WER(baseline), as a fraction, by a paired blocked bootstrap.

    Interval and p-values are widened for few and uneven blocks, and where few utterances differ
    they are those of a score test on the errors gained and lost. The two p-values are one-sided,
    of "worse by more than the margin" (p_non_inferior) and of "not worse than the margin"
    (p_inferior): at most 0.025 exactly where the interval ends within the margin, or begins beyond
    it. The adjusted ones are Holm's over all `tests` cells of the results. The verdict is read
    from these, so that it holds for all cells together; the interval is the cell's own.
    """

    baseline: str
    delta_wer: float
    interval: Interval
    standard_error: float = Field(description="the bootstrap's, in WER")
    probability_of_improvement: float = Field(description="Bisani & Ney 2004")
    margin: float
    p_non_inferior: float
    p_inferior: float
    adjusted_p_non_inferior: float
    adjusted_p_inferior: float
    tests: int = Field(default=1, description="how many cells were adjusted for")
    smallest_detectable: float = Field(
        description="the loss that these recordings would tell from 0 with a power of 80 %: "
        "(t of 0.975 + t of 0.8) standard errors, and never below about eight errors"
    )
    mapsswe: Mapsswe | None = None
    interaction: Interaction | None = None
    block: str = Field(description="what was resampled: speaker, source or utterance")
    blocks: int
    replicates: int

    @property
    def verdict(self) -> Verdict:
        """Non-inferior, inferior, or neither shown, at the interval's level over all cells."""
        tail = (1 - self.interval.level) / 2 + 1e-12  # 0.025 is not exact in binary
        if self.adjusted_p_non_inferior <= tail:
            return Verdict.NON_INFERIOR
        if self.adjusted_p_inferior <= tail:
            return Verdict.INFERIOR
        return Verdict.INCONCLUSIVE
