"""The bootstrap's resamples: blocks drawn with replacement, for many statistics at once.

A resample is the count of every block in it, so that the sums of all columns of all statistics
are one matrix product: counts (replicates, blocks) times sums (blocks, columns).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from asrcompress.core.seeds import generator_for
from asrcompress.evaluate.blocks import Blocks, Integers
from asrcompress.evaluate.tails import Resampled

Key = TypeVar("Key")
Floats = npt.NDArray[np.float64]
REPLICATES = 10_000
_COUNTS_AT_ONCE = 1 << 17  # of 8 bytes, with the draws beside them 2 MB: about a core's cache
_SUMS_AT_ONCE = 1 << 22  # of 8 bytes: 34 MB, and as much again for parts and values
_EXACT_IN_FLOAT32 = 1 << 24  # integers up to here; twice as fast to multiply as float64


@dataclass(frozen=True, slots=True, eq=False)
class RateSample:
    """The counts that a rate, or a difference of two rates, is made of, summed by block.

    The statistic is the sum over terms of sign * sum(errors) / sum(lengths); errors and lengths
    are (blocks, terms).
    """

    blocks: Blocks
    errors: Integers
    lengths: Integers
    signs: tuple[int, ...] = (1,)

    @property
    def is_defined(self) -> bool:
        """Whether every rate has words and there is something to resample."""
        return self.blocks.count > 1 and bool(self.lengths.sum(axis=0).all())

    def statistic(self, errors: Floats | Integers, lengths: Floats | Integers) -> Floats:
        """(...,) from sums of (..., terms)."""
        rates: Floats = (errors / lengths) @ np.array(self.signs, dtype=np.float64)
        return rates

    @property
    def influence(self) -> Floats:
        """(blocks,) how much each block moves the statistic, to first order; the sum is 0."""
        lengths = self.lengths.sum(axis=0)
        rates = self.errors.sum(axis=0) / lengths
        moves: Floats = ((self.errors - rates * self.lengths) / lengths) @ np.array(
            self.signs, dtype=np.float64
        )
        return moves

    @property
    def effective_blocks(self) -> float:
        """Kish's effective number, (sum of sizes)^2 / sum of squares, at least 2.

        A corpus where one speaker says nearly everything has few effective speakers.
        """
        sizes = self.lengths.sum(axis=1).astype(np.float64)
        return max(2.0, float(sizes.sum() ** 2 / np.square(sizes).sum()))


def resample(
    samples: Sequence[RateSample], *, seed: int = 0, replicates: int = REPLICATES
) -> list[Resampled | None]:
    """Every sample's statistic with its resampled values; None where there is nothing to resample.

    The draws depend on the seed and the number of blocks alone: every model and condition of one
    corpus meets the same ones. Resamples without words are left out.
    """
    asked = ((None, sample) for sample in samples)
    return [found for _, found in resampled(asked, seed=seed, replicates=replicates)]


def resampled(
    asked: Iterable[tuple[Key, RateSample]], *, seed: int, replicates: int
) -> Iterator[tuple[Key, Resampled | None]]:
    """As `resample`, one after the other, each with its key; any number of them in bounded memory.

    Samples are taken a few hundred at a time, and their values are let go with them.
    """
    waiting: list[tuple[Key, RateSample]] = []
    numbers = 0
    for key, sample in asked:
        waiting.append((key, sample))
        numbers += 2 * len(sample.signs) * (replicates + sample.blocks.count)
        if numbers >= _SUMS_AT_ONCE:
            yield from _together(waiting, seed, replicates)
            waiting, numbers = [], 0
    yield from _together(waiting, seed, replicates)


def _together(
    asked: Sequence[tuple[Key, RateSample]], seed: int, replicates: int
) -> Iterator[tuple[Key, Resampled | None]]:
    """All sums of these samples by one matrix product for each number of blocks."""
    samples = [sample for _, sample in asked]
    sums: dict[int, Floats] = {}
    defined = [place for place, sample in enumerate(samples) if sample.is_defined]
    for count in {samples[place].blocks.count for place in defined}:
        places = [place for place in defined if samples[place].blocks.count == count]
        some = [samples[place] for place in places]
        columns = np.concatenate([part for one in some for part in (one.errors, one.lengths)], 1)
        ends = np.cumsum([2 * len(one.signs) for one in some])
        parts = np.split(resampled_sums(columns, seed, replicates), ends[:-1], axis=1)
        sums.update(zip(places, parts, strict=True))
    for place, (key, sample) in enumerate(asked):
        own = sums.get(place)
        yield key, None if own is None else _resampled(sample, own)


def resampled_sums(columns: Integers, seed: int, replicates: int) -> Floats:
    """(replicates, columns) sums over as many blocks as there are, drawn with replacement.

    The sums are exact: they are whole numbers below the precision of the floats used.
    """
    most = len(columns) * int(np.abs(columns).max(initial=0))
    exact = columns.astype(np.float32 if most < _EXACT_IN_FLOAT32 else np.float64)
    generator = generator_for(seed, "bootstrap", len(columns))
    parts = [
        counts.astype(exact.dtype) @ exact
        for counts in _counts(len(columns), replicates, generator)
    ]
    return np.concatenate(parts).astype(np.float64)


def _counts(blocks: int, replicates: int, generator: np.random.Generator) -> Iterator[Integers]:
    """(some, blocks) how often each block is in each resample, until all replicates are there."""
    step = max(1, _COUNTS_AT_ONCE // blocks)
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        drawn = generator.integers(blocks, size=(rows, blocks))
        drawn += blocks * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * blocks).reshape(rows, blocks)


def _resampled(sample: RateSample, sums: Floats) -> Resampled | None:
    """The statistic of every row of sums: the errors of its terms, then their lengths."""
    errors, lengths = np.split(sums, 2, axis=1)
    has_words = (lengths > 0).all(axis=1)
    values = np.sort(sample.statistic(errors[has_words], lengths[has_words]))
    if not len(values):
        return None
    return Resampled(
        block=sample.blocks.of,
        blocks=sample.blocks.count,
        estimate=float(sample.statistic(sample.errors.sum(axis=0), sample.lengths.sum(axis=0))),
        values=values,
        deviation=float(np.std(values)) if values[0] < values[-1] else 0.0,
        acceleration=_acceleration(sample.influence),
        effective_blocks=sample.effective_blocks,
    )


def _acceleration(influence: Floats) -> float:
    """A sixth of the skewness of a mean (Efron & Tibshirani 1993, equation 14.15)."""
    squares = float(np.square(influence).sum())
    return float(np.power(influence, 3).sum()) / (6 * squares**1.5) if squares else 0.0
