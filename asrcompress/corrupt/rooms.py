"""The class of a room, by what an impulse response's library says or by its reverberation time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePath

from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of

ROOM_CLASSES = ("small", "medium", "large")
UNKNOWN_CLASS = "unknown"
CLASS_COLUMNS = ("room_class", "room_size", "size", "class")

# The REVERB challenge 2014's small, medium and large rooms have RT60s of 0.25, 0.5 and 0.7 s;
# the limits lie half-way. Only for a response that nothing else classifies.
_SMALL_BELOW_S, _MEDIUM_BELOW_S = 0.375, 0.6

_FOLDER = re.compile(r"(small|medium|large)[-_ ]?(?:rooms?)?", re.IGNORECASE)
_RVB2014 = re.compile(r"RVB2014_.*?(small|medium|large)room", re.IGNORECASE)

# OpenSLR 28 keeps both sorts in one folder: RVB2014_type1_rir_*, RVB2014_type1_noise_*,
# RWCP_type1_rir_*, RWCP_type5_noise_*, and responses only in air_type1_air_*.
_OPENSLR_RESPONSE = re.compile(r"(?:(?:RVB2014|RWCP)_type\d+_rir|air_type\d+_air)_.+", re.I)
_OPENSLR_NOISE = re.compile(r"(?:RVB2014|RWCP)_type\d+_noise_.+", re.I)
# The DNS challenge ships OpenSLR 26 and 28 in impulse_responses/, beside its noise_fullband/.
_RESPONSE_FOLDER = re.compile(r"impulse_responses|simulated_rirs(?:_\d+k)?", re.I)
_NOISE_FOLDER = re.compile(r"noise_fullband|pointsource_noises", re.I)


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


def is_class_name(folder: str) -> bool:
    """Whether a folder's name is that of a room class: `small`, `mediumroom`, `Large Rooms`."""
    return _FOLDER.fullmatch(folder) is not None


def is_response_path(file: PurePath) -> bool:
    """Whether OpenSLR 26 and 28 or the DNS challenge keep or name an impulse response so."""
    return _is_of(file, _OPENSLR_RESPONSE, _RESPONSE_FOLDER) and not is_noise_path(file)


def is_noise_path(file: PurePath) -> bool:
    """Whether OpenSLR 28 or the DNS challenge keep or name a noise so."""
    return _is_of(file, _OPENSLR_NOISE, _NOISE_FOLDER)


def _is_of(file: PurePath, name: re.Pattern[str], folder: re.Pattern[str]) -> bool:
    in_folder = any(folder.fullmatch(part) for part in file.parent.parts)
    return in_folder or name.fullmatch(file.name) is not None


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
