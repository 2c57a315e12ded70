"""The PyTorch CTC recogniser: batches change no text, short audio crashes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import load
from asrcompress.evaluate import Recogniser, RecogniserOptions, open_recogniser
from tests.checkpoints import ARCHITECTURES
from tests.evaluate.layer_norm import NAMES

Tiny = Callable[[str], Path]
LENGTHS = (9_000, 3_333, 700, 12_345)  # samples


@pytest.fixture(scope="module")
def audio() -> list[Samples]:
    generator = np.random.default_rng(0)
    return [(0.1 * generator.standard_normal(n)).astype(np.float32) for n in LENGTHS]


def _opened(folder: Path) -> Recogniser:
    return open_recogniser(folder, RecogniserOptions(threads=1))


@pytest.mark.parametrize("architecture", NAMES)
def test_batched_text_is_batch_1_text(architecture: str, audio: list[Samples], tiny: Tiny) -> None:
    """Where batches are allowed every text is the one the recording gets alone."""
    recogniser = _opened(tiny(f"+{architecture}"))
    assert recogniser.batching(8).batch_size == 8
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) == alone
    assert all(len(text) > 1 for text in alone)


@pytest.mark.parametrize("architecture", ["wav2vec2", "data2vec-audio"])
def test_padding_would_change_the_others(
    architecture: str, audio: list[Samples], tiny: Tiny
) -> None:
    """Why batch 1 is forced: with group norm or stacked convolutions the text does change."""
    recogniser = _opened(tiny(architecture))
    alone = [recogniser.transcribe([samples])[0] for samples in audio]
    assert recogniser.transcribe(audio) != alone


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
