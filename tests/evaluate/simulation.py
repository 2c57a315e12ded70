"""Synthetic corpora with speakers who differ, as sums by speaker: many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asrcompress.evaluate.blocks import Blocks
from asrcompress.evaluate.resampling import RateSample, resample
from asrcompress.evaluate.tails import Resampled

Counts = npt.NDArray[np.int64]
CORPORA = 1000
REPLICATES = 2000  # enough for a 95 % interval; the product takes more


@dataclass(frozen=True, slots=True)
class Speakers:
    """How many, and whether they say equally much: 400 words, or log-normal around 300."""

    count: int
    is_equal: bool

    def words(self, generator: np.random.Generator) -> Counts:
        """(corpora, speakers)."""
        shape = (CORPORA, self.count)
        if self.is_equal:
            return np.full(shape, 400)
        return np.maximum(20, generator.lognormal(np.log(300), 0.75, shape)).astype(np.int64)


def resampled(errors: Counts, lengths: Counts) -> list[Resampled]:
    """One statistic a corpus from (corpora, speakers) or, of two terms, (corpora, speakers, 2)."""
    corpora, speakers = errors.shape[:2]
    blocks = Blocks("speaker", np.arange(speakers), speakers)
    signs = (1, -1) if errors.ndim == 3 else (1,)
    shape = (corpora, speakers, len(signs))
    both = zip(errors.reshape(shape), lengths.reshape(shape), strict=True)
    samples = [RateSample(blocks, some, words, signs) for some, words in both]
    found = [one for one in resample(samples, replicates=REPLICATES) if one is not None]
    assert len(found) == corpora
    return found


def coverage(found: list[Resampled], truth: float) -> float:
    """The share of intervals that hold the truth."""
    intervals = [one.interval() for one in found]
    return float(np.mean([one.low <= truth <= one.high for one in intervals]))
