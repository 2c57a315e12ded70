"""Audio in and out: one channel of float32 at the rate asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from asrcompress.core.audio_stream import WHOLE, Span, opened
from asrcompress.core.errors import OutputError
from asrcompress.core.resampling import (
    Samples as Samples,
)
from asrcompress.core.resampling import (
    resampled,
    resampled_length,
    window_frames,
    windowed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AudioFormat = Literal["flac", "flac16", "wav"]

SAMPLE_RATE_HZ = 16_000  # what wav2vec 2.0 and its kin are trained at
SUFFIXES = (".flac", ".wav", ".ogg", ".opus", ".mp3", ".oga", ".aiff", ".aif", ".au", ".w64")
UNREADABLE_SUFFIXES = (".m4a", ".mp4", ".aac", ".wma", ".webm", ".amr", ".3gp")  # audio, too
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
    """The header of an audio file; its frames are counted where the header leaves them open.

    Raises:
        InputError: there is no such file, or it is not audio that libsndfile reads.
    """
    with opened(path) as sound:
        return AudioInfo(sound.sample_rate_hz, sound.channels, sound.frames)


def read_audio(
    path: Path,
    *,
    offset_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
) -> Samples:
    """The samples of a file, (time,) float32, resampled with soxr.

    Several channels are averaged, with a warning. Memory: the result and one block.

    Raises:
        InputError: as `read_span`.
    """
    return read_span(path, Span(offset_s, duration_s), sample_rate_hz)


def read_span(path: Path, span: Span, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """The samples of a part of a file, of one channel or of the mean of all, (time,) float32.

    Raises:
        InputError: missing, unreadable, cut short, damaged, without samples or such a channel,
            or with NaN or infinite samples.
    """
    with opened(path) as sound:
        frames = sound.frames_in(span)
        samples = np.empty(
            resampled_length(frames, sound.sample_rate_hz, sample_rate_hz), np.float32
        )
        end = 0
        for block in resampled(sound.blocks(span), sound.sample_rate_hz, sample_rate_hz):
            samples[end : end + len(block)] = block
            end += len(block)
    return samples[:end]


def read_chunks(
    path: Path,
    *,
    chunk_s: float,
    overlap_s: float,
    span: Span = WHOLE,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
) -> Iterator[tuple[float, Samples]]:
    """Overlapping chunks of what `read_span` gives, each with its start in seconds from the span's.

    The samples are those of a slice, bit for bit. Memory holds one chunk and one block, however
    long the recording is. The last chunk can be shorter; none lies wholly in the one before it.

    Raises:
        InputError: as `read_span`; damage that comes late is found after the earlier chunks.
    """
    window, overlap = window_frames(chunk_s, overlap_s, sample_rate_hz)
    with opened(path) as sound:
        blocks = resampled(sound.blocks(span), sound.sample_rate_hz, sample_rate_hz)
        for start, samples in windowed(blocks, window, overlap):
            yield start / sample_rate_hz, samples


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """(time,) float32 at another rate, soxr high quality."""
    if from_hz == to_hz:
        return samples
    import librosa

    converted = librosa.resample(samples, orig_sr=from_hz, target_sr=to_hz, res_type="soxr_hq")
    return np.asarray(converted, dtype=np.float32)


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


def audio_files(folder: Path, suffixes: Sequence[str] = SUFFIXES) -> Iterator[Path]:
    """All audio files under a folder by their endings, sorted by relative path; no hidden ones."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
        if _is_audio_name(path.name, suffixes) and path.is_file():
            yield path


def has_audio_files(folder: Path) -> bool:
    """True where `audio_files` gives any; it stops at the first."""
    return any(
        _is_audio_name(name) for _, _, names in os.walk(folder, followlinks=False) for name in names
    )


def _is_audio_name(name: str, suffixes: Sequence[str] = SUFFIXES) -> bool:
    # macOS writes ._name.wav beside name.wav: not audio
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes
