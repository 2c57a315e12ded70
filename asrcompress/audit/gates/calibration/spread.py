"""Limits of speed and memory from how much they vary between runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt

import numpy as np

ENOUGH_RUNS = 3  # for their own spread to say how far the next one may be
CHANCE = 0.05  # of the next run lying beyond


def lowest_next(values: Sequence[float], room: float) -> float:
    """What the next run of the same will hardly be below.

    From three runs on the end of a one-sided prediction interval (Student's t on logarithms, for
    ratios multiply); with fewer, `room` below the lowest. Never above the lowest seen.
    """
    if len(values) < ENOUGH_RUNS:
        return min(values) * (1 - room)
    return min(min(values), exp(_mean(values) - _away(values)))


def highest_next(values: Sequence[float], room: float) -> float:
    """What the next run of the same will hardly be above, likewise."""
    if len(values) < ENOUGH_RUNS:
        return max(values) * (1 + room)
    return max(max(values), exp(_mean(values) + _away(values)))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(np.log(values)))


def _away(values: Sequence[float]) -> float:
    """How far the next logarithm may be from the mean of these."""
    from scipy.special import stdtrit

    logarithms = [log(value) for value in values]
    t = float(stdtrit(len(values) - 1, 1 - CHANCE))
    return t * float(np.std(logarithms, ddof=1)) * sqrt(1 + 1 / len(values))
