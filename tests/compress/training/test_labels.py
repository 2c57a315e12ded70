"""Transcripts as the model's own tokenizer spells them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.labels import NOTHING, Labels
from asrcompress.core.checkpoint import LoadedModel, load
from asrcompress.core.errors import InputError
from asrcompress.core.utterance import Utterance
from tests.checkpoints import TOKENS, tiny_checkpoint


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load(tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny"))


def _audio(*texts: str | None) -> TrainingAudio:
    found = tuple(
        Utterance(f"u{number}", Path("none.wav"), 1.0, text=text)
        for number, text in enumerate(texts)
    )
    return TrainingAudio("texts", found, "0", None, "none")


def _tokens(text: str) -> list[int]:
    return [TOKENS.index(letter) for letter in text.replace(" ", "|")]


@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_capitals(loaded: LoadedModel, case: type[str]) -> None:
    """The vocabulary has capitals only, whatever the transcripts are written in."""
    audio = _audio(case("Yes no"), case("up"))
    found = Labels.of(loaded, audio).of_batch(audio.utterances)
    assert found.tolist() == [_tokens("YES NO"), [*_tokens("UP"), *[NOTHING] * 4]]


def test_unknown_letters(loaded: LoadedModel) -> None:
    """A rare letter that the vocabulary lacks is left out, and never learned as unknown."""
    audio = _audio("yes no up down left right go stop on off", "na\u00efve")
    found = Labels.of(loaded, audio).of_batch(audio.utterances[1:])
    assert found.tolist() == [_tokens("NAVE")]


def test_another_alphabet(loaded: LoadedModel) -> None:
    """Transcripts that are mostly unknown are refused, with the share."""
    with pytest.raises(InputError, match=r"not in the model's letters.*got 80 % unknown"):
        Labels.of(loaded, _audio("\u0434\u0430\u043d\u0435A"))


@pytest.mark.parametrize("text", [None, ""])
def test_no_transcript(loaded: LoadedModel, text: str | None) -> None:
    """The utterance without one is named."""
    with pytest.raises(InputError, match="without a transcript: texts; got u1;"):
        Labels.of(loaded, _audio("yes", text))


def test_nothing_but_spaces(loaded: LoadedModel) -> None:
    """A text of no tokens is a row of none, not an error in the middle of a training."""
    audio = _audio("yes no yes no yes no yes no")
    labels = Labels.of(loaded, audio)
    silent = replace(audio.utterances[0], text="\u00ef")
    assert labels.of_batch([silent]).tolist() == [[NOTHING]]
