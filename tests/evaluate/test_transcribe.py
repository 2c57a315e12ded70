"""Transcribing: each recording read once, in planned batches; bad files told and counted."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.audio import Samples, write_audio
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.evaluate import Batching, BatchPlan, Hypotheses, TranscribeOptions, transcribe
from tests.evaluate.makers import RATE_HZ, FakeRecogniser, audio_corpus

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


def test_audio_is_read_once_and_one_batch_ahead(tmp_path: Path) -> None:
    """While a batch is recognised the next one is read, and no further one."""
    recogniser = FakeRecogniser()
    events: list[tuple[str, int]] = []

    def read(utterance: Utterance, sample_rate_hz: int) -> Samples:
        events.append((utterance.id, len(recogniser.batches)))
        return utterance.audio(sample_rate_hz)

    corpus = audio_corpus(tmp_path / "c", dict.fromkeys("abcdef", "text"))
    transcribe(recogniser, corpus, options=TranscribeOptions(plan=BatchPlan(1), read=read))
    assert [name for name, _ in events] == list("fedcba")
    for place, (_, recognised) in enumerate(events):
        assert recognised >= place - 1  # two batches at most are in memory


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
    """Milliseconds of audio: 600, 400 and 200."""
    seen: list[tuple[object, ...]] = []
    transcribe(
        FakeRecogniser(most=1),
        audio_corpus(tmp_path / "c", TEXTS),
        progress=lambda *counts: seen.append(counts[1:]),
    )
    assert seen == [(600, 1200), (1000, 1200), (1200, 1200)]


def _with_a_long_one(folder: Path) -> Corpus:
    """The three short recordings and one of 25 s."""
    corpus = audio_corpus(folder, TEXTS)
    path = folder / "long.flac"
    write_audio(path, np.full(25 * RATE_HZ, 0.1, dtype=np.float32), kind="flac16")
    return replace(corpus, utterances=(*corpus.utterances, Utterance("long", path, 25.0)))


def test_long_recordings_are_decoded_in_chunks(tmp_path: Path) -> None:
    """They are counted, the others keep their batch, and progress moves within them."""
    recogniser = FakeRecogniser()
    seen: list[int] = []
    found = transcribe(
        recogniser,
        _with_a_long_one(tmp_path / "c"),
        options=TranscribeOptions(chunk_s=20.0),
        progress=lambda *counts: seen.append(counts[1]),
    )
    assert found.pred_texts["long"] == "400000 samples in chunks of 20 s"
    assert found.pred_texts["c"] == "9600 samples"
    assert recogniser.batches == [[9600, 6400, 3200]]
    assert (found.decoding.chunk_s, found.decoding.chunked) == (20.0, 1)
    assert seen == [10_000, 20_000, 25_000, 25_000, 26_200]  # read in blocks of 10 s


def test_the_recogniser_chooses_the_chunks(tmp_path: Path) -> None:
    """Its own 40 s where nobody says: 25 s are decoded whole."""
    found = transcribe(FakeRecogniser(), _with_a_long_one(tmp_path / "c"))
    assert found.pred_texts["long"] == "400000 samples"
    assert (found.decoding.chunk_s, found.decoding.chunked) == (40.0, 0)


def test_the_read_hook_holds_for_long_recordings(tmp_path: Path) -> None:
    """What it makes of a recording is what is decoded, in chunks too."""

    def half(utterance: Utterance, sample_rate_hz: int) -> Samples:
        samples = utterance.audio(sample_rate_hz)
        return samples[: len(samples) // 2]

    options = TranscribeOptions(chunk_s=20.0, read=half)
    found = transcribe(FakeRecogniser(), _with_a_long_one(tmp_path / "c"), options=options)
    assert found.pred_texts["long"] == "200000 samples in chunks of 20 s"


def test_longer_than_the_manifest_says(tmp_path: Path) -> None:
    """The file decides: a wrong duration does not make one pass over a long recording."""
    corpus = _with_a_long_one(tmp_path / "c")
    liar = replace(corpus.utterances[-1], duration_s=1.0)
    found = transcribe(
        FakeRecogniser(), Corpus("c", (liar,)), options=TranscribeOptions(chunk_s=20.0)
    )
    assert found.pred_texts["long"] == "400000 samples in chunks of 20 s"
    assert found.decoding.chunked == 1


def test_bad_long_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Told and counted as any other."""
    corpus = _with_a_long_one(tmp_path / "c")
    corpus.utterances[-1].path.write_bytes(b"not audio")
    options = TranscribeOptions(chunk_s=20.0, max_bad_files=1)
    with caplog.at_level(logging.WARNING):
        found = transcribe(FakeRecogniser(), corpus, options=options)
    assert list(found.pred_texts) == ["a", "b", "c"]
    assert "not readable as audio" in found.bad_files["long"]
    assert found.decoding.chunked == 0


@pytest.mark.parametrize("chunk_s", [0.0, 4.9, float("nan")])
def test_chunks_too_short_to_recognise_anything(chunk_s: float) -> None:
    with pytest.raises(InputError, match="bad chunk_s"):
        TranscribeOptions(chunk_s=chunk_s)


def test_hypotheses_survive_json(tmp_path: Path) -> None:
    """A cache can hold them: scoring again needs no model."""
    found = transcribe(FakeRecogniser(), audio_corpus(tmp_path / "c", TEXTS))
    assert Hypotheses.model_validate_json(found.model_dump_json()) == found
