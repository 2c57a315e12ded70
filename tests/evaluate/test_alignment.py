"""Alignments and confusions, worked by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.error_table import AlignedWord
from asrcompress.evaluate import word_counts
from asrcompress.evaluate.alignment import aligned_words, confusions

_TEXTS = st.lists(st.sampled_from(["a", "b", "yes", "no", "I"]), max_size=8).map(" ".join)


def test_each_operation() -> None:
    """One word of each kind, the side without a word None."""
    assert aligned_words("the cat sat down", "the bat sat up down here") == (
        AlignedWord(operation="equal", reference="the", hypothesis="the"),
        AlignedWord(operation="substitute", reference="cat", hypothesis="bat"),
        AlignedWord(operation="equal", reference="sat", hypothesis="sat"),
        AlignedWord(operation="insert", reference=None, hypothesis="up"),
        AlignedWord(operation="equal", reference="down", hypothesis="down"),
        AlignedWord(operation="insert", reference=None, hypothesis="here"),
    )
    (deleted,) = aligned_words("\u00a0gone\n", "")
    assert deleted == AlignedWord(operation="delete", reference="gone", hypothesis=None)
    assert aligned_words("", "") == ()


@given(_TEXTS, _TEXTS)
def test_alignment_agrees_with_the_counts(reference: str, hypothesis: str) -> None:
    """Both texts can be read off the alignment, and its operations are those counted."""
    found = aligned_words(reference, hypothesis)
    counts = word_counts(reference, hypothesis)
    operations = [word.operation for word in found]
    assert [word.reference for word in found if word.reference] == reference.split()
    assert [word.hypothesis for word in found if word.hypothesis] == hypothesis.split()
    assert operations.count("substitute") == counts.s
    assert operations.count("delete") == counts.d
    assert operations.count("insert") == counts.i


def test_confusions_are_counted_over_all_texts() -> None:
    found = confusions(["a b c", "a c", "x"], ["a d c", "a d", "x y"])
    assert found == {("b", "d"): 1, ("c", "d"): 1, (None, "y"): 1}
    assert confusions([], []) == {}
