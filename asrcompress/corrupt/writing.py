"""One corrupted recording as a file: written, read back, measured, described."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from asrcompress.core.audio import (
    SAMPLE_RATE_HZ,
    AudioFormat,
    read_audio,
    suffix_of,
    write_audio,
)
from asrcompress.core.condition import SOURCE_COLUMN
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file
from asrcompress.corrupt.corrupted import Corrupted

AUDIO_FOLDER = "audio"
HASH_COLUMN = "audio_sha256"
TOLERANCE_DB: dict[AudioFormat, float] = {"flac": 0.01, "wav": 0.01, "flac16": 0.05}
_ROUNDING_POWER = {bits: 4.0 ** (1 - bits) / 12.0 for bits in (16, 24)}  # a step's square / 12
_BITS: dict[AudioFormat, int | None] = {"flac": 24, "flac16": 16, "wav": None}
_FULLEST = 0.999


def write_recording(
    folder: Path, name: str, utterance: Utterance, corrupted: Corrupted, kind: AudioFormat
) -> dict[str, Any]:
    """Writes `folder/audio/name` and returns its manifest row, but for the source.

    Raises:
        InputError: the SNR of the file as it is read back is not the one asked for.
        OutputError: it cannot be written.
    """
    relative = Path(AUDIO_FOLDER) / (name + suffix_of(kind))
    path = folder / relative
    loud = lifted(corrupted, kind)
    samples = loud.samples
    write_audio(path, samples, kind=kind)
    record = {**_measured(loud, path, kind), HASH_COLUMN: sha256_of_file(path)}
    return _row(utterance, relative, len(samples), record)


def lifted(corrupted: Corrupted, kind: AudioFormat) -> Corrupted:
    """The same, doubled as often as its noise needs to stand out of the format's rounding.

    Rounding adds its own power to the noise's. Where that alone would take the SNR beyond a fifth
    of the tolerance, the mixture is scaled up, as far as it does not clip. Doubling keeps all
    digits, and recordings of one level mostly get one factor.
    """
    bits, noise_power = _BITS[kind], corrupted.noise_power
    if bits is None or not noise_power:
        return corrupted
    part = 10.0 ** (TOLERANCE_DB[kind] / 5.0 / 10.0) - 1.0
    wanted = _ROUNDING_POWER[bits] / part / noise_power
    if wanted <= 1.0:
        return corrupted
    peak = float(np.abs(corrupted.samples).max())
    doublings = min(math.ceil(math.log2(wanted) / 2.0), math.floor(math.log2(_FULLEST / peak)))
    return corrupted.scaled_by(2.0**doublings) if doublings > 0 else corrupted


def source_of(utterance: Utterance, folder: Path) -> str:
    """The recording that the utterance is from, the same for all its segments.

    A corpus that was corrupted before says it itself.
    """
    given = utterance.fields.get(SOURCE_COLUMN)
    if given not in (None, ""):
        return str(given)
    path = utterance.path.absolute()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def _measured(corrupted: Corrupted, path: Path, kind: AudioFormat) -> dict[str, Any]:
    """The record with the SNRs of the file as it is read back."""
    if corrupted.noise_power is None:
        return corrupted.record
    achieved = corrupted.achieved(read_audio(path))
    asked_db = corrupted.record["snr_db"]
    found_db = achieved and achieved.against(corrupted.record["snr_reference"])
    if achieved is None or found_db is None or abs(found_db - asked_db) > TOLERANCE_DB[kind]:
        path.unlink()
        raise InputError(
            "SNR out of reach in this audio format",
            where=path.name,
            got=f"{found_db} dB",
            expected=f"{asked_db} dB within {TOLERANCE_DB[kind]}",
            next_step="use 24-bit FLAC or WAV, or leave the recording out",
        )
    return {**corrupted.record, **achieved.as_json()}


def _row(
    utterance: Utterance, relative: Path, frames: int, record: dict[str, Any]
) -> dict[str, Any]:
    """A NeMo manifest row; a column of the source gives way to one of ours of the same name."""
    texts = {"text": utterance.text, "speaker": utterance.speaker}
    return {
        "audio_filepath": relative.as_posix(),
        **{name: text for name, text in texts.items() if text is not None},
        "duration": round(frames / SAMPLE_RATE_HZ, 6),
        "id": utterance.id,
        **{name: value for name, value in utterance.fields.items() if name not in _OUR_COLUMNS},
        **record,
    }


_OUR_COLUMNS = frozenset({"audio_filepath", "text", "duration", "offset", "speaker", "id"})
