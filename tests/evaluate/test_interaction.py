"""The interaction: what compression costs here more than in clean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from asrcompress.core.comparison import Interaction
from asrcompress.core.evaluation import UtteranceScore
from asrcompress.evaluate.interaction import interaction_of, interaction_sample
from asrcompress.evaluate.pairs import Pairs, paired
from asrcompress.evaluate.resampling import resample
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.tally import tally_of
from tests.evaluate.makers import evaluation, utterance

ROLLS = Rolls()


def _rows(errors: list[int], n: int = 10, start: int = 0) -> tuple[UtteranceScore, ...]:
    """One utterance a speaker, named by its number."""
    return tuple(
        utterance(f"{place:02}", errors=count, n=n, speaker=f"s{place // 2}")
        for place, count in enumerate(errors, start)
    )


def _pairs(rows: Sequence[UtteranceScore], before: Sequence[UtteranceScore]) -> Pairs:
    return paired(*(tally_of(evaluation(side), ROLLS) for side in (rows, before)))


def _interaction(here: Pairs, clean: Pairs) -> Interaction | None:
    sample = interaction_sample(here, clean, ROLLS)
    (found,) = resample([sample.sample])
    return interaction_of(found, sample.changes, "clean")


def test_the_difference_of_the_differences() -> None:
    """2 more errors in 10 words here, 1 more in 20 in clean: 0.2 - 0.05, in every resample."""
    here = _pairs(_rows([3] * 8), _rows([1] * 8))
    clean = _pairs(_rows([1] * 8, n=20), _rows([0] * 8, n=20))
    sample = interaction_sample(here, clean, ROLLS)
    (found,) = resample([sample.sample])
    assert found is not None
    assert found.estimate == pytest.approx(0.15)
    assert found.values == pytest.approx(0.15)
    assert (sample.changes.gained, sample.changes.lost, sample.changes.words) == (8, 0, 80)


def test_no_change_is_no_proof_that_there_is_none() -> None:
    """Neither condition changes: 80 words leave room for the interaction that dWER has room for.

    The score test refuses e more errors where e / sqrt(e - e^2 / 80) > 1.96, from 3.67 on.
    """
    here, clean = (_pairs(_rows([count] * 8), _rows([count] * 8)) for count in (3, 1))
    found = _interaction(here, clean)
    assert found is not None
    assert (found.reference, found.delta_wer) == ("clean", 0.0)
    assert found.interval.high == pytest.approx(3.67 / 80, abs=1e-4)
    assert found.interval.low == pytest.approx(-3.67 / 80, abs=1e-4)


def test_one_change_is_no_sign_of_its_own() -> None:
    """One more error in one condition shows no interaction, on whichever side."""
    here = _pairs(_rows([1] + [0] * 7), _rows([0] * 8))
    clean = _pairs(_rows([0] * 8), _rows([0] * 8))
    found = _interaction(here, clean)
    assert found is not None
    assert found.interval.low < 0 < 1 / 80 < found.interval.high


def test_only_utterances_of_both() -> None:
    """What one condition lacks counts in neither; the order of the utterances does not matter."""
    here = _pairs(_rows([9, 3, 3, 3], start=0), _rows([0, 1, 1, 1], start=0))
    clean = _pairs(_rows([1, 1, 1, 9], start=1)[::-1], _rows([1, 1, 1, 0], start=1)[::-1])
    sample = interaction_sample(here, clean, ROLLS).sample
    assert sample.lengths.sum(axis=0).tolist() == [30, 30]
    assert sample.errors.sum(axis=0).tolist() == [6, 0]


def test_pairing_makes_it_sharper() -> None:
    """The same speakers suffer in both conditions: resampled together they cancel out."""
    generator = np.random.default_rng(0)
    loss = generator.integers(0, 5, 40)
    zero = [0] * 40
    here, clean = (
        _pairs(_rows(more), _rows(zero)) for more in ((loss + 1).tolist(), loss.tolist())
    )
    together, apart = resample([interaction_sample(here, clean, ROLLS).sample, here.sample(ROLLS)])
    assert together is not None
    assert apart is not None
    assert together.standard_error < 1e-9 < 0.005 < apart.standard_error


def test_nothing_in_common_is_none() -> None:
    here, clean = _pairs(_rows([1]), _rows([0])), _pairs(_rows([1], start=4), _rows([0], start=4))
    assert _interaction(here, clean) is None
