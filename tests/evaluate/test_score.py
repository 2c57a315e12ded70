"""Scoring: the normaliser on both sides, raw texts kept, nothing skipped silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.evaluate import Hypotheses, kaldi_line, referenced, score
from tests.evaluate.makers import DECODING, SIZES


def _corpus(**texts: str | None) -> Corpus:
    return Corpus(
        "c", tuple(Utterance(key, Path(f"{key}.flac"), 1.0, text) for key, text in texts.items())
    )


def _hypotheses(bad_files: dict[str, str] | None = None, **texts: str) -> Hypotheses:
    return Hypotheses(
        model="m",
        model_sha256="0" * 64,
        corpus="c",
        corpus_sha256="1" * 64,
        decoding=DECODING,
        sizes=SIZES,
        pred_texts=texts,
        bad_files=bad_files or {},
    )


def test_same_normaliser_on_both_sides() -> None:
    """`Go, LEFT!` against `GO left` is no error in basic and two in none; raw texts are kept."""
    corpus, hypotheses = _corpus(a="Go, LEFT!"), _hypotheses(a="GO left")
    basic = score(hypotheses, corpus)
    assert basic.normaliser == "basic-1"
    assert basic.words == ErrorCounts(n=2)
    assert (basic.utterances[0].text, basic.utterances[0].pred_text) == ("Go, LEFT!", "GO left")
    assert score(hypotheses, corpus, "none").words == ErrorCounts(s=2, n=2)


def test_insertions_on_an_empty_reference_count() -> None:
    found = score(_hypotheses(a="go", b="yes no"), _corpus(a="go", b=""))
    assert found.words == ErrorCounts(i=2, n=1)
    assert found.words.rate == pytest.approx(2.0)


def test_unscored_utterances_are_listed() -> None:
    """No reference, or a bad file: listed with the reason, not scored as deletions."""
    found = score(_hypotheses({"c": "cannot read"}, a="go", b="no"), _corpus(a="go", b=None, c="x"))
    assert [row.id for row in found.utterances] == ["a"]
    assert found.unscored == {"b": "no reference text", "c": "cannot read"}


def test_missing_hypotheses_are_an_error() -> None:
    """Strict: a text that is neither there nor explained is never counted as silence."""
    corpus = _corpus(a="go", b="no", c="up", d="x", e=None)
    with pytest.raises(
        InputError, match="utterances without a hypothesis: m; got 2 of 4, first: b"
    ):
        score(_hypotheses({"d": "cannot read"}, a="go"), corpus)


def test_missing_hypotheses_left_out() -> None:
    """Present: those that have one are scored, the rest are listed with the reason."""
    found = score(_hypotheses(a="go"), _corpus(a="go", b="no no"), missing="present")
    assert found.words == ErrorCounts(n=1)
    assert found.unscored == {"b": "no hypothesis"}


def test_missing_hypotheses_counted_as_deletions() -> None:
    """All: no hypothesis is an empty one, of a bad file too; no reference is still no score."""
    corpus = _corpus(a="go", b="no no", c="x", d=None)
    found = score(_hypotheses({"c": "cannot read"}, a="go"), corpus, missing="all")
    assert found.words == ErrorCounts(d=3, n=4)
    assert found.chars == ErrorCounts(d=6, n=8)
    assert [row.pred_text for row in found.utterances] == ["go", "", ""]
    assert found.unscored == {"d": "no reference text"}


def test_missing_counts_are_kaldis() -> None:
    """`compute-wer --mode=present` and `--mode=all` on the same two texts, worked by hand.

    Three words of the first recognised with one substitution; the second, of two words, missing.
    """
    corpus, hypotheses = _corpus(a="one two three", b="four five"), _hypotheses(a="one too three")
    present = score(hypotheses, corpus, missing="present").words
    every = score(hypotheses, corpus, missing="all").words
    assert kaldi_line(present) == "%WER 33.33 [ 1 / 3, 0 ins, 0 del, 1 sub ]"
    assert kaldi_line(every) == "%WER 60.00 [ 3 / 5, 0 ins, 2 del, 1 sub ]"


def test_unknown_treatment_of_missing_is_refused() -> None:
    with pytest.raises(InputError, match="bad missing; got 'some'; expected one of all, present"):
        score(_hypotheses(a="go"), _corpus(a="go"), missing="some")  # type: ignore[arg-type]


def test_nothing_to_score() -> None:
    with pytest.raises(
        NothingToEvaluateError, match="nothing to score: c; got 1 utterances, first: no ref"
    ):
        score(_hypotheses(a="go"), _corpus(a=None))


def test_referenced_keeps_those_with_a_text() -> None:
    """An empty reference is a reference; none at all ends in exit code 5."""
    assert [u.id for u in referenced(_corpus(a="", b=None, c="x")).utterances] == ["a", "c"]
    with pytest.raises(NothingToEvaluateError, match="no reference texts") as caught:
        referenced(_corpus(a=None))
    assert caught.value.exit_code == 5
