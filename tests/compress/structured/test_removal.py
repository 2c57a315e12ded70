"""The physically smaller model computes what the masked one does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import asrcompress
from asrcompress.compress.structured.attach import attach
from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.removal import remove
from asrcompress.core.audio import read_audio
from asrcompress.core.checkpoint import load
from asrcompress.core.checkpoint.slim.blocks import blocks_of, structure_of
from asrcompress.core.checkpoint.slim.reshape import use_own_attention
from tests.compress.structured.random_masks import random_masks, whole_masks
from tests.core.checkpoint.slim.families import FAMILIES, NOTHING_RANDOM, family_module, heard
from tests.core.checkpoint.slim.families import logits_of as logits

ROOT = Path(__file__).resolve().parents[3]
BUNDLED = Path(asrcompress.__file__).parent / "bundled"
TEACHERS = [ROOT / ".cache" / "teachers" / f"teacher-{n}" for n in ("wav2vec2", "hubert", "wavlm")]
HUBERT = TEACHERS[1]
SPEECH = ROOT.parent / "shared" / "data" / "unlabelled"
TOLERANCE = 1e-5
ZERO = torch.zeros(())


def _pair(family: str, masks_of: Callable[[Any], Any], **changes: Any) -> tuple[Any, Any, Any]:
    """The masked model's logits, the pruned model, and the unmasked model's logits."""
    module = family_module(family, **changes)
    use_own_attention(module)
    masks = masks_of(module)
    pruned = copy.deepcopy(module)
    structure = remove(pruned, masks)
    assert structure == structure_of(pruned)
    plain = logits(module, heard())
    with attach(module, lambda number: masks[number]):
        masked = logits(module, heard())
    return masked, pruned, plain


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("family", FAMILIES)
def test_random_masks(family: str, zeros: float) -> None:
    """Ragged heads and soft values, in all families, with padding and in a batch."""
    masked, pruned, plain = _pair(family, lambda module: random_masks(module, zeros=zeros))
    assert (logits(pruned, heard()) - masked).abs().max() <= TOLERANCE
    assert (masked - plain).abs().max() > 0.01


def _first_head_gone(masks: list[BlockMasks]) -> None:
    masks[0].value_output[0] = 0  # its queries' masks stay open: they leave all the same


def _no_queries(masks: list[BlockMasks]) -> None:
    masks[1].query_key[:] = 0


def _attention_gone(masks: list[BlockMasks]) -> None:
    masks[0] = replace(masks[0], attention=ZERO)


def _feed_forward_gone(masks: list[BlockMasks]) -> None:
    masks[1] = replace(masks[1], feed_forward=ZERO)


def _first_block_gone(masks: list[BlockMasks]) -> None:
    masks[0] = replace(masks[0], attention=ZERO, feed_forward=ZERO)


def _all_gone(masks: list[BlockMasks]) -> None:
    masks[:] = [replace(mask, attention=ZERO, feed_forward=ZERO) for mask in masks]


@pytest.mark.parametrize("from_masks", [random_masks, whole_masks])
@pytest.mark.parametrize(
    "close",
    [
        _first_head_gone,
        _no_queries,
        _attention_gone,
        _feed_forward_gone,
        _first_block_gone,
        _all_gone,
    ],
)
@pytest.mark.parametrize("family", ["wav2vec2", "wav2vec2-pre-norm", "wavlm", "wavlm-pre-norm"])
def test_whole_parts(family: str, close: Callable[[Any], None], from_masks: Any) -> None:
    """Heads, sublayers and blocks that leave whole, the first block of WavLM among them."""

    def masks_of(module: Any) -> list[BlockMasks]:
        masks = list(from_masks(module))
        close(masks)
        return masks

    masked, pruned, plain = _pair(family, masks_of)
    assert (logits(pruned, heard()) - masked).abs().max() <= TOLERANCE
    assert (masked - plain).abs().max() > 1e-3
    assert not any("hook" in key and value for key, value in vars(pruned).items())


def test_what_is_left_by_hand() -> None:
    """Numbers of weights, and folded values, of one block with round figures."""
    module = family_module("wav2vec2")
    masks = list(whole_masks(module))
    masks[0].query_key[1] = 0
    masks[0].query_key[0, 3:] = 0  # 3 and 0 of 16 query dimensions
    masks[0].value_output[0, :] = 0.5
    masks[0].value_output[1, 4:] = 0  # 16 at a half, and 4
    masks[0].intermediate[10:] = 0
    masks[0] = replace(masks[0], attention=torch.tensor(0.5), feed_forward=torch.tensor(0.25))
    before = copy.deepcopy(module.wav2vec2.encoder.layers[0])
    structure = remove(module, masks)
    first = structure.blocks[0]
    assert first.query_key == (3, 0)
    assert first.value_output == (16, 4)
    assert first.feed_forward == 10
    block: Any = blocks_of(module)[0]
    queries_and_keys, values, outputs = 2 * (3 * 32 + 3), 20 * 32 + 20, 20 * 32 + 32
    assert sum(p.numel() for p in block.attention.parameters()) == (
        queries_and_keys + values + outputs
    )
    assert sum(p.numel() for p in block.feed_forward.parameters()) == 2 * 10 * 32 + 10 + 32
    for got, expected in (
        (block.attention.k_proj.weight, before.attention.k_proj.weight[:3]),
        (block.attention.v_proj.weight, before.attention.v_proj.weight[:20]),
        (block.attention.out_proj.weight[:, :16], before.attention.out_proj.weight[:, :16] / 4),
        (block.attention.out_proj.weight[:, 16:], before.attention.out_proj.weight[:, 16:20] / 2),
        (block.attention.out_proj.bias, before.attention.out_proj.bias / 2),
        (block.feed_forward.output_dense.bias, before.feed_forward.output_dense.bias / 4),
    ):
        assert torch.equal(got, expected)


def test_soft_values_of_queries_are_folded_into_queries_alone() -> None:
    """Folded into both sides they would count twice."""
    module = family_module("wav2vec2")
    masks = whole_masks(module)
    masks[0].query_key[:] = 0.5
    before = copy.deepcopy(module.wav2vec2.encoder.layers[0].attention)
    remove(module, masks)
    attention = module.wav2vec2.encoder.layers[0].attention
    assert torch.equal(attention.q_proj.weight, before.q_proj.weight / 2)
    assert torch.equal(attention.q_proj.bias, before.q_proj.bias / 2)
    assert torch.equal(attention.k_proj.weight, before.k_proj.weight)


def test_the_pruned_model_can_be_trained() -> None:
    """Gradients reach all that is left, and none of it is shared with the original."""
    module = family_module("wavlm", **NOTHING_RANDOM)
    pruned = copy.deepcopy(module)
    remove(pruned, random_masks(module))
    pruned.train()(**heard()).logits.square().mean().backward()
    unused = {"wavlm.masked_spec_embed"}
    trained = {name for name, p in pruned.named_parameters() if p.grad is not None}
    assert {name for name, _ in pruned.named_parameters()} - trained <= unused
    original = {p.data_ptr() for p in module.parameters()}
    assert not original & {p.data_ptr() for p in pruned.parameters()}


def test_sublayers_left_open_with_nothing_in_them() -> None:
    """Their bias alone is no structure; and the model is not changed halfway."""
    module = family_module("wav2vec2")
    plain = logits(module, heard())
    for name in ("value_output", "intermediate"):
        masks = whole_masks(module)
        getattr(masks[1], name)[:] = 0
        with pytest.raises(ValueError, match="open but has nothing in it"):
            remove(module, masks)
        assert (logits(module, heard()) - plain).abs().max() <= TOLERANCE


def test_masks_that_do_not_fit() -> None:
    """Of other sizes, of another number of blocks, or of a model that is pruned already."""
    module = family_module("wav2vec2")
    masks = whole_masks(module)
    with pytest.raises(ValueError, match="masks of 1 blocks for 2"):
        remove(module, masks[:1])
    for name, other in (
        ("query_key", torch.ones(2, 8)),
        ("value_output", torch.ones(4, 16)),
        ("intermediate", torch.ones(255)),
    ):
        with pytest.raises(ValueError, match="masks of"):
            remove(module, [masks[0], replace(masks[1], **{name: other})])
    remove(module, random_masks(module))
    with pytest.raises(ValueError, match="pruned already"):
        remove(module, masks)


def _heard_by(loaded: Any, speech: Path) -> dict[str, torch.Tensor]:
    """Two utterances of different lengths, of at most 3 s."""
    utterances = [read_audio(path)[:48_000] for path in sorted(speech.glob("*.opus"))[:2]]
    utterances[1] = utterances[1][:30_000]
    features = loaded.processor(
        utterances,
        sampling_rate=16_000,
        padding=True,
        return_attention_mask=True,
        return_tensors="pt",
    )
    return dict(features)


def _masked_and_removed(
    module: Any, inputs: dict[str, torch.Tensor], zeros: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of both, where an attention, and a block if there are more than two, leave whole."""
    use_own_attention(module)
    masks = list(random_masks(module, zeros=zeros))
    masks[0] = replace(masks[0], attention=ZERO)
    if len(masks) > 2:
        masks[1] = replace(masks[1], attention=ZERO, feed_forward=ZERO)
    with attach(module, lambda number: masks[number]):
        masked = logits(module, inputs)
    before = sum(parameter.numel() for parameter in module.parameters())
    remove(module, masks)
    assert sum(parameter.numel() for parameter in module.parameters()) < before
    return masked, logits(module, inputs)


@pytest.mark.skipif(not SPEECH.is_dir(), reason="no shared recordings")
@pytest.mark.parametrize("zeros", [0.3, 0.8])
@pytest.mark.parametrize("teacher", TEACHERS, ids=lambda folder: folder.name)
def test_trained_models_on_real_speech(teacher: Path, zeros: float) -> None:
    """To 1e-5 in float32, of wav2vec2, HuBERT and WavLM."""
    if not teacher.is_dir():
        pytest.skip("no such teacher here")
    loaded = load(teacher)
    masked, removed = _masked_and_removed(loaded.model, _heard_by(loaded, SPEECH), zeros)
    assert (removed - masked).abs().max() <= TOLERANCE
    assert masked.std() > 0.1


@pytest.mark.skipif(not SPEECH.is_dir(), reason="no shared recordings")
@pytest.mark.skipif(not HUBERT.is_dir(), reason="no such teacher here")
@pytest.mark.parametrize("zeros", [0.3, 0.8])
def test_wav2vec2_with_norms_behind_its_sublayers_on_real_speech(zeros: float) -> None:
    """To 1e-5: HuBERT's trained weights, which are those of a wav2vec2 by other names."""
    loaded = load(HUBERT)
    module = _as_wav2vec2(loaded.model)
    inputs = _heard_by(loaded, SPEECH)
    assert (logits(module, inputs) - logits(loaded.model, inputs)).abs().max() <= TOLERANCE
    masked, removed = _masked_and_removed(module, inputs, zeros)
    assert (removed - masked).abs().max() <= TOLERANCE
    assert masked.std() > 0.1


def _as_wav2vec2(hubert: Any) -> Any:
    """The same network as the other class."""
    values = {
        name: value for name, value in hubert.config.to_dict().items() if name != "model_type"
    }
    config = transformers.Wav2Vec2Config.from_dict(values)
    assert not config.do_stable_layer_norm
    module = transformers.Wav2Vec2ForCTC(config)
    state = {key.replace("hubert.", "wav2vec2.", 1): t for key, t in hubert.state_dict().items()}
    module.load_state_dict(state)
    return module.eval()


@pytest.mark.parametrize("zeros", [0.3, 0.8])
def test_a_trained_model_on_speech_in_double_precision(zeros: float) -> None:
    """Nothing but rounding differs: in float64 next to nothing does."""
    loaded = load(BUNDLED / "model")
    inputs = _heard_by(loaded, BUNDLED / "corpus")
    inputs["input_values"] = inputs["input_values"].double()
    masked, removed = _masked_and_removed(loaded.model.double(), inputs, zeros)
    assert (removed - masked).abs().max() <= 1e-12 * masked.abs().max()
    assert masked.std() > 0.1
