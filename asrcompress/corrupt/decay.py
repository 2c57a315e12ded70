"""What is measured of an impulse response: its reverberation time and its direct sound."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from asrcompress.corrupt.level import Floats

# ISO 3382-2 prefers the range of 20 dB from 5 dB below the start: it is what is heard of a room,
# and the floor hides it last. The noise must begin 5 dB below its lower end.
_HEADROOM_DB = 5.0
_RANGE_DB = 20.0

# Lundeby et al. 1995: blocks of 10-50 ms at first, then 3-10 to 10 dB of decay; lines
# fitted from 5-10 dB above the floor on, the late one over 10-20 dB; the floor taken 5-10 dB of
# decay behind the crossing, and over a tenth of the response at least; 5 rounds.
_FIRST_BLOCK_S = 0.010
_BLOCKS_TO_10_DB = 5
_ABOVE_FLOOR_DB = 7.5
_LATE_RANGE_DB = 20.0
_BEHIND_CROSSING_DB = 7.5
_LEAST_FLOOR = 0.1
_ROUNDS = 5

# The direct sound: the peak and 2.5 ms to either side (Zahorik 2002), before most reflections.
DIRECT_S = 0.0025


class _Decay(NamedTuple):
    """The straight line of a decay in dB, and where it meets the noise floor."""

    level_db: float  # at time 0
    slope_db: float  # per frame, below 0
    floor: float  # power
    crossing: int  # frame

    def power_at(self, frame: float) -> float:
        return float(10.0 ** ((self.level_db + self.slope_db * frame) / 10.0))


def measure_rt60(response: Floats, sample_rate_hz: int) -> float | None:
    """RT60 in s of (time,) samples: T20 of Schroeder's backward integral (1965).

    The integral ends where the decay meets the noise floor (Lundeby, Vigran, Bietz & Vorlaender
    1995), the floor's power is taken off before (Chu 1978), and the energy of the decay that is
    cut off is put back (ISO 3382-1): Guski & Vorlaender 2014 found this the least biased.
    None where the noise leaves less than the range from -5 to -25 dB and 5 dB below it.
    """
    energy = np.square(response[int(np.argmax(np.abs(response))) :], dtype=np.float64)
    energy = np.trim_zeros(energy, "b")
    decay = _find_decay(energy, sample_rate_hz)
    if decay is None:
        return None
    heard = energy[: decay.crossing] - decay.floor
    cut_off = decay.power_at(decay.crossing) / (-decay.slope_db * math.log(10) / 10)
    integral = np.cumsum(heard[::-1])[::-1] + cut_off
    if cut_off > integral[0] * 10 ** (-(2 * _HEADROOM_DB + _RANGE_DB) / 10):
        return None
    decay_db = 10 * np.log10(np.maximum(integral / integral[0], 1e-30))
    begin = int(np.argmax(decay_db <= -_HEADROOM_DB))
    end = int(np.argmax(decay_db <= -_HEADROOM_DB - _RANGE_DB))
    line = _fit(np.arange(begin, end, dtype=np.float64), decay_db[begin:end])
    return None if line is None else -60.0 / (line[1] * sample_rate_hz)


def measure_drr_db(response: Floats, sample_rate_hz: int) -> float | None:
    """The direct-to-reverberant ratio in dB: the peak within 2.5 ms over all that follows.

    None for a response without reverberation or without sound.
    """
    energy = np.square(response, dtype=np.float64)
    peak = int(np.argmax(energy)) if len(energy) else 0
    reach = round(DIRECT_S * sample_rate_hz)
    direct = float(energy[max(0, peak - reach) : peak + reach + 1].sum())
    rest = float(energy[peak + reach + 1 :].sum())
    return 10.0 * math.log10(direct / rest) if direct and rest else None


def _find_decay(energy: Floats, sample_rate_hz: int) -> _Decay | None:
    """Lundeby's rounds; None where nothing falls towards a floor."""
    floor = _floor(energy, len(energy))
    decay = _fit_blocks(energy, round(_FIRST_BLOCK_S * sample_rate_hz), floor, math.inf)
    for _ in range(_ROUNDS):
        if decay is None:
            return None
        floor = _floor(energy, decay.crossing + round(_BEHIND_CROSSING_DB / -decay.slope_db))
        block = max(1, round(10.0 / -decay.slope_db / _BLOCKS_TO_10_DB))
        better = _fit_blocks(energy[: decay.crossing], block, floor, _LATE_RANGE_DB)
        if better is None:
            break
        settled = abs(better.crossing - decay.crossing) < block
        decay = better._replace(crossing=min(better.crossing, len(energy)))
        if settled:
            break
    return decay


def _floor(energy: Floats, begin: int) -> float:
    """The mean power from a frame on, and of the last tenth at least."""
    begin = min(begin, int(len(energy) * (1 - _LEAST_FLOOR)))
    return float(np.mean(energy[begin:])) if len(energy) else 0.0


def _fit_blocks(energy: Floats, block: int, floor: float, range_db: float) -> _Decay | None:
    """The line through the blocks' levels down to just above the floor."""
    count = len(energy) // block
    if count < 2 or floor <= 0:
        return None
    means = energy[: count * block].reshape(count, block).mean(axis=1)
    levels_db = 10 * np.log10(np.maximum(means, 1e-300))
    floor_db = 10 * math.log10(floor)
    buried = np.flatnonzero(levels_db < floor_db + _ABOVE_FLOOR_DB)
    end = int(buried[0]) if len(buried) else count
    high = np.flatnonzero(levels_db[:end] > floor_db + _ABOVE_FLOOR_DB + range_db)
    begin = int(high[-1]) if len(high) else 0
    line = _fit((np.arange(begin, end) + 0.5) * block, levels_db[begin:end])
    if line is None:
        return None
    return _Decay(line[0], line[1], floor, max(1, round((floor_db - line[0]) / line[1])))


def _fit(frames: Floats, levels_db: Floats) -> tuple[float, float] | None:
    """Level at time 0 and slope per frame; None unless it falls."""
    if len(frames) < 2:
        return None
    slope, level = np.polyfit(frames, levels_db, 1)
    return (float(level), float(slope)) if slope < 0 else None
