"""The encoder-decoder recogniser: Whisper's windows, Moonshine's bound, chunks, artefacts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from asrcompress.compress import CompressRequest, read_options
from asrcompress.compress import run as compress
from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import load, quiet_transformers
from asrcompress.core.corpus import read_corpus
from asrcompress.core.errors import InputError
from asrcompress.evaluate import (
    Batching,
    BatchPlan,
    CostOptions,
    RecogniserOptions,
    TranscribeOptions,
    measure_cost,
    open_recogniser,
    transcribe,
)
from asrcompress.evaluate.recognisers.torch_seq2seq import TorchSeq2Seq
from asrcompress.evaluate.recording import Recording
from tests.checkpoints import ENCODER_DECODERS
from tests.corpora import tiny_corpus

Tiny = Callable[[str], Path]
LENGTHS = (9_000, 3_333, 700, 12_345, 40_000)  # samples


@pytest.fixture(scope="module")
def audio() -> list[Samples]:
    generator = np.random.default_rng(0)
    return [(0.1 * generator.standard_normal(n)).astype(np.float32) for n in LENGTHS]


def _opened(folder: Path, **options: object) -> TorchSeq2Seq:
    opened = open_recogniser(folder, RecogniserOptions(threads=1, **options))  # type: ignore[arg-type]
    assert isinstance(opened, TorchSeq2Seq)
    return opened


def test_whisper_in_batches_is_batch_1(audio: list[Samples], tiny: Tiny) -> None:
    """Every recording has a window of its own: the others of its batch change no text."""
    recogniser = _opened(tiny("whisper"))
    assert recogniser.batching(8) == Batching(8)
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) == alone
    assert len(set(alone)) == len(audio)


def test_moonshine_is_batch_1_because_padding_changes_its_text(
    audio: list[Samples], tiny: Tiny
) -> None:
    """Its group norm runs over time, padding included, whatever the attention mask says."""
    recogniser = _opened(tiny("moonshine"))
    batching = recogniser.batching(8)
    assert batching.batch_size == 1
    assert "group norm over time" in (batching.note or "")
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) != alone
    assert len(set(alone)) > 2


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_text_is_transformers_own(architecture: str, audio: list[Samples], tiny: Tiny) -> None:
    """The same as the pipeline of transformers with one beam, where nothing is cut off."""
    folder = tiny(architecture)
    with quiet_transformers():
        pipeline = transformers.pipeline("automatic-speech-recognition", str(folder), device="cpu")
        expected = pipeline(
            {"raw": audio[4], "sampling_rate": 16_000},
            generate_kwargs={"num_beams": 1, "max_new_tokens": 17},
        )
    found = _opened(folder).transcribe([audio[4]])
    assert found[0][:17] == expected["text"].strip()


def test_tokens_are_the_most_probable_at_each_step(audio: list[Samples], tiny: Tiny) -> None:
    """Teacher-forced with its own output, the model's best next token is always the next one."""
    folder = tiny("moonshine")
    recogniser = _opened(folder)
    (tokens,) = recogniser._tokens([audio[4]])
    loaded = load(folder)
    start = loaded.model.config.decoder_start_token_id
    inputs = loaded.processor(audio=[audio[4]], sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        logits = loaded.model(**inputs, decoder_input_ids=torch.tensor([[start, *tokens]])).logits
    assert logits[0, : len(tokens)].argmax(dim=-1).tolist() == tokens


def test_moonshine_is_bounded_by_duration(tiny: Tiny) -> None:
    """6.5 tokens a second, or as asked; six at least; a loop of an untrained model ends there."""
    noise = (0.1 * np.random.default_rng(3).standard_normal(64_000)).astype(np.float32)
    recogniser = _opened(tiny("moonshine"))
    assert [recogniser._most_tokens(round(s * 16_000)) for s in (0.1, 2.0, 4.0)] == [6, 13, 26]
    assert recogniser._most_tokens(100 * 16_000) == 194  # the decoder's positions
    assert len(recogniser._tokens([noise])[0]) <= 26
    fast = _opened(tiny("moonshine"), max_tokens_per_s=13.0)
    assert fast._most_tokens(64_000) == 52


def test_whisper_fills_its_decoder_at_most(tiny: Tiny) -> None:
    """32 positions, of which the prompt takes four."""
    assert _opened(tiny("whisper"))._most_tokens(1) == 28


def test_language_of_choice(audio: list[Samples], tiny: Tiny) -> None:
    """By code or name; the decoder's prompt, and so the text, changes with it."""
    english = _opened(tiny("whisper")).transcribe(audio)
    assert _opened(tiny("whisper"), language="English").transcribe(audio) == english
    assert _opened(tiny("whisper"), language="ar").transcribe(audio) != english


def test_languages_that_cannot_be_chosen(tiny: Tiny) -> None:
    with pytest.raises(InputError, match=r"does not know the language.*'de'.*one of ar, en"):
        _opened(tiny("whisper"), language="de")
    with pytest.raises(InputError, match="no choice of languages"):
        _opened(tiny("moonshine"), language="en")


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_very_short_audio(architecture: str, tiny: Tiny) -> None:
    """One sample, and fewer than the convolutions need, give some text, never a crash."""
    recogniser = _opened(tiny(architecture))
    for samples in (1, 100, 894):
        (text,) = recogniser.transcribe([np.full(samples, 0.1, dtype=np.float32)])
        assert len(text) <= 28


def test_no_audio_no_texts(tiny: Tiny) -> None:
    assert _opened(tiny("moonshine")).transcribe([]) == []


def test_chunks_are_no_longer_than_the_window(tiny: Tiny) -> None:
    """Whisper cuts off what its window (4 s here) does not hold; Moonshine has none."""
    assert _opened(tiny("whisper")).chunk_s(None) == 4.0
    assert _opened(tiny("whisper")).chunk_s(20.0) == 4.0
    assert _opened(tiny("moonshine")).chunk_s(None) == 30.0
    assert _opened(tiny("moonshine")).chunk_s(20.0) == 20.0


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_a_recording_of_one_chunk(architecture: str, audio: list[Samples], tiny: Tiny) -> None:
    recogniser = _opened(tiny(architecture))
    for samples in audio:
        assert [recogniser.transcribe_long(Recording.of(samples), 4.0)] == recogniser.transcribe(
            [samples]
        )


def test_cut_at_pauses(audio: list[Samples], tiny: Tiny) -> None:
    """With a pause before each window's end the parts are recognised by themselves, in order."""
    recogniser = _opened(tiny("whisper"))
    sounding, pause = audio[4], np.zeros(19_200, dtype=np.float32)  # 2.5 s, 1.2 s
    long = np.concatenate([sounding, pause, sounding[::-1], pause, sounding])
    heard: list[int] = []
    text = recogniser.transcribe_long(Recording.of(long, heard.append), 4.0)
    ends = [0, *heard]
    parts = [long[start:end] for start, end in zip(ends, heard, strict=False)]
    assert text == " ".join(recogniser.transcribe([part])[0] for part in parts)
    assert len(parts) == 3
    assert heard[-1] == len(long)
    for end in heard[:-1]:
        assert not long[end - 800 : end + 800].any()  # each cut lies within a pause


def test_without_a_pause_the_seam_is_heard_twice(tiny: Tiny) -> None:
    """Windows of 4 s that share two thirds of a second, to the end of the recording."""
    noise = (0.1 * np.random.default_rng(5).standard_normal(10 * 16_000)).astype(np.float32)
    heard: list[int] = []
    text = _opened(tiny("whisper")).transcribe_long(Recording.of(noise, heard.append), 4.0)
    assert [round(samples / 16_000, 2) for samples in heard] == [4.0, 7.33, 10.0]
    assert text


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
@pytest.mark.parametrize("bits", [8, 4])
def test_artefacts_are_recognised_with(
    architecture: str, bits: int, audio: list[Samples], tiny: Tiny, tmp_path: Path
) -> None:
    """Compressed, reloaded and run as their originals are, with what the manifest says of them."""
    options = read_options({"bits": bits})
    artefact = compress(
        CompressRequest(str(tiny(architecture)), options, tmp_path / "a", measure_zip=False)
    )
    recogniser = _opened(tmp_path / "a")
    assert recogniser.sizes == artefact.manifest.sizes
    assert recogniser.batching(8) == _opened(tiny(architecture)).batching(8)
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert len(set(alone)) > 2
    if recogniser.batching(8).batch_size == 8:
        assert recogniser.transcribe(audio) == alone


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_a_corpus_of_long_and_short(architecture: str, tiny: Tiny, tmp_path: Path) -> None:
    """Through the same door as CTC models; what runs is told in the result."""
    corpus = read_corpus(tiny_corpus(tmp_path / "c"))
    found = transcribe(_opened(tiny(architecture)), corpus)
    again = transcribe(
        _opened(tiny(architecture)), corpus, options=TranscribeOptions(plan=BatchPlan(1))
    )
    assert found.pred_texts == again.pred_texts
    assert all(found.pred_texts.values())
    assert found.decoding.recogniser == "torch_seq2seq"
    assert found.decoding.chunked == 0


def test_cost_of_a_whisper(tiny: Tiny, tmp_path: Path) -> None:
    """The process that measures cost opens it as evaluation does, language and all."""
    corpus = read_corpus(tiny_corpus(tmp_path / "c", speakers=1))
    cost = measure_cost(tiny("whisper"), corpus, CostOptions(threads=1, language="ar"))
    assert cost.batch_size == 8
    assert cost.audio_s == pytest.approx(1.05)
    assert cost.processing_s > 0
