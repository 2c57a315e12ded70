"""Intervals and one-sided p-values from resampled values, corrected for few and uneven blocks.

The percentile interval of the bootstrap is too narrow with few blocks. Hesterberg's expanded
percentile interval ("What Teachers Should Know About the Bootstrap", The American Statistician 69,
2015) takes t * sqrt(n / (n - 1)) in place of the normal quantile, with t of n - 1 degrees of
freedom, so that it is as wide as a t interval. Two deviations, both measured to bring coverage
nearer to 95 %:

- n is Kish's effective number of blocks, for speakers who do not say equally much.
- Skewness: a tail is read at the bias-corrected accelerated quantile (Efron & Tibshirani, "An
  Introduction to the Bootstrap", 1993, equation 14.10, with z0 = a, as it is for a mean) where
  that widens the interval; it is never narrowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from asrcompress.core.comparison import Interval

LEVEL = 0.95
_FURTHEST_ACCELERATED = 3.0  # normal quantile; the formula's pole is near 6 at the largest skewness
_BEYOND = 10  # so many resamples lie beyond the last quantile that is read from them


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """A statistic with its resampled values in ascending order, and their standard deviation.

    block: what was resampled, speaker, source or utterance; blocks: how many there are.
    """

    block: str
    blocks: int
    estimate: float
    values: npt.NDArray[np.float64]
    deviation: float
    acceleration: float
    effective_blocks: float

    @property
    def standard_error(self) -> float:
        """The standard deviation of the values, made unbiased for the number of blocks."""
        return self.deviation * sqrt(self.effective_blocks / (self.effective_blocks - 1))

    def interval(self) -> Interval:
        """The 95 % interval."""
        from scipy.special import stdtrit

        t = float(stdtrit(self.effective_blocks - 1, (1 + LEVEL) / 2))
        low, high = self._quantile(self._normal(-t)), self._quantile(self._normal(t))
        return Interval(low=low, high=high, level=LEVEL)

    def p_within(self, margin: float) -> float:
        """One-sided p-value of `more than the margin`: 0.025 where the interval's end meets it."""
        from scipy.special import stdtr

        return float(stdtr(self.effective_blocks - 1, -self._student(self._place(margin))))

    def p_beyond(self, margin: float) -> float:
        """One-sided p-value of `not more than the margin`."""
        from scipy.special import stdtr

        return float(stdtr(self.effective_blocks - 1, self._student(self._place(margin))))

    def _normal(self, t: float) -> float:
        """Where a quantile of Student's t lies among the resamples, as a normal quantile."""
        z = t * sqrt(self.effective_blocks / (self.effective_blocks - 1))
        further = _accelerated(z, self.acceleration)
        return max(z, further) if z > 0 else min(z, further)

    def _student(self, z: float) -> float:
        """The inverse of `_normal`."""
        nearer = _decelerated(z, self.acceleration)
        nearer = max(0.0, min(z, nearer)) if z > 0 else min(0.0, max(z, nearer))
        return nearer * sqrt((self.effective_blocks - 1) / self.effective_blocks)

    @property
    def _reach(self) -> float:
        """The normal quantile beyond which there are too few resamples."""
        from scipy.special import ndtri

        return -float(ndtri(min(0.25, _BEYOND / len(self.values))))

    def _quantile(self, z: float) -> float:
        """The value at a normal quantile; out of the resamples' reach the tail goes on normally."""
        from scipy.special import ndtr

        within = min(self._reach, max(-self._reach, z))
        place = float(ndtr(within)) * (len(self.values) - 1)
        below = int(place)
        above = min(below + 1, len(self.values) - 1)
        step = float(self.values[above] - self.values[below])
        value = float(self.values[below]) + (place - below) * step
        return value if z == within else value + (z - within) * self.deviation

    def _place(self, value: float) -> float:
        """The inverse of `_quantile`: the last normal quantile whose value is not above `value`."""
        from scipy.special import ndtri

        if self.deviation == 0:
            return inf if value >= self.estimate else -inf
        reach, last = self._reach, len(self.values) - 1
        for edge in (-reach, reach):
            away = value - self._quantile(edge)
            if away * edge > 0:
                return edge + away / self.deviation
        above = int(np.searchsorted(self.values, value, side="right"))
        if above > last:
            return reach
        low, high = float(self.values[above - 1]), float(self.values[above])
        return min(reach, float(ndtri((above - 1 + (value - low) / (high - low)) / last)))


def _accelerated(z: float, a: float) -> float:
    within = min(_FURTHEST_ACCELERATED, max(-_FURTHEST_ACCELERATED, z))
    return a + (a + within) / (1 - a * (a + within)) + (z - within)


def _decelerated(z: float, a: float) -> float:
    """The inverse of `_accelerated`."""
    for edge in (-_FURTHEST_ACCELERATED, _FURTHEST_ACCELERATED):
        beyond = z - _accelerated(edge, a)
        if beyond * edge > 0:
            return edge + beyond
    return (z - a) / (1 + a * (z - a)) - a
