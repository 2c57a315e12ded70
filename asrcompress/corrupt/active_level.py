"""The active speech level: how loud speech is while somebody speaks (ITU-T P.56, method B)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asrcompress.corrupt.level import Floats, power

TIME_CONSTANT_S = 0.03  # P.56 (12/2011), table 1: T of the two smoothing filters
HANGOVER_S = 0.2  # ... H: speech goes on for this long after the envelope has fallen
MARGIN_DB = 15.9  # ... M: from the threshold to the active level
_BLOCK = 4096  # g^-4096 is 5000: far from the end of double precision, at 16 kHz
LOWEST_THRESHOLD = -24  # powers of two, from one step of 24 bits (P.56: of 16) to full scale


class ActiveLevel(NamedTuple):
    """The level in dB of full scale (mean square 1), and the share of time that is active."""

    level_db: float
    activity: float


def active_level(samples: Floats, sample_rate_hz: int) -> ActiveLevel | None:
    """The active speech level of (time,) samples in [-1, 1]; None where it is not defined.

    P.56 section 6 with thresholds c_j = 2^j: the activity count a_j is the time that the envelope
    q is at or above c_j, plus hangover. The level is A where A - C = 15.9 dB on the line through
    the neighbours (C_j, A_j), A_j = 10 log10(sum x^2 / a_j). It is undefined for silence and for
    clicks, whose envelope is never within 15.9 dB of such a level.
    """
    overall = power(samples)
    if overall == 0.0:
        return None
    overall_db = 10.0 * math.log10(overall)
    envelope = _envelope(samples, sample_rate_hz)
    hangover = math.ceil(HANGOVER_S * sample_rate_hz)
    below: tuple[float, float] | None = None  # A and A - C at the threshold before
    for exponent in range(_first_threshold(overall_db), 1):
        active = active_frames(envelope >= 2.0**exponent, hangover)
        if active == 0:
            return None
        level_db = overall_db + 10.0 * math.log10(len(samples) / active)
        over_db = level_db - exponent * 20.0 * math.log10(2.0)
        if over_db <= MARGIN_DB:
            found_db = _between(below, (level_db, over_db))
            return ActiveLevel(found_db, 10.0 ** ((overall_db - found_db) / 10.0))
        below = level_db, over_db
    return None


def active_snr_db(overall_snr_db: float, activity: float | None) -> float | None:
    """The SNR against the active level, from the one against the overall level."""
    return None if activity is None else overall_snr_db - 10.0 * math.log10(activity)


def active_frames(is_above: npt.NDArray[np.bool_], hangover: int) -> int:
    """The samples at which `is_above` holds, or did at one of the `hangover` samples before."""
    places = np.flatnonzero(is_above)
    if len(places) == 0:
        return 0
    gaps = np.diff(places, append=len(is_above))
    return int(np.minimum(gaps, hangover + 1).sum())


def _envelope(samples: Floats, sample_rate_hz: int) -> Floats:
    """P.56 section 6: |x| through two filters p_i = g p_(i-1) + (1 - g) |x_i|, in series."""
    g = math.exp(-1.0 / (sample_rate_hz * TIME_CONSTANT_S))
    blocks = -(-len(samples) // _BLOCK)
    found = np.zeros(blocks * _BLOCK)
    np.abs(samples, out=found[: len(samples)])
    smooth = _smoothed(_smoothed(found.reshape(blocks, _BLOCK), g), g)
    return smooth.reshape(-1)[: len(samples)]


def _smoothed(values: Floats, g: float) -> Floats:
    """p_i = g p_(i-1) + (1 - g) x_i along the rows of (blocks, time), one after the other.

    Within a row p_i = (1 - g) g^i sum_(k <= i) g^-k x_k; what came before adds g^(i+1) times its
    last value. (scipy's lfilter does the same; to load it takes longer than to level 500 files.)
    """
    powers = g ** np.arange(_BLOCK + 1)
    found = np.cumsum(values / powers[:-1], axis=1)
    found *= (1.0 - g) * powers[:-1]
    before, last = [], 0.0
    for end in found[:, -1].tolist():
        before.append(last)
        last = end + float(powers[-1]) * last
    found += np.multiply.outer(before, powers[1:])
    return found


def _first_threshold(overall_db: float) -> int:
    """The threshold before the first that can be within the margin.

    The active level is at least the overall one, so nothing below overall - 15.9 dB is.
    """
    lowest = math.floor((overall_db - MARGIN_DB) / (20.0 * math.log10(2.0)))
    return min(0, max(LOWEST_THRESHOLD, lowest))


def _between(below: tuple[float, float] | None, here: tuple[float, float]) -> float:
    """The level at which A - C is the margin, on the line between two thresholds."""
    if below is None:
        return here[0]
    part = (below[1] - MARGIN_DB) / (below[1] - here[1])
    return below[0] + part * (here[0] - below[0])
