"""A recording too long for one pass through a model: read in blocks, seen through windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from asrcompress.core.audio import Samples
from asrcompress.core.errors import InputError

SHORTEST_CHUNK_S = 5.0  # less leaves a model too little context to recognise a word by
_BLOCK_SAMPLES = 1 << 18  # 1 MiB


def _nobody(samples: int) -> None:
    """Whoever does not ask how far a recording is decoded."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Samples of one recording, block by block, as often as they are asked for.

    blocks: from the start each time, without gaps; (time,) float32 at the recogniser's rate.
    heard: is told how many samples are decoded.
    """

    blocks: Callable[[], Iterator[Samples]]
    heard: Callable[[int], None] = field(default=_nobody)

    @classmethod
    def of(cls, samples: Samples, heard: Callable[[int], None] = _nobody) -> Recording:
        """A recording that is in memory already."""
        return cls(lambda: _slices(samples), heard)


class Window(NamedTuple):
    """A stretch of a recording; the last one ends where the recording does."""

    samples: Samples
    is_last: bool


class Windows:
    """Stretches of a recording, later ones later; memory holds one, and a block beyond it."""

    def __init__(self, recording: Recording) -> None:
        self._blocks = recording.blocks()
        self._held = np.zeros(0, dtype=np.float32)
        self._held_from = 0
        self._is_exhausted = False

    def at(self, start: int, length: int) -> Window:
        """(length,) samples from `start` on, fewer at the end; `start` never goes back.

        Raises:
            InputError: the recording cannot be read.
        """
        while not self._is_exhausted and self._held_from + len(self._held) <= start + length:
            block = next(self._blocks, None)
            if block is None:
                self._is_exhausted = True
                break
            self._held = np.concatenate([self._held[start - self._held_from :], block])
            self._held_from = start
        self._held = self._held[start - self._held_from :]
        self._held_from = start
        return Window(self._held[:length], self._is_exhausted and len(self._held) <= length)


def check_chunk(chunk_s: float | None) -> None:
    """Make sure that chunks of so many seconds are long enough to recognise anything.

    Raises:
        InputError: they are not.
    """
    if chunk_s is not None and not chunk_s >= SHORTEST_CHUNK_S:
        raise InputError("bad chunk_s", got=chunk_s, expected=f"at least {SHORTEST_CHUNK_S:g} s")


def mean_and_variance(recording: Recording) -> tuple[float, float]:
    """Of all its samples, in one pass: the blocks' sums of squares about their means, joined.

    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances" (1979), equation 2.1; in float64.
    """
    count, mean, squares = 0, 0.0, 0.0
    for block in recording.blocks():
        values = block.astype(np.float64)
        block_mean = float(values.mean())
        apart = block_mean - mean
        joined = count + len(values)
        squares += float(np.square(values - block_mean).sum())
        squares += apart * apart * count * len(values) / joined
        mean += apart * len(values) / joined
        count = joined
    return mean, squares / max(count, 1)


def _slices(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples), _BLOCK_SAMPLES):
        yield samples[start : start + _BLOCK_SAMPLES]
