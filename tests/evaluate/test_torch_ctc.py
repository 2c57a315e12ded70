"""The PyTorch CTC recogniser: batches change no text, short audio crashes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import load
from asrcompress.core.corpus import BUNDLED as CORPUS
from asrcompress.core.corpus import read_corpus
from asrcompress.core.errors import InputError
from asrcompress.evaluate import (
    Batching,
    BatchPlan,
    Recogniser,
    RecogniserOptions,
    TranscribeOptions,
    open_recogniser,
    transcribe,
)
from asrcompress.evaluate.recognisers.torch_ctc import TorchCtc
from asrcompress.evaluate.recording import Recording
from tests.checkpoints import ARCHITECTURES
from tests.evaluate.layer_norm import NAMES

Tiny = Callable[[str], Path]
SPECTROGRAM_TYPES = ("wav2vec2-bert", "parakeet_ctc", "lasr_ctc")
LENGTHS = (9_000, 3_333, 700, 12_345)  # samples


@pytest.fixture(scope="module")
def audio() -> list[Samples]:
    generator = np.random.default_rng(0)
    return [(0.1 * generator.standard_normal(n)).astype(np.float32) for n in LENGTHS]


def _opened(folder: Path) -> Recogniser:
    return open_recogniser(folder, RecogniserOptions(threads=1))


@pytest.mark.parametrize("architecture", [*(f"+{name}" for name in NAMES), *SPECTROGRAM_TYPES])
def test_batched_text_is_batch_1_text(architecture: str, audio: list[Samples], tiny: Tiny) -> None:
    """Where batches are allowed every text is the one the recording gets alone."""
    recogniser = _opened(tiny(architecture))
    assert recogniser.batching(8).batch_size == 8
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) == alone
    assert all(len(text) > 1 for text in alone)


@pytest.mark.parametrize(
    "architecture", sorted(set(ARCHITECTURES) - {"wav2vec2-layer-norm", *SPECTROGRAM_TYPES})
)
def test_padding_would_change_the_others(
    architecture: str, audio: list[Samples], tiny: Tiny
) -> None:
    """Why batch 1 is forced: with group norm or stacked convolutions the text does change."""
    recogniser = _opened(tiny(architecture))
    assert recogniser.batching(8).batch_size == 1
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) != alone


def test_padding_that_leaks_unforeseen(tiny: Tiny) -> None:
    """A model of a batched family that lets padding in: the check with a batch tells."""
    recogniser = _opened(tiny("+wav2vec2"))
    assert recogniser.batching(8) == Batching(8)
    leaking = _opened(tiny("+wav2vec2"))
    assert isinstance(leaking, TorchCtc)
    encoder = leaking.loaded.model.wav2vec2.encoder
    forward = encoder.forward

    def unmasked(hidden: torch.Tensor, **more: Any) -> Any:
        return forward(hidden, **{**more, "attention_mask": None})

    encoder.forward = unmasked
    found = leaking.batching(8)
    assert found.batch_size == 1
    assert "padding moved the logits by" in (found.note or "")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_very_short_audio(architecture: str, tiny: Tiny) -> None:
    """One sample, and fewer than the first convolution needs, give some text, never a crash."""
    recogniser = _opened(tiny(architecture))
    for samples in (1, 5, 100, 420):
        (text,) = recogniser.transcribe([np.full(samples, 0.1, dtype=np.float32)])
        assert len(text) <= 40  # a quarter of a second of untrained tokens at most


def test_text_is_the_greedy_decoding(tiny: Tiny, audio: list[Samples]) -> None:
    """The same as the most probable tokens of transformers' own forward pass, blanks removed."""
    folder = tiny("wav2vec2")
    loaded = load(folder)
    inputs = loaded.processor(audio[0], sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        best = loaded.model(**inputs).logits.argmax(dim=-1)[0].tolist()
    tokens = loaded.processor.tokenizer.convert_ids_to_tokens(best)
    merged = [t for place, t in enumerate(tokens) if place == 0 or tokens[place - 1] != t]
    expected = "".join(t for t in merged if t != "<pad>").replace("|", " ").strip()
    assert _opened(folder).transcribe([audio[0]]) == [expected]


def test_chunks_give_the_text_of_the_whole() -> None:
    """A minute of speech with three seams in it: word for word what one pass over it gives.

    Attention hears 60 s in the one case and 20 s in the other. So a word that is nearly a tie
    can differ, seam or no seam; in this minute there is none.
    """
    gap = np.zeros(1_600, dtype=np.float32)
    parts = [part for u in read_corpus(CORPUS).utterances[40:] for part in (u.audio(), gap)]
    minute = np.concatenate(parts)[: 60 * 16_000]
    recogniser = open_recogniser("bundled:model", RecogniserOptions(threads=1))
    (whole,) = recogniser.transcribe([minute])
    heard: list[int] = []
    assert recogniser.transcribe_long(Recording.of(minute, heard.append), 20.0) == whole
    assert len(whole.split()) > 60
    # chunks of 20 s, of which 2.5 s at each side are heard by the neighbour as well
    assert [round(samples / 16_000, 2) for samples in heard] == [20, 35, 50, 60]


def _without_attention(folder: Path) -> TorchCtc:
    """The model with attention that adds nothing: a frame then depends on what is near it."""
    recogniser = _opened(folder)
    assert isinstance(recogniser, TorchCtc)
    for name, parameter in recogniser.loaded.model.named_parameters():
        if ".attention.out_proj." in name:
            parameter.data.zero_()
    return recogniser


@pytest.mark.parametrize("level", [1.0, 0.03])
@pytest.mark.parametrize("architecture", NAMES)
def test_chunks_are_normalised_and_joined_exactly(
    architecture: str, level: float, tiny: Tiny
) -> None:
    """Without attention chunks give every token of the whole: mean and variance are the whole's.

    One half of the recording is 30 dB quieter, and all of it has an offset: statistics of its own
    would make a chunk of the quiet half as loud as the other.
    """
    recogniser = _without_attention(tiny(f"+{architecture}"))
    samples = 0.1 * np.random.default_rng(1).standard_normal(31 * 16_000 + 123)
    samples[len(samples) // 2 :] *= level
    long = (samples + 0.02).astype(np.float32)
    (whole,) = recogniser.transcribe([long])
    found = recogniser.transcribe_long(Recording.of(long), 8.0)
    assert len(set(whole)) > 5
    assert found == whole


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_single_chunk_is_the_whole(architecture: str, audio: list[Samples], tiny: Tiny) -> None:
    """No seam, no difference, for every architecture."""
    recogniser = _opened(tiny(architecture))
    long = np.concatenate(audio)
    assert [recogniser.transcribe_long(Recording.of(long), 5.0)] == recogniser.transcribe([long])


@pytest.mark.parametrize(
    "architecture", [*(f"+{name}" for name in NAMES), "sew", *SPECTROGRAM_TYPES]
)
def test_seams_lie_at_frames(architecture: str, tiny: Tiny) -> None:
    """As many frames as in one pass: none is lost or heard twice at a seam."""
    recogniser = _opened(tiny(architecture))
    assert isinstance(recogniser, TorchCtc)
    rows: list[int] = []
    long = (0.1 * np.random.default_rng(1).standard_normal(16 * 16_000 + 77)).astype(np.float32)
    object.__setattr__(recogniser, "_texts", lambda found: [rows.append(len(found[0]))])
    recogniser.transcribe_long(Recording.of(long), 5.0)
    assert rows == [len(recogniser._logits([long])[0])]


def test_no_choice_of_languages(tiny: Tiny) -> None:
    with pytest.raises(InputError, match="no choice of languages"):
        open_recogniser(tiny("wav2vec2"), RecogniserOptions(language="en"))


def test_bundled_batches_are_batch_1() -> None:
    """Every text of the bundled corpus is the same in batches of 8 and one by one."""
    recogniser = open_recogniser("bundled:model", RecogniserOptions(threads=1))
    corpus = read_corpus(CORPUS)
    found = [
        transcribe(recogniser, corpus, options=TranscribeOptions(plan=BatchPlan(size)))
        for size in (1, 8)
    ]
    assert found[1].decoding.batch_plan == "longest-first-8x60s"
    assert found[0].pred_texts == found[1].pred_texts


def test_no_audio_no_texts(tiny: Tiny) -> None:
    assert _opened(tiny("wav2vec2")).transcribe([]) == []


def test_what_it_says_of_itself(tiny: Tiny) -> None:
    """Hash and sizes of the folder; memory is 4 bytes a weight in float32."""
    folder = tiny("wav2vec2")
    recogniser = _opened(folder)
    loaded = load(folder)
    weights = sum(tensor.numel() for tensor in loaded.model.state_dict().values())
    assert recogniser.runtime == "torch_ctc"
    assert recogniser.sizes.memory_bytes == 4 * weights
    assert recogniser.sizes.disk_bytes == loaded.checkpoint.disk_bytes
    assert recogniser.sizes.zipped_bytes is None
    assert recogniser.model_sha256 == loaded.checkpoint.sha256()
    assert recogniser.sample_rate_hz == 16_000
