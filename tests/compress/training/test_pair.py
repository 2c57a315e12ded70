"""A teacher and its student hear a batch: real frames only, and each what it says alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asrcompress.compress.training.batches import Batch
from asrcompress.compress.training.pair import Pair, outputs_of
from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import LoadedModel, load, quiet_transformers
from asrcompress.core.checkpoint.slim.attention import SlimAttention
from tests.checkpoints import tiny_checkpoint, tiny_module

_SIZES = (16_000, 8123, 15_999, 9001)


def _samples(sizes: Sequence[int] = _SIZES) -> list[Samples]:
    generator = np.random.default_rng(0)
    return [(0.3 * generator.standard_normal(size)).astype(np.float32) for size in sizes]


def _inputs(loaded: LoadedModel, samples: list[Samples]) -> dict[str, Any]:
    made = loaded.processor.feature_extractor(
        samples, sampling_rate=16_000, padding=True, return_tensors="pt"
    )
    return dict(made)


def _load(folder: Path, architecture: str) -> LoadedModel:
    return load(tiny_checkpoint(folder / architecture, architecture))


@pytest.mark.parametrize(
    "architecture", ["wav2vec2", "wav2vec2-layer-norm", "hubert", "wavlm", "sew"]
)
@torch.no_grad()
def test_real_frames_are_counted_exactly(tmp_path: Path, architecture: str) -> None:
    """As many frames of each recording in a padded batch as the model gives of it alone."""
    loaded = _load(tmp_path, architecture)
    samples = _samples()
    with quiet_transformers():
        said = outputs_of(loaded.model, _inputs(loaded, samples), torch.tensor(_SIZES))
        alone = [loaded.model(**_inputs(loaded, [one])).logits.shape[1] for one in samples]
    assert said.frames.tolist() == alone
    assert said.is_real.sum(dim=1).tolist() == alone


@torch.no_grad()
def test_padding_changes_no_real_frame(tmp_path: Path) -> None:
    """Of a model with a mask, whose norms see one frame at a time: what it says to each alone."""
    loaded = _load(tmp_path, "wav2vec2-layer-norm")
    samples = _samples()
    said = outputs_of(loaded.model, _inputs(loaded, samples), torch.tensor(_SIZES))
    for row, one in enumerate(samples):
        alone = outputs_of(loaded.model, _inputs(loaded, [one]), torch.tensor([len(one)]))
        frames = int(said.frames[row])
        for together, single in zip(
            (*said.hidden, said.logits), (*alone.hidden, alone.logits), strict=True
        ):
            assert torch.allclose(together[row, :frames], single[0], atol=1e-5)


@torch.no_grad()
def test_hidden_states(tmp_path: Path) -> None:
    """The first block's input and every block's output, as the model itself tells of them."""
    loaded = _load(tmp_path, "wav2vec2-layer-norm")
    inputs = _inputs(loaded, _samples((8000,)))
    said = outputs_of(loaded.model, inputs, torch.tensor([8000]))
    told = loaded.model(**inputs, output_hidden_states=True).hidden_states
    assert len(said.hidden) == 3
    assert torch.equal(said.hidden[0], told[0])
    assert torch.equal(said.hidden[1], told[1])


def test_one_front_end_serves_both(tmp_path: Path) -> None:
    """The student's is not run where the teacher's output is the same; afterwards both are."""
    loaded = _load(tmp_path, "wav2vec2")
    student = tiny_module(seed=1)
    student.wav2vec2.feature_extractor.load_state_dict(
        loaded.model.wav2vec2.feature_extractor.state_dict()
    )
    inputs = _inputs(loaded, _samples((8000, 8000)))
    with torch.no_grad():
        expected = student(**inputs).logits
    ran: list[int] = []
    student.wav2vec2.feature_extractor.register_forward_pre_hook(lambda *_: ran.append(1))
    pair = Pair(loaded, student)
    batch = Batch(inputs, inputs, torch.tensor([8000, 8000]))
    _, found = pair.hear(batch)
    assert torch.allclose(found.logits, expected, atol=1e-6)
    assert found.logits.requires_grad
    assert "forward" not in vars(student.wav2vec2.feature_extractor)
    with torch.no_grad():
        assert torch.equal(student(**inputs).logits, expected)


def test_each_hears_its_own(tmp_path: Path) -> None:
    """The teacher the clean audio, the student the harder one, each as if it were alone."""
    loaded = _load(tmp_path, "wav2vec2")
    student = load(tmp_path / "wav2vec2").model
    clean, heard = (_inputs(loaded, _samples(sizes)) for sizes in ((8000,), (8000, 8001)))
    heard = {"input_values": heard["input_values"][1:, :8000]}
    with torch.no_grad():
        expected = [student(**inputs).logits for inputs in (clean, heard)]
    towards, found = Pair(loaded, student).hear(Batch(heard, clean, torch.tensor([8000])))
    assert torch.allclose(towards.logits, expected[0], atol=1e-5)
    assert torch.allclose(found.logits, expected[1], atol=1e-5)
    assert not towards.logits.requires_grad


@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm"])
def test_the_teacher_says_what_it_said(tmp_path: Path, architecture: str) -> None:
    """Our own attention, which is faster for WavLM, gives its posteriors within 1e-5."""
    loaded = _load(tmp_path, architecture)
    inputs = _inputs(loaded, _samples((8000, 8000)))
    with torch.no_grad(), quiet_transformers():
        expected = loaded.model(**inputs).logits
        Pair(loaded, tiny_module(architecture))
        found = loaded.model(**inputs).logits
    base = getattr(loaded.model, loaded.model.base_model_prefix)
    assert all(isinstance(block.attention, SlimAttention) for block in base.encoder.layers)
    assert torch.allclose(found, expected, atol=1e-5)
