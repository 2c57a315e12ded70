"""Rooms: the class of an impulse response, its RT60, and simulated responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import PurePath

import numpy as np

from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of
from asrcompress.core.seeds import generator_for
from asrcompress.corrupt.level import Floats

ROOM_CLASSES = ("small", "medium", "large")
UNKNOWN_CLASS = "unknown"
CLASS_COLUMNS = ("room_class", "room_size", "size", "class")

# The REVERB challenge 2014's small, medium and large rooms have RT60s of 0.25, 0.5 and 0.7 s;
# the limits lie half-way. Only for a response that nothing else classifies.
_SMALL_BELOW_S, _MEDIUM_BELOW_S = 0.375, 0.6

_FOLDER = re.compile(r"(small|medium|large)[-_ ]?(?:rooms?)?", re.IGNORECASE)
_RVB2014 = re.compile(r"RVB2014_.*?(small|medium|large)room", re.IGNORECASE)

_HEADROOM_DB = 5.0  # the decay is fitted from 5 dB below its start, and ends 5 dB above the floor
_WINDOW_S = 0.010  # the energy is smoothed over 10 ms to find where the noise floor begins

# Ko et al. 2017 (OpenSLR 28): edges of small rooms 1-10 m, of medium ones 10-30 m, heights 2-5 m,
# absorption 0.2-0.8, both uniform. Images to order 40: the first 100 ms and more are complete.
SIMULATED_EDGES_M = {"small": (1.0, 10.0), "medium": (10.0, 30.0)}
SIMULATED_ROOMS = 16
_HEIGHTS_M = (2.0, 5.0)
_ABSORPTION = (0.2, 0.8)
_IMAGE_ORDER = 40
_BANK_SEED = 0


def room_class(
    file: PurePath, row: Mapping[str, str], measure_rt60: Callable[[], float | None]
) -> str:
    """The class of a response by its manifest row, folder, file name, or measured RT60.

    Raises:
        InputError: the manifest names a class that there is not.
    """
    named = next((row[column] for column in CLASS_COLUMNS if row.get(column)), None)
    if named is not None:
        return _class_named(named, file)
    for folder in reversed(file.parent.parts):
        if match := _FOLDER.fullmatch(folder):
            return match[1].lower()
    if match := _RVB2014.match(file.name):
        return match[1].lower()
    return class_of_rt60(measure_rt60())


def class_of_rt60(rt60_s: float | None) -> str:
    """The room class that a reverberation time suggests; unknown where there is none."""
    if rt60_s is None:
        return UNKNOWN_CLASS
    if rt60_s < _SMALL_BELOW_S:
        return "small"
    return "medium" if rt60_s < _MEDIUM_BELOW_S else "large"


def measure_rt60(response: Floats, sample_rate_hz: int) -> float | None:
    """RT60 in s by Schroeder's backward integration (1965): T30, or T20 where noise hides T30.

    None where less than 20 dB of the decay stand clear of the noise floor.
    """
    tail = np.square(response[int(np.argmax(np.abs(response))) :], dtype=np.float64)
    clear = tail[: _floor_begins(tail, round(_WINDOW_S * sample_rate_hz))]
    energy = np.cumsum(clear[::-1])[::-1]
    if len(energy) < 2 or energy[0] <= 0:
        return None
    decay_db = 10 * np.log10(np.maximum(energy / energy[0], 1e-30))
    range_db = _clear_range_db(tail, round(_WINDOW_S * sample_rate_hz))
    for span_db in (30.0, 20.0):
        if range_db >= span_db + 2 * _HEADROOM_DB:
            return _decay_time_s(decay_db, span_db, sample_rate_hz)
    return None


def _decay_time_s(decay_db: Floats, span_db: float, sample_rate_hz: int) -> float | None:
    """60 dB over the slope of a line fitted from -5 dB to -5 - span dB."""
    fitted = (decay_db <= -_HEADROOM_DB) & (decay_db >= -_HEADROOM_DB - span_db)
    places = np.flatnonzero(fitted)
    if len(places) < 2:
        return None
    slope_db = float(np.polyfit(places / sample_rate_hz, decay_db[places], 1)[0])
    return -60.0 / slope_db if slope_db < 0 else None


def _smoothed(energy: Floats, window: int) -> Floats:
    whole = len(energy) // window * window
    return np.asarray(energy[:whole].reshape(-1, window).mean(axis=1))


def _floor(energy: Floats) -> float:
    """The noise floor's power: the mean of the last tenth."""
    return float(np.mean(energy[-max(1, len(energy) // 10) :]))


def _floor_begins(energy: Floats, window: int) -> int:
    limit = _floor(energy) * 10 ** (_HEADROOM_DB / 10)
    buried = np.flatnonzero(_smoothed(energy, window) < limit)
    return int(buried[0]) * window if len(buried) else len(energy)


def _clear_range_db(energy: Floats, window: int) -> float:
    smoothed = _smoothed(energy, window)
    if not len(smoothed):
        return 0.0
    floor = _floor(energy)
    return 10 * float(np.log10(smoothed[0] / floor)) if floor else np.inf


def _class_named(name: str, file: PurePath) -> str:
    match = _FOLDER.fullmatch(name.strip())
    if match is None:
        raise InputError(
            "unknown room class",
            where=f"{file} in the manifest",
            got=repr(name),
            expected=expected_one_of(name, ROOM_CLASSES),
        )
    return match[1].lower()


@lru_cache(maxsize=2 * SIMULATED_ROOMS)
def simulate_response(kind: str, number: int, sample_rate_hz: int) -> Floats:
    """Response `number` of the simulated rooms of a class, (time,) float64, by image sources.

    Allen & Berkley 1979, by pyroomacoustics: a shoe box with one absorption on all walls, talker
    and microphone anywhere in it. The same number gives the same room on every call.
    """
    import pyroomacoustics

    generator = generator_for(_BANK_SEED, "simulated room", kind, number)
    low_m, high_m = SIMULATED_EDGES_M[kind]
    size_m = np.append(generator.uniform(low_m, high_m, 2), generator.uniform(*_HEIGHTS_M))
    absorption = float(generator.uniform(*_ABSORPTION))
    threads = pyroomacoustics.constants.get("num_threads")
    pyroomacoustics.constants.set("num_threads", 1)  # the sum's order, and so its rounding
    try:
        room = pyroomacoustics.ShoeBox(
            size_m,
            fs=sample_rate_hz,
            materials=pyroomacoustics.Material(absorption),
            max_order=_IMAGE_ORDER,
        )
        room.add_source(size_m * generator.uniform(0.2, 0.8, 3))
        room.add_microphone(size_m * generator.uniform(0.2, 0.8, 3))
        room.compute_rir()
    finally:
        pyroomacoustics.constants.set("num_threads", threads)
    return np.asarray(room.rir[0][0], dtype=np.float64)
