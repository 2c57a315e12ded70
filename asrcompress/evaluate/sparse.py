"""What rare changes can show: a score test on the errors gained and lost.

Where two models differ in a handful of utterances, most resamples hold the same handful, and the
bootstrap is surer than it may be: with two more errors everywhere, no resample has fewer. Under
the hypothesis that is tested, though, a certain number of errors is expected, and with it a
variance. The score test takes the variance under the hypothesis, from counts of errors gained and
lost that fit it best (Tango, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design", Statistics in Medicine 17, 1998). Deviation: the counts
are fitted as Poisson's, for they are rare. With a margin of 0 it is McNemar's test.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, sqrt

import numpy as np
import numpy.typing as npt

from asrcompress.core.comparison import Interval

_CAP = 40.0  # a normal score whose p-value is 0 in double precision


@dataclass(frozen=True, slots=True)
class Changes:
    """Errors gained and lost by compression, summed over utterances, among so many words."""

    gained: int
    lost: int
    words: int

    @classmethod
    def of(cls, more: npt.NDArray[np.int64], words: int) -> Changes:
        """From how many more errors there are in each utterance."""
        return cls(int(more.clip(min=0).sum()), int((-more).clip(min=0).sum()), words)

    def p_within(self, margin: float) -> float:
        """One-sided p-value of `more than the margin`, an absolute WER."""
        from scipy.special import ndtr

        return float(ndtr(self._score(margin * self.words)))

    def p_beyond(self, margin: float) -> float:
        """One-sided p-value of `not more than the margin`, an absolute WER."""
        from scipy.special import ndtr

        return float(ndtr(-self._score(margin * self.words)))

    def bounds(self, level: float) -> tuple[float, float]:
        """The interval of dWER: all that the score test does not refuse."""
        from scipy.special import ndtri

        z = float(ndtri((1 + level) / 2))
        return self._margin_at(z) / self.words, self._margin_at(-z) / self.words

    def widened(self, interval: Interval) -> Interval:
        """An interval of the bootstrap, wherever the score test is more careful its bounds."""
        low, high = self.bounds(interval.level)
        return Interval(
            low=min(interval.low, low), high=max(interval.high, high), level=interval.level
        )

    def _score(self, expected: float) -> float:
        """Standard normal where `expected` more errors than before are expected."""
        away = self.gained - self.lost - expected
        half = (self.gained + self.lost - 2 * expected) / 4
        lost = half + sqrt(half * half + expected * self.lost / 2)
        variance = expected + 2 * lost - expected * expected / self.words
        if variance > 0:
            return away / sqrt(variance)
        return copysign(inf, away) if away else 0.0

    def _margin_at(self, score: float) -> float:
        from scipy.optimize import brentq

        here = float(self.gained - self.lost)
        step = -copysign(1.0, score)
        while abs(self._score(here + step)) < abs(score):
            step *= 2
        ends = sorted((here, here + step))
        return float(brentq(lambda expected: self._capped(expected) - score, *ends))

    def _capped(self, expected: float) -> float:
        """The score without infinities, which a root finder cannot use."""
        return max(-_CAP, min(_CAP, self._score(expected)))
