"""Audio files decoded block by block, so that an hour needs no more memory than a second."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asrcompress.core.audio_integrity import fault_in
from asrcompress.core.errors import InputError

if TYPE_CHECKING:
    import soundfile

    from asrcompress.core.resampling import Samples

LOGGER_NAME = "asrcompress.core.audio"  # where warnings about a file's audio go
_LOGGER = logging.getLogger(LOGGER_NAME)

_BLOCK_FRAMES = 1 << 16  # 1.5 s at 44.1 kHz, 256 KiB a channel
_UNKNOWN_FRAMES = 1 << 62  # libsndfile says SF_COUNT_MAX (2^63 - 1) of a FLAC written to a pipe
# libmpg123 drops frames at the start whose bits lie before it: main_data_begin reaches back at
# most 511 bytes (ISO 11172-3, 2.4.2.7), which is two frames of 1152 samples at usual bitrates.
_MP3_SLACK_FRAMES = 2 * 1152
# The densest sound there is: FLAC's blocks of one value, 65,535 samples in 10 bytes or more (RFC
# 9639, 9.1 to 9.3). A header that promises more would have memory taken for what is not there.
_MOST_FRAMES_A_BYTE = 6_554
# libsndfile's names of the containers that can be told to be whole, by `audio_integrity` or by
# their own checksums. It reads more of them (AVR, VOC, MAT5, ...), and what is left of one that
# was cut short passes for a shorter recording.
_FORMATS = frozenset(
    ("WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "NIST")
)
# Nobody records speech outside these rates (telephones 8 kHz, the fastest converters 768 kHz), and
# a damaged header of 1 Hz would make 16,000 samples of each one.
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a file that is meant.

    channel: counted from 0; None averages all of them.
    overshoot_s: how far the part may reach beyond the end of the file; None is any length.
    """

    offset_s: float = 0.0
    duration_s: float | None = None
    channel: int | None = None
    overshoot_s: float | None = None


WHOLE = Span()


class Sound:
    """An open file: what its header says, and its samples as blocks."""

    def __init__(self, path: Path, file: soundfile.SoundFile) -> None:
        self._path = path
        self._file = file
        self.sample_rate_hz: int = file.samplerate
        self.channels: int = file.channels
        self.frames: int = file.frames
        self._is_mp3 = file.format == "MP3"
        # soundfile seeks after each block, which is inexact in MP3 and fails at the end of a FLAC
        # of unknown length; a file that cannot be sought in is read straight on.
        file.seekable = lambda: False

    def frames_in(self, span: Span) -> int:
        """How many frames the span has, at the file's own rate.

        Raises:
            InputError: it reaches too far beyond the end.
        """
        start, wanted = self._bounds(span)
        frames = min(wanted, self.frames - start)
        over_s = (wanted - frames) / self.sample_rate_hz
        if span.overshoot_s is not None and over_s > span.overshoot_s:
            raise InputError(
                "segment beyond the end of the audio",
                where=self._path,
                got=f"{span.offset_s:g} s + {span.duration_s:g} s",
                expected=f"within {self.frames / self.sample_rate_hz:.3f} s",
            )
        return frames

    def blocks(self, span: Span = WHOLE) -> Iterator[Samples]:
        """The span's samples, (time,) float32 of one channel or the mean, in blocks.

        Raises:
            InputError: damaged, cut short, no samples or no such channel, NaN or infinite samples.
        """
        if fault := fault_in(self._path):
            raise InputError("damaged audio", where=self._path, got=fault)
        self._check_channel(span.channel)
        frames = self.frames_in(span)
        if frames == 0:
            raise InputError(
                "audio without samples", where=self._path, next_step="remove it from the corpus"
            )
        self._go_to(self._bounds(span)[0])
        for block in self._read(frames):
            samples = self._mono(block, span.channel)
            if not np.isfinite(samples).all():
                raise InputError("audio with NaN or infinite samples", where=self._path)
            yield samples

    def _bounds(self, span: Span) -> tuple[int, int]:
        """The first frame and the number of frames asked for."""
        start = min(round(span.offset_s * self.sample_rate_hz), self.frames)
        if span.duration_s is None:
            return start, self.frames - start
        return start, round(span.duration_s * self.sample_rate_hz)

    def _check_channel(self, channel: int | None) -> None:
        if channel is not None and channel >= self.channels:
            raise InputError(
                "no such channel",
                where=self._path,
                got=channel,
                expected=f"0 to {self.channels - 1}" if self.channels > 1 else "0",
            )
        if channel is None and self.channels > 1:
            _LOGGER.warning("%d channels averaged: %s", self.channels, self._path)

    def _go_to(self, frame: int) -> None:
        if frame and self._is_mp3:  # seeking in MP3 lands beside the frame asked for
            for _ in self._read(frame):
                pass
        elif frame:
            self._file.seek(frame)

    def _read(self, frames: int) -> Iterator[Samples]:
        """So many frames from here on as (time, channels) blocks."""
        left = frames
        while left:
            block = self._file.read(min(left, _BLOCK_FRAMES), dtype="float32", always_2d=True)
            if len(block) == 0:
                break
            left -= len(block)
            yield block
        if left > (_MP3_SLACK_FRAMES if self._is_mp3 else 0):
            raise InputError(
                "audio cut short or damaged",
                where=self._path,
                got=f"{frames - left} frames",
                expected=f"{frames}",
            )

    @staticmethod
    def _mono(block: Samples, channel: int | None) -> Samples:
        if channel is not None:
            return np.ascontiguousarray(block[:, channel])
        with np.errstate(invalid="ignore", over="ignore"):  # not finite: `blocks` refuses it
            mean: Samples = block.mean(axis=1, dtype=np.float32)
        return mean


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Sound]:
    """An audio file, open for reading.

    Raises:
        InputError: missing, unreadable, empty, or not audio that libsndfile reads; also where an
            error of libsndfile comes up while it is open.
    """
    import soundfile

    _check_file(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            _check_format(path, file.format)
            _check_rate(path, file.samplerate)
            sound = Sound(path, file)
            if sound.frames > _UNKNOWN_FRAMES:
                sound.frames = _count_frames(path)
            _check_frames(path, sound.frames)
            yield sound
    except (soundfile.SoundFileError, OSError) as error:
        raise InputError(
            "not readable as audio", where=path, got=_cause(error), expected=_EXPECTED
        ) from None


def _check_format(path: Path, name: str) -> None:
    if name not in _FORMATS:
        raise InputError(
            "a container that cannot be told to be whole",
            where=path,
            got=name,
            expected=_EXPECTED,
            next_step="convert it to one of them",
        )


def _check_rate(path: Path, sample_rate_hz: int) -> None:
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise InputError(
            "sample rate out of range",
            where=path,
            got=f"{sample_rate_hz} Hz",
            expected=f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz",
        )


def _check_frames(path: Path, frames: int) -> None:
    size_bytes = path.stat().st_size
    if frames > _MOST_FRAMES_A_BYTE * size_bytes:
        raise InputError(
            "audio cut short or damaged",
            where=path,
            got=f"a header that promises {frames} frames",
            expected=f"no more than {size_bytes} bytes can hold",
        )


def _count_frames(path: Path) -> int:
    """The frames of a file whose header leaves them open, by decoding it."""
    import soundfile

    frames = 0
    with soundfile.SoundFile(str(path)) as file:
        file.seekable = lambda: False  # as in Sound
        while block := len(file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
            frames += block
    return frames


def _check_file(path: Path) -> None:
    try:
        is_file = path.is_file()
    except OSError:  # a name too long for the file system
        is_file = False
    if not is_file:
        raise InputError("no such audio file", where=path)
    if not os.access(path, os.R_OK):
        raise InputError("cannot read audio file", where=path, got="no permission")
    if path.stat().st_size == 0:
        raise InputError("empty audio file", where=path, got="0 bytes")


_EXPECTED = "WAV, FLAC, Ogg Vorbis or Opus, MP3"


# What libsndfile says of a file that is there, is called .mp3 and has no frame of MP3; and of an AU
# whose audio is to begin beyond its end.
_PLAINLY = {
    "File does not exist or is not a regular file (possibly a pipe?).": "no MP3 in it",
    "Unspecified internal error.": "a header that contradicts itself",
}


def _cause(error: Exception) -> str:
    cause = str(error).rsplit(": ", 1)[-1]
    return _PLAINLY.get(cause, cause)
