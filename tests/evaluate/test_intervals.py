"""The bootstrap: its blocks, its pairing, its coverage, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from asrcompress.core.comparison import Verdict
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate import compare, wer_interval
from asrcompress.evaluate.intervals import blocks_of
from tests.evaluate.makers import evaluation, utterance

SPEAKERS, UTTERANCES, WORDS = 40, 4, 4
CORPORA = 150


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


def test_coverage_of_the_interval() -> None:
    """Of 150 corpora of 40 speakers about 95 % of the intervals hold the true 20 %.

    Resampling utterances as if they were independent would hold it far less often (measured over
    1000 corpora of 48 speakers: 0.935 against 0.808).
    """
    generator = np.random.default_rng(0)
    by_speaker = by_utterance = 0
    for _ in range(CORPORA):
        found = _spoken(_drawn(generator))
        for_speakers = wer_interval(found, replicates=400)
        for_utterances = wer_interval(_without_speakers(found), replicates=400)
        assert for_speakers is not None
        assert for_utterances is not None
        by_speaker += for_speakers.low <= 0.2 <= for_speakers.high
        by_utterance += for_utterances.low <= 0.2 <= for_utterances.high
    assert 0.89 <= by_speaker / CORPORA <= 0.98
    assert by_utterance < by_speaker


def test_interval_matches_the_exact_distribution() -> None:
    """Two blocks with 0 and 2 errors in 4 words: 1/4 each of 0 and 0.5, 1/2 of 0.25."""
    found = evaluation([utterance("a", errors=0, n=4), utterance("b", errors=2, n=4)])
    interval = wer_interval(found)
    assert interval is not None
    assert (interval.low, interval.high) == (0.0, 0.5)


def test_unequal_lengths_are_a_ratio_of_sums() -> None:
    """Blocks 1/1 and 0/3: the resamples are 1, 1/4 and 0, never a mean of rates (1/2)."""
    found = evaluation([utterance("a", errors=1, n=1), utterance("b", errors=0, n=3)])
    interval = wer_interval(found)
    assert interval is not None
    assert (interval.low, interval.high) == (0.0, 1.0)


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
    """Paired resampling: against itself the interval is exactly zero, whatever the errors."""
    found = _spoken(_drawn(np.random.default_rng(2)))
    comparison = compare(found, found)
    assert comparison is not None
    assert (comparison.delta_wer, comparison.interval.low, comparison.interval.high) == (0, 0, 0)
    assert comparison.probability_of_improvement == 0
    assert comparison.verdict is Verdict.NON_INFERIOR
    assert (comparison.block, comparison.blocks) == ("speaker", SPEAKERS)


def test_one_more_error_everywhere() -> None:
    """One error more in each four words is +25 % in every resample."""
    errors = [[1] * UTTERANCES for _ in range(SPEAKERS)]
    worse = [[2] * UTTERANCES for _ in range(SPEAKERS)]
    comparison = compare(_spoken(worse), _spoken(errors))
    assert comparison is not None
    assert comparison.interval.low == comparison.interval.high == pytest.approx(0.25)
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


def test_blocks_without_words_are_drawn_too() -> None:
    """A resample of silent recordings only has no rate and is left out; the others stand."""
    rows = [utterance("a", errors=0, n=0), utterance("b", errors=1, n=2)]
    interval = wer_interval(evaluation(rows))
    assert interval is not None
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_other_utterances_are_refused() -> None:
    one = evaluation([utterance("a", errors=0, n=1), utterance("b", errors=0, n=1)])
    two = evaluation([utterance("a", errors=0, n=1), utterance("c", errors=0, n=1)])
    with pytest.raises(InputError, match=r"not scored on the same utterances.*2 on one side"):
        compare(one, two)


def test_other_normalisers_are_refused() -> None:
    one = evaluation([utterance("a", errors=0, n=1), utterance("b", errors=0, n=1)])
    with pytest.raises(InputError, match="different normalisers; got basic-1 and none-1"):
        compare(one, one.model_copy(update={"normaliser": "none-1"}))
