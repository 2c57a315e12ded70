"""Transcribing: each recording read once, in planned batches; bad files told and counted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from asrcompress.core.audio import Samples
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.evaluate import Batching, BatchPlan, Hypotheses, TranscribeOptions, transcribe
from tests.evaluate.makers import FakeRecogniser, audio_corpus

TEXTS = {"a": "one", "b": None, "c": "three"}  # 0.2, 0.4 and 0.6 s


def test_every_utterance_gets_its_own_text(tmp_path: Path) -> None:
    """Longest first in the recogniser, the corpus's order in the result."""
    recogniser = FakeRecogniser()
    found = transcribe(recogniser, audio_corpus(tmp_path / "c", TEXTS))
    assert recogniser.batches == [[9600, 6400, 3200]]
    assert list(found.pred_texts.items()) == [
        ("a", "3200 samples"),
        ("b", "6400 samples"),
        ("c", "9600 samples"),
    ]
    assert found.decoding.batch_plan == "longest-first-8x60s"
    assert found.decoding.batch_note is None


def test_forced_batch_1_is_told(tmp_path: Path) -> None:
    """The plan's name and the reason are in the result."""
    recogniser = FakeRecogniser(most=1, note="batch 1: why")
    found = transcribe(recogniser, audio_corpus(tmp_path / "c", TEXTS))
    assert recogniser.batches == [[9600], [6400], [3200]]
    assert found.decoding.batch_plan == "longest-first-1"
    assert found.decoding.batch_note == "batch 1: why"


def test_batching_of_a_comparison_wins(tmp_path: Path) -> None:
    """A model that could be batched takes the plan that it shares with another."""
    recogniser = FakeRecogniser(most=8)
    options = TranscribeOptions(batching=Batching(1, "batch 1: the baseline"))
    found = transcribe(recogniser, audio_corpus(tmp_path / "c", TEXTS), options=options)
    assert len(recogniser.batches) == 3
    assert found.decoding.batch_note == "batch 1: the baseline"


def test_audio_is_read_once_and_a_batch_at_a_time(tmp_path: Path) -> None:
    """Reading goes on only when the batch before has been recognised."""
    recogniser = FakeRecogniser()
    events: list[str] = []

    def read(utterance: Utterance, sample_rate_hz: int) -> Samples:
        events.append(f"{utterance.id} after {len(recogniser.batches)}")
        return utterance.audio(sample_rate_hz)

    options = TranscribeOptions(plan=BatchPlan(2), read=read)
    transcribe(recogniser, audio_corpus(tmp_path / "c", TEXTS), options=options)
    assert events == ["c after 0", "b after 0", "a after 1"]


def test_bad_file_fails_at_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The others are recognised first; the warning and the error tell the file and the cause."""
    corpus = audio_corpus(tmp_path / "c", TEXTS)
    corpus.utterances[2].path.write_bytes(b"not audio")
    recogniser = FakeRecogniser()
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(
            InputError, match=r"1 of 3 files, first: .*c\.flac.*at most 0.*allow 1 with max_"
        ),
    ):
        transcribe(recogniser, corpus)
    assert recogniser.batches == [[6400, 3200]]
    assert "c: not readable as audio" in caplog.text


def test_bad_file_that_is_allowed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted with its cause, and has no text."""
    corpus = audio_corpus(tmp_path / "c", TEXTS)
    corpus.utterances[0].path.write_bytes(b"not audio")
    options = TranscribeOptions(max_bad_files=1)
    with caplog.at_level(logging.WARNING):
        found = transcribe(FakeRecogniser(), corpus, options=options)
    assert list(found.pred_texts) == ["b", "c"]
    assert "not readable as audio" in found.bad_files["a"]


def test_no_readable_audio_at_all(tmp_path: Path) -> None:
    corpus = audio_corpus(tmp_path / "c", {"a": "one"})
    corpus.utterances[0].path.write_bytes(b"not audio")
    with pytest.raises(NothingToEvaluateError, match="no readable audio"):
        transcribe(FakeRecogniser(), corpus, options=TranscribeOptions(max_bad_files=1))


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []
    transcribe(
        FakeRecogniser(most=1),
        audio_corpus(tmp_path / "c", TEXTS),
        progress=lambda *counts: seen.append(counts[1:]),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_hypotheses_survive_json(tmp_path: Path) -> None:
    """A cache can hold them: scoring again needs no model."""
    found = transcribe(FakeRecogniser(), audio_corpus(tmp_path / "c", TEXTS))
    assert Hypotheses.model_validate_json(found.model_dump_json()) == found
