"""The bootstrap: its blocks, its pairing, its coverage, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import norm

from asrcompress.core.comparison import Verdict
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate import compare, wer_interval
from asrcompress.evaluate.blocks import blocks_of
from asrcompress.evaluate.intervals import MARGIN, Bootstrap, pooled_compare, pooled_interval
from tests.evaluate.makers import evaluation, utterance

SPEAKERS, UTTERANCES, WORDS = 40, 4, 4


def _spoken(errors: Sequence[Sequence[int]]) -> Evaluation:
    """(speakers, utterances) errors, each utterance of WORDS words."""
    return evaluation(
        [
            utterance(f"{s:03}-{u}", errors=int(count), n=WORDS, speaker=f"{s:03}")
            for s, row in enumerate(errors)
            for u, count in enumerate(row)
        ]
    )


def _drawn(generator: np.random.Generator) -> list[list[int]]:
    """Errors at a WER of 20 % in the mean, spread over speakers with Beta(2, 8)."""
    rates = generator.beta(2, 8, size=(SPEAKERS, 1))
    counts: list[list[int]] = generator.binomial(WORDS, rates, (SPEAKERS, UTTERANCES)).tolist()
    return counts


def _without_speakers(found: Evaluation) -> Evaluation:
    rows = [row.model_copy(update={"speaker": None}) for row in found.utterances]
    return found.model_copy(update={"utterances": tuple(rows)})


def test_whole_speakers_are_resampled() -> None:
    """What one speaker says is dependent: as if independent, the interval would be too narrow."""
    found = _spoken(_drawn(np.random.default_rng(0)))
    by_speaker, by_utterance = wer_interval(found), wer_interval(_without_speakers(found))
    assert by_speaker is not None
    assert by_utterance is not None
    width = by_speaker.high - by_speaker.low
    assert width > 1.2 * (by_utterance.high - by_utterance.low)


def test_two_speakers_say_almost_nothing() -> None:
    """0 and 2 errors in 4 words: t of one degree of freedom is 12.7, and a rate is not below 0."""
    found = evaluation([utterance("a", errors=0, n=4), utterance("b", errors=2, n=4)])
    interval = wer_interval(found)
    assert interval is not None
    assert interval.low == 0.0
    assert interval.high == pytest.approx(0.25 + 12.706 * 0.25, rel=0.15)


def test_utterances_of_several_conditions_stay_in_one_block() -> None:
    """The same recordings twice are no more recordings: the interval is that of one condition."""
    found = _spoken(_drawn(np.random.default_rng(1)))
    assert pooled_interval([found, found]) == wer_interval(found)
    single = _without_speakers(found)
    assert pooled_interval([single, single]) == wer_interval(single)


def test_pooled_comparison() -> None:
    """Over two conditions dWER is the added errors of both over the words of both."""
    one, worse = _spoken([[0, 0], [1, 0], [1, 1]]), _spoken([[1, 0], [1, 0], [1, 1]])
    found = pooled_compare([worse, one], [one, one], Bootstrap())
    assert found is not None
    assert found.delta_wer == pytest.approx(1 / 48)
    assert (found.block, found.blocks) == ("speaker", 3)


def test_same_seed_same_interval() -> None:
    found = _spoken(_drawn(np.random.default_rng(1)))
    assert wer_interval(found, seed=3) == wer_interval(found, seed=3)
    assert wer_interval(found, seed=3) != wer_interval(found, seed=4)


def test_utterance_order_does_not_matter() -> None:
    found = _spoken(_drawn(np.random.default_rng(1)))
    turned = found.model_copy(update={"utterances": found.utterances[::-1]})
    assert wer_interval(turned) == wer_interval(found)
    assert compare(turned, found) == compare(found, found)


def test_blocks_speaker_then_source_then_utterance() -> None:
    """Speakers if all are known and there are two; then shared files; then each by itself."""
    known = [utterance(n, errors=0, n=1, speaker=n[0]) for n in ("a1", "a2", "b1")]
    assert (blocks_of(known).of, blocks_of(known).count) == ("speaker", 2)
    shared = [utterance(n, errors=0, n=1, audio_filepath=n[0]) for n in ("a1", "a2", "b1")]
    assert (blocks_of(shared).of, blocks_of(shared).count) == ("source", 2)
    single = [utterance(n, errors=0, n=1, speaker="one") for n in ("a1", "a2", "b1")]
    assert (blocks_of(single).of, blocks_of(single).count) == ("utterance", 3)
    some = [*known, utterance("c", errors=0, n=1)]
    assert blocks_of(some).of == "utterance"


def test_segments_resample_alike_clean_and_noisy() -> None:
    """Clean segments share a recording's file; under noise each has its own and names its source.

    The recordings' names sort otherwise than their segments' ids: the blocks follow the ids.
    """
    ids = {"a1": "z", "a2": "z", "b1": "y", "b2": "y", "c1": "x"}
    clean = [utterance(n, errors=0, n=1, audio_filepath=f"/c/{ids[n]}.wav") for n in ids]
    noisy = [utterance(n, errors=0, n=1, source_filepath=f"{ids[n]}.wav") for n in ids]
    assert blocks_of(clean).of == blocks_of(noisy).of == "source"
    assert blocks_of(clean).count == 3
    assert blocks_of(clean).index.tolist() == blocks_of(noisy).index.tolist() == [0, 0, 1, 1, 2]


def test_same_model_has_no_difference() -> None:
    """Paired resampling: against itself no error rate matters, only how many words there are.

    Without a change in n words the score test refuses losses of z^2 / (n + z^2), z = 1.96; the
    smallest loss that would be seen is 7.85 rare errors, (1.96 + 0.84) squared.
    """
    found = _spoken(_drawn(np.random.default_rng(2)))
    comparison = compare(found, found)
    assert comparison is not None
    words = SPEAKERS * UTTERANCES * WORDS
    assert (comparison.delta_wer, comparison.probability_of_improvement) == (0, 0)
    assert comparison.interval.high == pytest.approx(3.8415 / (words + 3.8415), rel=1e-3)
    assert comparison.interval.low == pytest.approx(-3.8415 / (words + 3.8415), rel=1e-3)
    assert (comparison.block, comparison.blocks) == ("speaker", SPEAKERS)
    assert comparison.p_non_inferior == pytest.approx(
        norm.sf(np.sqrt(MARGIN * words / (1 - MARGIN)))
    )
    assert comparison.verdict is Verdict.INCONCLUSIVE
    wide = compare(found, found, margin=0.01)
    assert wide is not None
    assert wide.verdict is Verdict.NON_INFERIOR
    assert comparison.smallest_detectable == pytest.approx(7.849 / words, rel=1e-3)


def test_one_more_error_everywhere() -> None:
    """One error more in each four words is +25 % in every resample, and far beyond the margin.

    That no resample differs does not make it certain: the interval is that of 160 rare errors.
    """
    errors = [[1] * UTTERANCES for _ in range(SPEAKERS)]
    worse = [[2] * UTTERANCES for _ in range(SPEAKERS)]
    comparison = compare(_spoken(worse), _spoken(errors))
    assert comparison is not None
    assert comparison.delta_wer == pytest.approx(0.25)
    assert 0.2 < comparison.interval.low < 0.25 < comparison.interval.high < 0.3
    assert comparison.verdict is Verdict.INFERIOR
    better = compare(_spoken(errors), _spoken(worse))
    assert better is not None
    assert better.probability_of_improvement == 1


def test_pairing_is_sharper_than_two_intervals() -> None:
    """The difference's interval is narrower than either model's: recordings vary more."""
    errors = _drawn(np.random.default_rng(5))
    worse = [
        [min(WORDS, row[0] + 1), *row[1:]] if s % 4 == 0 else row for s, row in enumerate(errors)
    ]
    found, baseline = _spoken(worse), _spoken(errors)
    comparison, alone = compare(found, baseline), wer_interval(baseline)
    assert comparison is not None
    assert alone is not None
    paired_width = comparison.interval.high - comparison.interval.low
    assert paired_width < 0.5 * (alone.high - alone.low)


@pytest.mark.parametrize(
    "rows",
    [
        [utterance("a", errors=0, n=0), utterance("b", errors=2, n=0)],
        [utterance("a", errors=1, n=4)],
    ],
    ids=["no reference words", "one block"],
)
def test_undefined_is_none(rows: list[object]) -> None:
    found = evaluation(rows)  # type: ignore[arg-type]
    assert wer_interval(found) is None
    assert compare(found, found) is None


def test_p_values_agree_with_the_interval() -> None:
    """A margin at an end of the interval is where the p-value passes 0.025."""
    errors = np.random.default_rng(3).binomial(2, 0.4, (SPEAKERS, UTTERANCES))
    worse = errors + np.random.default_rng(4).binomial(1, 0.1, errors.shape)
    one, other = _spoken(worse.tolist()), _spoken(errors.tolist())
    first = compare(one, other)
    assert first is not None
    around = [
        compare(one, other, margin=end + away)
        for end in (first.interval.high, first.interval.low)
        for away in (-1e-6, 1e-6)
    ]
    short, enough, above, below = (found for found in around if found is not None)
    assert enough.p_non_inferior <= 0.025 < short.p_non_inferior
    assert above.p_inferior <= 0.025 < below.p_inferior


def test_smallest_detectable_is_of_power() -> None:
    """With 40 equal speakers 2.023 + 0.851 standard errors: t of 39 degrees of freedom."""
    errors = np.random.default_rng(3).binomial(2, 0.4, (SPEAKERS, UTTERANCES))
    worse = errors + np.random.default_rng(4).binomial(2, 0.5, (SPEAKERS, 1))
    found = compare(_spoken(worse.tolist()), _spoken(errors.tolist()))
    assert found is not None
    by_hand = np.std((worse - errors).sum(axis=1) / 16, ddof=1) / np.sqrt(SPEAKERS)
    assert found.standard_error == pytest.approx(by_hand, rel=0.03)
    assert found.smallest_detectable == pytest.approx(2.874 * found.standard_error, rel=1e-3)


def test_other_utterances_are_refused() -> None:
    one = evaluation([utterance("a", errors=0, n=1), utterance("b", errors=0, n=1)])
    two = evaluation([utterance("a", errors=0, n=1), utterance("c", errors=0, n=1)])
    with pytest.raises(InputError, match=r"not scored on the same utterances.*2 on one side"):
        compare(one, two)


def test_other_normalisers_are_refused() -> None:
    one = evaluation([utterance("a", errors=0, n=1), utterance("b", errors=0, n=1)])
    with pytest.raises(InputError, match="different normalisers; got basic-1 and none-1"):
        compare(one, one.model_copy(update={"normaliser": "none-1"}))


def test_no_error_at_all_is_no_certainty() -> None:
    """Wilson's interval at 0 of n: up to z^2 / (n + z^2), 3.8415 / 643.84 at 640 words."""
    perfect = wer_interval(_spoken([[0] * UTTERANCES] * SPEAKERS))
    assert perfect is not None
    assert perfect.low == 0
    assert perfect.high == pytest.approx(3.8415 / 643.8415, rel=1e-4)
