"""One file of a corrupted corpus, checked against its manifest row and its original."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, AudioFormat, Samples, read_audio
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file
from asrcompress.corrupt.active_level import active_level, active_snr_db
from asrcompress.corrupt.chain import MEASURED_IN_FILE, corrupt
from asrcompress.corrupt.level import snr_db
from asrcompress.corrupt.sources import Libraries
from asrcompress.corrupt.writing import HASH_COLUMN, TOLERANCE_DB, lifted

FULL_SCALE = 1.0 - 2.0**-15  # the largest code of 16 bits: what clipping leaves
_ROUNDING_S = 1e-6  # durations are written with six decimals
# How far a sample may be from the one made again: one step of the format, 24 bits for floats.
_STEP: dict[AudioFormat, float] = {"flac": 2.0**-23, "flac16": 2.0**-15, "wav": 2.0**-23}


@dataclass(frozen=True, slots=True)
class Place:
    """A condition's folder; with `libraries`, its files can be made again from the originals."""

    folder: Path
    condition: Condition
    audio_format: AudioFormat
    libraries: Libraries | None = None


@dataclass(slots=True)
class FileCheck:
    """What was found of one file: its faults, and what was measured."""

    name: str
    faults: list[str] = field(default_factory=list)
    clipped: int = 0
    snr_error_db: float | None = None


def check_file(place: Place, row: dict[str, Any], original: Utterance | None) -> FileCheck:
    """The file of a manifest row: its bytes, samples and duration, and its SNR.

    Without the original the SNR is the one recorded; with it, it is measured anew.
    """
    name = str(row.get("audio_filepath"))
    check = FileCheck(f"{place.condition.name}/{name}")
    path = place.folder / name
    if not path.resolve().is_relative_to(place.folder.resolve()):
        check.faults.append("outside its folder")
        return check
    try:
        if sha256_of_file(path) != row.get(HASH_COLUMN):
            check.faults.append("its bytes are not those written")
        written = read_audio(path)
        _check_samples(check, written, row, place.condition)
        _check_recorded_snr(check, row, place)
        if original is not None:
            _check_with_original(check, written, row, place, original)
    except InputError as error:
        check.faults.append(str(error))
    return check


def _check_samples(
    check: FileCheck, written: Samples, row: dict[str, Any], condition: Condition
) -> None:
    recorded_s = row.get("duration")
    found_s = len(written) / SAMPLE_RATE_HZ
    if not isinstance(recorded_s, float | int) or abs(found_s - recorded_s) > _ROUNDING_S:
        check.faults.append(f"lasts {found_s:.6f} s, recorded {recorded_s}")
    check.clipped = int(np.count_nonzero(np.abs(written) >= FULL_SCALE))
    if check.clipped and not condition.is_clean:
        check.faults.append(f"{check.clipped} clipped samples")


def _check_recorded_snr(check: FileCheck, row: dict[str, Any], place: Place) -> None:
    asked = _asked(place.condition)
    if asked is None:
        return
    asked_db, reference = asked
    found = row.get("achieved_active_snr_db" if reference == "active" else "achieved_snr_db")
    if not isinstance(found, float | int):
        check.faults.append("no achieved SNR recorded")
    else:
        _note_snr(check, float(found), asked_db, place)


def _check_with_original(
    check: FileCheck,
    written: Samples,
    row: dict[str, Any],
    place: Place,
    original: Utterance,
) -> None:
    samples = original.audio()
    asked = _asked(place.condition)
    if asked and len(place.condition.steps) == 1:
        found_db = _measured_snr(samples, written, row, asked[1])
        if found_db is None:
            check.faults.append("no noise, or no active speech, in it")
        else:
            _note_snr(check, found_db, asked[0], place)
    if place.libraries is not None:
        _check_made_again(check, written, place, original, samples)


def _measured_snr(
    samples: Samples, written: Samples, row: dict[str, Any], reference: str
) -> float | None:
    """The SNR of a noisy file from it, its original and the scale alone; no effect's code."""
    scale = row.get("scale")
    if not isinstance(scale, float | int) or len(samples) != len(written):
        return None
    speech = scale * samples.astype(np.float64)
    overall_db = snr_db(speech, written - speech)
    if reference == "overall":
        return overall_db
    active = active_level(samples.astype(np.float64), SAMPLE_RATE_HZ)
    return active_snr_db(overall_db, active.activity) if active else None


def _check_made_again(
    check: FileCheck, written: Samples, place: Place, original: Utterance, samples: Samples
) -> None:
    if place.libraries is None:
        return
    made = lifted(corrupt(original, samples, place.condition, place.libraries), place.audio_format)
    expected = made.samples
    if len(expected) != len(written):
        check.faults.append(f"{len(written)} samples, made again {len(expected)}")
        return
    apart = float(np.max(np.abs(expected - written), initial=0.0))
    if apart > _STEP[place.audio_format]:
        check.faults.append(f"up to {apart:.2g} from what the originals give")
    asked, achieved = _asked(place.condition), made.achieved(written)
    found_db = achieved.against(asked[1]) if asked and achieved else None
    if asked and found_db is not None and made.record["achieved_snr_in"] == MEASURED_IN_FILE:
        _note_snr(check, found_db, asked[0], place)


def _note_snr(check: FileCheck, found_db: float, asked_db: float, place: Place) -> None:
    """Keeps the largest error, and is a fault beyond the tolerance."""
    error_db = abs(found_db - asked_db)
    check.snr_error_db = max(error_db, check.snr_error_db or 0.0)
    if error_db > TOLERANCE_DB[place.audio_format]:
        check.faults.append(f"SNR of {found_db:.4f} dB, asked for {asked_db:g}")


def _asked(condition: Condition) -> tuple[float, str] | None:
    """The SNR in dB that a condition asks for, and its reference."""
    for step in condition.steps:
        if step.effect == "noise":
            return float(step.params["snr_db"]), str(step.params.get("reference", "overall"))
    return None
