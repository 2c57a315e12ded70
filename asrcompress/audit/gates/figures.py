"""Figures of checks in words, the same in every rule."""

from __future__ import annotations

from asrcompress.core.comparison import Interval

_MEGA = 1e6


def percent(rate: float, digits: int = 2) -> str:
    """A rate as people write it: 3.20 %."""
    return f"{100 * rate:.{digits}f} %"


def points(difference: float, *, signed: bool = True) -> str:
    """A difference of rates: +0.41 points."""
    return f"{100 * difference:+.2f} points" if signed else f"{shortest(100 * difference)} points"


def percent_range(interval: Interval) -> str:
    """An interval of a rate: 2.9 to 3.6 %."""
    return f"{100 * interval.low:.2f} to {100 * interval.high:.2f} %"


def points_range(interval: Interval) -> str:
    """An interval of a difference: -0.10 to +0.90."""
    return f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"


def megabytes(size_bytes: float) -> str:
    """Bytes in MB (10^6 bytes)."""
    return f"{size_bytes / _MEGA:.2f} MB"


def times(ratio: float) -> str:
    """A ratio: 3.9x."""
    return f"{ratio:.3g}x"


def shortest(number: float) -> str:
    """A number with as many digits as it needs, at most four: 0.5, 12, 3.25."""
    return f"{number:.4g}"
