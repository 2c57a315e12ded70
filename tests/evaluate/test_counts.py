"""Error counts against hand-worked cases and against their own algebra."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.evaluation import ErrorCounts
from asrcompress.evaluate import char_counts, kaldi_line, word_counts

_TEXTS = st.lists(st.sampled_from(["a", "b", "yes", "no", "I"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("the cat sat", "the cat sat", ErrorCounts(n=3)),
        ("the cat sat", "the bat sat", ErrorCounts(s=1, n=3)),
        ("the cat sat", "the sat", ErrorCounts(d=1, n=3)),
        ("the cat sat", "the cat has sat", ErrorCounts(i=1, n=3)),
        ("the cat sat down", "cat sat up here", ErrorCounts(s=1, d=1, i=1, n=4)),
        ("a", "b", ErrorCounts(s=1, n=1)),  # jiwer's command line drops such lines
        ("", "two words", ErrorCounts(i=2)),
        ("two words", "", ErrorCounts(d=2, n=2)),
        ("", "", ErrorCounts()),
        ("  two\twords \n", "two words", ErrorCounts(n=2)),
    ],
)
def test_word_counts(reference: str, hypothesis: str, expected: ErrorCounts) -> None:
    """Substitutions, deletions and insertions of minimum edit distance, worked by hand."""
    assert word_counts(reference, hypothesis) == expected


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("kitten", "sitting", ErrorCounts(s=2, i=1, n=6)),  # Levenshtein's usual example
        ("ab cd", "abcd", ErrorCounts(d=1, n=5)),  # the space between words counts
        ("", "abc", ErrorCounts(i=3)),
        ("abc", "", ErrorCounts(d=3, n=3)),
        ("\u0645\u0631\u062d\u0628\u0627", "\u0645\u0631\u062d\u0628", ErrorCounts(d=1, n=5)),
    ],
)
def test_char_counts(reference: str, hypothesis: str, expected: ErrorCounts) -> None:
    """Characters are code points."""
    assert char_counts(reference, hypothesis) == expected


@given(_TEXTS, _TEXTS)
def test_lengths_follow_from_counts(reference: str, hypothesis: str) -> None:
    """N = hits + S + D and hypothesis words = hits + S + I, with hits >= 0."""
    counts = word_counts(reference, hypothesis)
    hits = counts.n - counts.s - counts.d
    assert counts.n == len(reference.split())
    assert hits >= 0
    assert hits + counts.s + counts.i == len(hypothesis.split())


@given(_TEXTS, _TEXTS)
def test_errors_are_a_distance(reference: str, hypothesis: str) -> None:
    """Zero for equal texts only, the same both ways, between the difference and the maximum."""
    errors = word_counts(reference, hypothesis).errors
    lengths = sorted((len(reference.split()), len(hypothesis.split())))
    assert (errors == 0) == (reference == hypothesis)
    assert errors == word_counts(hypothesis, reference).errors
    assert lengths[1] - lengths[0] <= errors <= lengths[1]


def test_kaldi_line() -> None:
    """Character for character as Kaldi's compute-wer prints it."""
    counts = ErrorCounts(s=1292, d=180, i=210, n=52576)
    assert kaldi_line(counts) == "%WER 3.20 [ 1682 / 52576, 210 ins, 180 del, 1292 sub ]"


def test_kaldi_line_rounds_as_kaldi_does() -> None:
    """compute-wer prints 100 * 102 / 320 = 31.875 as 31.88, and 100 * 1 / 800 = 0.125 as 0.12.

    In single precision 0.075 is above itself: 3 errors in 4,000 words are 0.08 for Kaldi.
    """
    assert kaldi_line(ErrorCounts(s=102, n=320)).startswith("%WER 31.88 [ 102 / 320,")
    assert kaldi_line(ErrorCounts(s=1, n=800)).startswith("%WER 0.12 ")
    assert kaldi_line(ErrorCounts(s=3, n=4000)).startswith("%WER 0.08 ")


def test_kaldi_line_without_reference() -> None:
    assert kaldi_line(ErrorCounts(i=2)) == "%WER n/a [ 2 / 0, 2 ins, 0 del, 0 sub ]"
