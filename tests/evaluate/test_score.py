"""Scoring: the normaliser on both sides, raw texts kept, nothing skipped silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.evaluate import Hypotheses, referenced, score
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


def test_missing_hypothesis_is_an_error() -> None:
    """Strict: a text that is neither there nor explained is never counted as silence."""
    with pytest.raises(InputError, match="no hypothesis for an utterance: b"):
        score(_hypotheses(a="go"), _corpus(a="go", b="no"))


def test_nothing_to_score() -> None:
    with pytest.raises(NothingToEvaluateError, match="nothing to score: c; got 1 utterances"):
        score(_hypotheses(a="go"), _corpus(a=None))


def test_referenced_keeps_those_with_a_text() -> None:
    """An empty reference is a reference; none at all ends in exit code 5."""
    assert [u.id for u in referenced(_corpus(a="", b=None, c="x")).utterances] == ["a", "c"]
    with pytest.raises(NothingToEvaluateError, match="no reference texts") as caught:
        referenced(_corpus(a=None))
    assert caught.value.exit_code == 5
