"""Audio in and out: one channel of float32 at the rate asked for."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from asrcompress.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

Samples = npt.NDArray[np.float32]
AudioFormat = Literal["flac", "flac16", "wav"]

_LOGGER = logging.getLogger(__name__)

SAMPLE_RATE_HZ = 16_000  # what wav2vec 2.0 and its kin are trained at
SUFFIXES = (".flac", ".wav", ".ogg", ".opus", ".mp3", ".oga", ".aiff", ".aif", ".au", ".w64")
_SUBTYPES = {"flac": ("FLAC", "PCM_24"), "flac16": ("FLAC", "PCM_16"), "wav": ("WAV", "FLOAT")}


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file's header says."""

    sample_rate_hz: int
    channels: int
    frames: int

    @property
    def duration_s(self) -> float:
        return self.frames / self.sample_rate_hz


def probe_audio(path: Path) -> AudioInfo:
    """The header of an audio file.

    Raises:
        InputError: there is no such file, or it is not audio that libsndfile reads.
    """
    import soundfile

    with _explained(path):
        info = soundfile.info(str(path))
    return AudioInfo(info.samplerate, info.channels, info.frames)


def read_audio(
    path: Path,
    *,
    offset_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
) -> Samples:
    """The samples of a file, (time,) float32, resampled with soxr.

    Several channels are averaged, with a warning.

    Raises:
        InputError: missing, unreadable, without samples, or with NaN or infinite samples.
    """
    import soundfile

    with _explained(path), soundfile.SoundFile(str(path)) as sound:
        start = round(offset_s * sound.samplerate)
        if start:
            sound.seek(min(start, sound.frames))
        wanted = -1 if duration_s is None else round(duration_s * sound.samplerate)
        frames = sound.read(frames=wanted, dtype="float32", always_2d=True)
        rate_hz = sound.samplerate
    if len(frames) == 0:
        raise InputError("audio without samples", where=path, next_step="remove it from the corpus")
    if frames.shape[1] > 1:
        _LOGGER.warning("%d channels averaged: %s", frames.shape[1], path)
    samples = frames.mean(axis=1, dtype=np.float32)
    if not np.isfinite(samples).all():
        raise InputError("audio with NaN or infinite samples", where=path)
    return resample(samples, rate_hz, sample_rate_hz)


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """(time,) float32 at another rate, soxr high quality."""
    if from_hz == to_hz:
        return samples
    import librosa

    resampled = librosa.resample(samples, orig_sr=from_hz, target_sr=to_hz, res_type="soxr_hq")
    return np.asarray(resampled, dtype=np.float32)


def write_audio(
    path: Path,
    samples: Samples,
    *,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
    kind: AudioFormat = "flac",
) -> None:
    """Write (time,) float32: 24-bit FLAC, 16-bit FLAC or float WAV.

    Raises:
        OutputError: it cannot be written, a sample beyond +-1 would be clipped, or is NaN.
    """
    import soundfile

    container, subtype = _SUBTYPES[kind]
    peak = float(np.max(np.abs(samples), initial=0.0))
    if not np.isfinite(peak):
        raise OutputError("NaN or infinite samples", where=path)
    if kind != "wav" and peak > 1.0:
        raise OutputError("audio would clip", where=path, got=f"peak {peak:.3f}", expected="<= 1")
    try:
        soundfile.write(str(path), samples, sample_rate_hz, format=container, subtype=subtype)
    except (OSError, soundfile.SoundFileError) as error:
        raise OutputError("cannot write audio", where=path, got=error) from None


def suffix_of(kind: AudioFormat) -> str:
    """The file name ending of an output format."""
    return ".wav" if kind == "wav" else ".flac"


def audio_files(folder: Path) -> Iterator[Path]:
    """All audio files under a folder by their endings, sorted by relative path; no hidden ones."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
        if path.name.startswith("."):  # macOS writes ._name.wav beside name.wav: not audio
            continue
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield path


class _explained:  # noqa: N801 - reads as a phrase at the call
    """Turns libsndfile's errors into one line that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        if not self._path.is_file():
            raise InputError("no such audio file", where=self._path)
        if not os.access(self._path, os.R_OK):
            raise InputError("cannot read audio file", where=self._path, got="no permission")
        if self._path.stat().st_size == 0:
            raise InputError("empty audio file", where=self._path, got="0 bytes")

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        import soundfile

        if isinstance(error, soundfile.SoundFileError | OSError):
            raise InputError(
                "not readable as audio", where=self._path, got=_cause(error), expected=_EXPECTED
            ) from None


_EXPECTED = "WAV, FLAC, Ogg Vorbis or Opus, MP3"


def _cause(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1]
