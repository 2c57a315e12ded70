"""Rare changes: the score test, and how often a loss of just the margin passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, poisson

from asrcompress.core.comparison import Comparison
from asrcompress.evaluate.blocks import Blocks
from asrcompress.evaluate.intervals import Bootstrap, comparison_of
from asrcompress.evaluate.pairs import paired
from asrcompress.evaluate.resampling import RateSample, resample
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.sparse import Changes
from asrcompress.evaluate.tally import tally_of
from tests.evaluate.makers import evaluation, utterance

MARGIN = 0.005
CORPORA = 600
FALSE_PASSES = 0.05
_TAIL = 0.025


@pytest.mark.parametrize(("gained", "lost"), [(8, 2), (0, 5), (3, 3)])
def test_with_margin_zero_it_is_mcnemar(gained: int, lost: int) -> None:
    """(gained - lost) / sqrt(gained + lost)."""
    expected = norm.cdf((gained - lost) / np.sqrt(gained + lost))
    assert Changes(gained, lost, 10**9).p_within(0.0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("gained", "lost", "margin"), [(4, 3, 10), (0, 2, 6), (15, 1, -4)])
def test_variance_fits_the_hypothesis_best(gained: int, lost: int, margin: int) -> None:
    """The closed form against a numerical maximum of the likelihood under the hypothesis."""

    def unlikelihood(rate: float) -> float:
        return float(-poisson.logpmf(gained, rate + margin) - poisson.logpmf(lost, rate))

    least = max(0.0, -margin)
    rate = minimize_scalar(
        unlikelihood, bounds=(least, least + 50), method="bounded", options={"xatol": 1e-10}
    ).x
    expected = norm.cdf((gained - lost - margin) / np.sqrt(margin + 2 * rate))
    words = 10**9  # so many that errors are rare
    assert Changes(gained, lost, words).p_within(margin / words) == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize(("gained", "upper"), [(1, 5.572), (4, 10.242), (10, 18.391)])
def test_upper_bound_is_near_poissons(gained: int, upper: float) -> None:
    """The exact 97.5 % bounds of a Poisson mean (Garwood 1936), to within 2 %."""
    _, high = Changes(gained, 0, 10**6).bounds(0.95)
    assert high * 10**6 == pytest.approx(upper, rel=0.02)


def test_bounds_are_where_the_p_values_are_a_tail() -> None:
    changes = Changes(6, 2, 2400)
    low, high = changes.bounds(0.95)
    assert changes.p_within(high) == pytest.approx(_TAIL, rel=1e-6)
    assert changes.p_beyond(low) == pytest.approx(_TAIL, rel=1e-6)


def test_two_changes_are_not_certain() -> None:
    """One more error with each of two speakers: no resample differs, yet it may be chance."""
    rows = [utterance(f"{n}", errors=1, n=50, speaker=f"s{n // 2}") for n in range(4)]
    worse = [row.model_copy(update={"words": row.words + row.words}) for row in rows[::2]]
    added = tuple(
        one.model_copy(update={"words": one.words.model_copy(update={"n": 50})}) for one in worse
    )
    rolls = Rolls()
    sides = [added[0], rows[1], added[1], rows[3]], rows
    pairs = paired(*(tally_of(evaluation(side), rolls) for side in sides))
    (found,) = resample([pairs.sample(rolls)])
    assert found is not None
    assert found.p_beyond(MARGIN) == 0
    comparison = comparison_of(pairs.changes, found, Bootstrap(MARGIN), "fp32")
    assert comparison.p_inferior > _TAIL
    assert comparison.interval.low < 0 < comparison.interval.high


@dataclass(frozen=True, slots=True)
class Design:
    """Utterances of ten words; errors gained and lost per word, with speakers of Gamma(shape)."""

    utterances: int
    speakers: int | None
    gained: float
    lost: float
    shape: float | None = None

    def more(self, generator: np.random.Generator) -> np.ndarray:
        """(corpora, utterances) errors added."""
        shares = np.ones((CORPORA, self.utterances))
        if self.shape is not None:
            by_speaker = generator.gamma(self.shape, 1 / self.shape, (CORPORA, self.blocks.count))
            shares = by_speaker[:, self.blocks.index]
        added: np.ndarray = generator.poisson(10 * self.gained * shares)
        return added - generator.poisson(10 * self.lost * shares)

    @property
    def blocks(self) -> Blocks:
        count = self.speakers or self.utterances
        return Blocks("speaker", np.arange(self.utterances) % count, count)


def _comparisons(design: Design, margin: float) -> list[Comparison]:
    words = [10] * design.utterances
    more = design.more(np.random.default_rng(design.utterances))
    blocks = design.blocks
    samples = [RateSample(blocks, blocks.sums([row]), blocks.sums([words])) for row in more]
    resampled = resample(samples, replicates=2000)
    found = []
    for row, one in zip(more, resampled, strict=True):
        assert one is not None
        changes = Changes(int(row.clip(0).sum()), int((-row).clip(0).sum()), sum(words))
        found.append(comparison_of(changes, one, Bootstrap(margin), "fp32"))
    return found


@pytest.mark.parametrize(
    "design",
    [
        Design(240, None, 0.0075, 0.0025),
        Design(240, 24, 0.0075, 0.0025),
        Design(240, 24, 0.005, 0.0),
        Design(240, 24, 0.0075, 0.0025, shape=2),
        Design(240, 10, 0.0075, 0.0025, shape=2),
        Design(80, 16, 0.0075, 0.0025),
        Design(2600, 40, 0.01, 0.005, shape=1),
    ],
    ids=str,
)
def test_false_passes_at_the_margin(design: Design) -> None:
    """A true loss of just the margin passes in 5 % of the corpora at most, and fails in no more.

    One word in a hundred changes, of 800 to 26,000 words.
    """
    verdicts = [found.verdict.value for found in _comparisons(design, MARGIN)]
    assert verdicts.count("non-inferior") / CORPORA <= FALSE_PASSES
    assert verdicts.count("inferior") / CORPORA <= FALSE_PASSES
    assert verdicts.count("non-inferior") > 0  # the test can pass at all


def test_false_passes_without_a_margin() -> None:
    """As many errors gained as lost, at a margin of 0: neither better nor worse is shown."""
    verdicts = [found.verdict.value for found in _comparisons(Design(240, 24, 0.002, 0.002), 0.0)]
    assert verdicts.count("non-inferior") / CORPORA <= FALSE_PASSES
    assert verdicts.count("inferior") / CORPORA <= FALSE_PASSES


def test_a_model_without_loss_passes() -> None:
    """With as many errors gained as lost, 26,000 words show that the loss is within the margin."""
    found = _comparisons(Design(2600, 40, 0.005, 0.005, shape=2), MARGIN)
    assert sum(one.verdict.value == "non-inferior" for one in found) / CORPORA >= 0.95
