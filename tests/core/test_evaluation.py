"""Counts add, rates are derived and undefined without a reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from asrcompress.core.evaluation import ErrorCounts
from tests.evaluate.makers import evaluation, utterance

_COUNTS = st.builds(ErrorCounts, **{name: st.integers(0, 1000) for name in "sdin"})


def test_rate_is_errors_over_reference_length() -> None:
    """3 substitutions, 1 deletion and 2 insertions in 10 words are 60 %."""
    assert ErrorCounts(s=3, d=1, i=2, n=10).rate == pytest.approx(0.6)


def test_rate_is_not_capped() -> None:
    """Five insertions on two words are 250 %."""
    assert ErrorCounts(i=5, n=2).rate == pytest.approx(2.5)


def test_rate_without_reference_is_none() -> None:
    """Errors without a reference word have no rate, neither 0 nor nan."""
    assert ErrorCounts(i=4).rate is None


@given(_COUNTS, _COUNTS)
def test_counts_add(a: ErrorCounts, b: ErrorCounts) -> None:
    """Errors and lengths of a sum are the sums of theirs."""
    assert (a + b).errors == a.errors + b.errors
    assert (a + b).n == a.n + b.n
    assert a + b == b + a


def test_evaluation_sums_counts_not_rates() -> None:
    """1 error in 1 word and 0 in 9 are 10 %; the mean of the rates would be 50 %."""
    found = evaluation([utterance("a", errors=1, n=1), utterance("b", errors=0, n=9)])
    assert found.words.rate == pytest.approx(0.1)
    assert found.audio_s == pytest.approx(2.0)


def test_evaluation_survives_json() -> None:
    """What is read back is what was written, unscored utterances among it."""
    found = evaluation([utterance("a", errors=1, n=2)], unscored={"b": "no reference text"})
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_counts_refuse_unknown_fields() -> None:
    """A misspelt count is an error, never ignored."""
    with pytest.raises(ValidationError, match="extra"):
        ErrorCounts.model_validate({"s": 1, "words": 3})


def test_total_of_many() -> None:
    """The total is what adding one after the other gives; of none it is zero."""
    counts = [ErrorCounts(s=1, d=2, i=3, n=4), ErrorCounts(n=5), ErrorCounts(i=7)]
    assert ErrorCounts.total(counts) == counts[0] + counts[1] + counts[2]
    assert ErrorCounts.total([]) == ErrorCounts()
