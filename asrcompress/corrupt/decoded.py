"""Decoded audio of the libraries, kept for the next draw: every SNR meets the same noise."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from asrcompress.core.audio import Samples, probe_audio, read_span
from asrcompress.core.audio_stream import WHOLE, Span
from asrcompress.core.files import sha256_of_file, version_of_file

_LIMIT_BYTES = 64 << 20  # a process: 100 noises of 10 s, which are 640 kB each
_LARGEST_BYTES = _LIMIT_BYTES // 8  # an hour of noise would drive out all else

_Key = tuple[Path, tuple[int, int], Span]
_kept: OrderedDict[_Key, Samples] = OrderedDict()


def read_kept(path: Path, span: Span = WHOLE) -> Samples:
    """The samples of a part of a file, (time,) float32 at 16 kHz; read-only, as they are shared.

    Raises:
        InputError: as `read_span`.
    """
    key = (path, version_of_file(path), span)
    if key in _kept:
        _kept.move_to_end(key)
        return _kept[key]
    samples = read_span(path, span)
    samples.flags.writeable = False
    if samples.nbytes <= _LARGEST_BYTES:
        _kept[key] = samples
        while sum(kept.nbytes for kept in _kept.values()) > _LIMIT_BYTES:
            _kept.popitem(last=False)
    return samples


def duration_s(path: Path) -> float:
    """How long a file is, in s.

    Raises:
        InputError: as `probe_audio`.
    """
    return _duration_s(path, version_of_file(path))


def sha256_kept(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    return _sha256(path, version_of_file(path))


@lru_cache(maxsize=1 << 17)
def _duration_s(path: Path, version: tuple[int, int]) -> float:
    del version  # it is in the cache's key only
    return probe_audio(path).duration_s


@lru_cache(maxsize=1 << 17)
def _sha256(path: Path, version: tuple[int, int]) -> str:
    del version  # it is in the cache's key only
    return sha256_of_file(path)
