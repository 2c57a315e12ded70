"""Compressed minus original on the same recordings, with its uncertainty."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict, Field


class Verdict(str, Enum):
    """May the compressed model replace the original, within a margin?"""

    NON_INFERIOR = "non-inferior"
    INFERIOR = "inferior"
    INCONCLUSIVE = "inconclusive"


class Interval(BaseModel):
    """A two-sided interval; both ends in the unit of the value it belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    level: float = 0.95


class Comparison(BaseModel):
    """dWER = WER(compressed) - WER(baseline), as a fraction, by a paired blocked bootstrap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline: str
    delta_wer: float
    interval: Interval
    probability_of_improvement: float = Field(description="Bisani & Ney 2004")
    margin: float
    block: str = Field(description="what was resampled: speaker, source or utterance")
    blocks: int
    replicates: int

    @property
    def verdict(self) -> Verdict:
        """Non-inferior up to the margin, inferior wholly beyond it, else inconclusive."""
        if self.interval.high <= self.margin:
            return Verdict.NON_INFERIOR
        if self.interval.low > self.margin:
            return Verdict.INFERIOR
        return Verdict.INCONCLUSIVE
