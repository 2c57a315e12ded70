"""Corrected tails: as wide as a t interval, p-values that agree and reach far out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from asrcompress.evaluate.blocks import Blocks
from asrcompress.evaluate.resampling import RateSample, resample
from asrcompress.evaluate.tails import Resampled

WORDS = 1000


def _resampled(errors: list[int], replicates: int = 10_000) -> Resampled:
    blocks = Blocks("speaker", np.arange(len(errors)), len(errors))
    sample = RateSample(blocks, blocks.sums([errors]), blocks.sums([[WORDS] * len(errors)]))
    (found,) = resample([sample], replicates=replicates)
    assert found is not None
    return found


def _normal_errors(count: int) -> list[int]:
    """A symmetrical sample around 100 errors."""
    half = np.abs(np.random.default_rng(count).normal(0, 20, count // 2)).astype(int)
    return [*(100 + half).tolist(), *(100 - half).tolist()]


@pytest.mark.parametrize("count", [6, 10, 30])
def test_as_wide_as_a_t_interval(count: int) -> None:
    """Of equal, symmetrical blocks, against scipy's t interval of their mean."""
    errors = _normal_errors(count)
    expected = ttest_1samp(np.array(errors) / WORDS, 0).confidence_interval(0.95)
    interval = _resampled(errors).interval()
    assert interval.low == pytest.approx(expected.low, abs=0.06 * (expected.high - expected.low))
    assert interval.high == pytest.approx(expected.high, abs=0.06 * (expected.high - expected.low))


@pytest.mark.parametrize("errors_away", [1, 2, 3, 5, 8])
def test_p_values_reach_beyond_the_resamples(errors_away: float) -> None:
    """Up to p-values that 10,000 resamples could not count, within a factor of 2 of a t test."""
    errors = _normal_errors(30)
    scale = np.std(errors, ddof=1) / np.sqrt(30)
    margin = (100 + errors_away * scale) / WORDS
    expected = ttest_1samp(np.array(errors) / WORDS, margin, alternative="less").pvalue
    found = _resampled(errors).p_within(margin)
    assert expected / 2 < found < expected * 2


def test_skewness_widens_the_long_side_only() -> None:
    """A few speakers with many errors: the upper end goes up, the lower one does not follow."""
    skewed = _resampled([0] * 12 + [10] * 5 + [60] * 3)
    plain = Resampled(
        "speaker", 20, skewed.estimate, skewed.values, skewed.deviation, 0.0, 20.0
    ).interval()
    assert skewed.interval().high > plain.high + 0.1 * (plain.high - plain.low)
    assert skewed.interval().low == plain.low


@given(
    st.lists(st.integers(-3, 6), min_size=2, max_size=12),
    st.integers(-8, 16),
    st.sampled_from([10, 200, 1000]),
)
def test_p_values_agree_with_the_interval(errors: list[int], margin: int, replicates: int) -> None:
    """p <= 0.025 exactly where the interval ends within the margin, or begins beyond it."""
    found = _resampled(errors, replicates)
    interval, limit = found.interval(), margin / (2 * WORDS) + 1e-7
    assert (found.p_within(limit) <= 0.025) == (interval.high <= limit)
    assert (found.p_beyond(limit) <= 0.025) == (interval.low > limit)
    assert found.p_within(limit + 0.001) <= found.p_within(limit)


def test_no_difference_in_any_resample_is_certain() -> None:
    found = _resampled([5] * 10)
    assert (found.p_within(0.005), found.p_beyond(0.005)) == (0, 1)
    assert (found.p_within(0.004), found.p_beyond(0.004)) == (1, 0)
