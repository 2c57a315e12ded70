"""Resamples: the distribution they have, and what they may not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.core.seeds import generator_for
from asrcompress.evaluate import resampling
from asrcompress.evaluate.blocks import Blocks
from asrcompress.evaluate.resampling import RateSample, resample, resampled_sums


def _sample(errors: list[int], lengths: list[int]) -> RateSample:
    blocks = Blocks("speaker", np.arange(len(errors)), len(errors))
    return RateSample(blocks, blocks.sums([errors]), blocks.sums([lengths]))


def test_the_exact_distribution_of_two_blocks() -> None:
    """0 and 2 errors in 4 words each: 1/4 each of 0 and 0.5, 1/2 of 0.25."""
    (found,) = resample([_sample([0, 2], [4, 4])])
    assert found is not None
    values, counts = np.unique(found.values, return_counts=True)
    assert values.tolist() == [0, 0.25, 0.5]
    assert counts / counts.sum() == pytest.approx([0.25, 0.5, 0.25], abs=0.02)


def test_unequal_lengths_are_a_ratio_of_sums() -> None:
    """Blocks 1/1 and 0/3: the resamples are 1, 1/4 and 0, never a mean of rates (1/2)."""
    (found,) = resample([_sample([1, 0], [1, 3])])
    assert found is not None
    assert np.unique(found.values).tolist() == [0, 0.25, 1]


def test_resamples_without_words_are_left_out() -> None:
    """A silent recording is drawn too; where it is drawn alone there is no rate."""
    (found,) = resample([_sample([0, 1], [0, 2])], replicates=1000)
    assert found is not None
    assert set(found.values) == {0.5}
    assert 700 < len(found.values) < 800


def test_undefined_is_none() -> None:
    """No words, one block, no block: nothing to resample, and the others are not disturbed."""
    given = [_sample([1, 0], [0, 0]), _sample([1], [4]), _sample([], []), _sample([0, 2], [4, 4])]
    assert [found is None for found in resample(given)] == [True, True, True, False]


def test_sums_are_those_of_a_loop() -> None:
    """Drawing blocks one by one from the same generator gives the same sums."""
    columns = np.random.default_rng(0).integers(-5, 30, (37, 3))
    drawn = generator_for(4, "bootstrap", 37).integers(37, size=(50, 37))
    expected = [columns[row].sum(axis=0) for row in drawn]
    assert (resampled_sums(columns, 4, 50) == expected).all()


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.random.default_rng(0).integers(0, 30, (37, 3))
    whole = resampled_sums(columns, 0, 500)
    monkeypatch.setattr(resampling, "_COUNTS_AT_ONCE", 100)
    assert (resampled_sums(columns, 0, 500) == whole).all()


def test_large_counts_are_exact() -> None:
    """Sums beyond what 32-bit floats hold: all blocks alike, so every sum is known."""
    columns = np.full((101, 1), 16_777_217)
    assert (resampled_sums(columns, 0, 20) == 101 * 16_777_217).all()


def test_others_do_not_change_a_resample() -> None:
    """The draws depend on the seed and the number of blocks, not on what else is resampled."""
    one, other, longer = _sample([0, 2], [4, 4]), _sample([3, 1], [5, 4]), _sample([1] * 3, [2] * 3)
    (alone,) = resample([one], seed=7)
    together = resample([longer, other, one], seed=7)[2]
    assert alone is not None
    assert together is not None
    assert (alone.values == together.values).all()


def test_effective_blocks() -> None:
    """Four who say equally much are four; beside one who says it all, the others hardly count."""
    assert _sample([0] * 4, [10] * 4).effective_blocks == 4
    assert _sample([0] * 4, [100, 100, 0, 0]).effective_blocks == 2
    assert _sample([0] * 4, [1000, 1, 1, 1]).effective_blocks == 2
