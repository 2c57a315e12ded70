"""The files of a library in memory, for draws by the thousand at any sample rate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

from asrcompress.core.audio import Samples, read_span
from asrcompress.core.audio_stream import WHOLE, Span
from asrcompress.core.errors import InputError
from asrcompress.corrupt.decoded import duration_s
from asrcompress.corrupt.folders import LibraryFile
from asrcompress.corrupt.level import is_silent

LIMIT_BYTES = 256 << 20  # 70 minutes at 16 kHz; a training's own memory is several times that
_BYTES_A_SAMPLE = 4
_TRIES = 100  # of files in a row that are all silent

_logger = logging.getLogger("asrcompress")


class SoundBank:
    """Decoded files: as many of the first ones as the limit holds; the rest are read each time.

    Which are kept is settled by their lengths alone, so that what is read never depends on what
    was read before. Several threads may read at once.
    """

    def __init__(
        self,
        files: Sequence[LibraryFile],
        sample_rate_hz: int,
        *,
        channel: int | None = None,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._files = tuple(files)
        self._sample_rate_hz = sample_rate_hz
        self._channel = channel
        self._lock = Lock()
        self._kept: dict[Path, Samples] = {}
        self._may_keep = self._first_within(limit_bytes)

    def is_kept(self, file: LibraryFile) -> bool:
        """Whether the whole file stays in memory once it was read."""
        return file.path in self._may_keep

    def whole(self, file: LibraryFile) -> Samples:
        """A file's samples, (time,) float32; read-only where it is kept.

        Raises:
            InputError: as `read_span`.
        """
        with self._lock:
            found = self._kept.get(file.path)
        if found is not None:
            return found
        samples = self._read(file, WHOLE)
        if self.is_kept(file):
            samples.flags.writeable = False
            with self._lock:
                samples = self._kept.setdefault(file.path, samples)
        return samples

    def part(self, file: LibraryFile, offset_s: float, part_s: float) -> Samples:
        """A part of a file, (time,) float32, read anew.

        Raises:
            InputError: as `read_span`.
        """
        return self._read(file, Span(offset_s, part_s))

    def _read(self, file: LibraryFile, span: Span) -> Samples:
        wanted = Span(span.offset_s, span.duration_s, self._channel)
        return read_span(file.path, wanted, self._sample_rate_hz)

    def _first_within(self, limit_bytes: int) -> frozenset[Path]:
        kept, total_bytes = [], 0.0
        for file in self._files:
            total_bytes += duration_s(file.path) * self._sample_rate_hz * _BYTES_A_SAMPLE
            if total_bytes > limit_bytes:
                break
            kept.append(file.path)
        return frozenset(kept)


def draw_audible(
    files: Sequence[LibraryFile],
    generator: np.random.Generator,
    read: Callable[[LibraryFile], Samples],
) -> Samples:
    """What is read of a file, all equally likely; of a silent one it is said, and another drawn.

    Raises:
        InputError: a file cannot be read, or one after the other is silent.
    """
    for _ in range(_TRIES):
        file = files[int(generator.integers(len(files)))]
        samples = read(file)
        if not is_silent(samples):
            return samples
        _tell_silent(file.path)
    raise InputError("silent files", where=files[0].path.parent, expected="sound")


@cache  # once for each
def _tell_silent(path: Path) -> None:
    _logger.warning("silent, and not trained with: %s", path)
