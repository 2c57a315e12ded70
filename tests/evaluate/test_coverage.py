"""Of 95 % intervals 93 to 97 % hold the truth, over 1,000 synthetic corpora with speakers."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluate.simulation import Speakers, coverage, resampled

SPEAKERS = [Speakers(count, is_equal) for count in (10, 20, 48) for is_equal in (True, False)]


@pytest.mark.parametrize("speakers", SPEAKERS, ids=str)
@pytest.mark.parametrize(("a", "b"), [(3, 97), (2, 8)], ids=["WER 3 %", "WER 20 %"])
def test_word_error_rate(speakers: Speakers, a: float, b: float) -> None:
    """Speakers' own rates are Beta's: their standard deviation is over half of their mean."""
    generator = np.random.default_rng(speakers.count)
    words = speakers.words(generator)
    errors = generator.binomial(words, generator.beta(a, b, words.shape))
    assert 0.93 <= coverage(resampled(errors, words), a / (a + b)) <= 0.97


@pytest.mark.parametrize("speakers", SPEAKERS, ids=str)
def test_paired_difference(speakers: Speakers) -> None:
    """0.6 % of words newly wrong and 0.1 % newly right, more with some speakers: Gamma(2)."""
    generator = np.random.default_rng(speakers.count)
    words = speakers.words(generator)
    share = generator.gamma(2, 1 / 2, words.shape)
    more = generator.poisson(0.006 * share * words) - generator.poisson(0.001 * share * words)
    assert 0.93 <= coverage(resampled(more, words), 0.005) <= 0.97


@pytest.mark.parametrize("count", [20, 48])
def test_interaction(count: int) -> None:
    """Losses of 2 % in noise and 0.5 % in clean, with the same speakers worse in both."""
    generator = np.random.default_rng(count)
    clean = Speakers(count, is_equal=False).words(generator)
    noisy = generator.binomial(clean, 0.9)  # not every recording is in both
    share = generator.gamma(2, 1 / 2, clean.shape)
    more = np.stack(
        [generator.poisson(0.02 * share * noisy), generator.poisson(0.005 * share * clean)], axis=2
    )
    found = resampled(more, np.stack([noisy, clean], axis=2))
    assert 0.93 <= coverage(found, 0.015) <= 0.97


@pytest.mark.parametrize("count", [10, 20, 48])
def test_loss_of_few_speakers(count: int) -> None:
    """Where the loss is exponential over speakers, intervals hold the truth in 92 % at least."""
    speakers = Speakers(count, is_equal=False)
    generator = np.random.default_rng(count)
    words = speakers.words(generator)
    share = generator.exponential(1, words.shape)
    more = generator.poisson(0.02 * share * words) - generator.poisson(0.01 * share * words)
    assert 0.92 <= coverage(resampled(more, words), 0.01) <= 0.97
