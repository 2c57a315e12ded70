"""Masks on a running model are those of Wang et al. (2023), Eq. 3, and gradients reach them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from asrcompress.compress.structured.attach import attach
from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.removal import remove
from asrcompress.core.checkpoint.slim.blocks import blocks_of
from asrcompress.core.checkpoint.slim.reshape import use_own_attention
from tests.compress.structured.random_masks import random_masks, whole_masks
from tests.core.checkpoint.slim.families import NOTHING_RANDOM, family_module, heard
from tests.core.checkpoint.slim.families import logits_of as logits


def _own(family: str, **changes: Any) -> Any:
    module = family_module(family, **changes)
    use_own_attention(module)
    return module


def _attention_of_equation_3(attention: Any, hidden: torch.Tensor, z: BlockMasks) -> torch.Tensor:
    """z_MHA (concat_i softmax(q_i diag(z_qk_i) k_i / sqrt(d)) v_i diag(z_vo_i) W_O + b_O)."""
    heads, width = z.query_key.shape
    query, key, value = (
        getattr(attention, f"{name}_proj")(hidden).unflatten(-1, (heads, width)) for name in "qkv"
    )
    outputs = []
    for head in range(heads):
        scores = query[:, :, head] @ torch.diag(z.query_key[head]) @ key[:, :, head].mT
        weights = torch.softmax(scores / width**0.5, dim=-1)
        outputs.append(weights @ value[:, :, head] @ torch.diag(z.value_output[head]))
    projected = torch.cat(outputs, dim=-1) @ attention.out_proj.weight.mT + attention.out_proj.bias
    return z.attention * projected


def _feed_forward_of_equation_3(
    feed_forward: Any, hidden: torch.Tensor, z: BlockMasks
) -> torch.Tensor:
    """z_FFN (gelu(x W_U + b_U) diag(z_int) W_D + b_D)."""
    up, down = feed_forward.intermediate_dense, feed_forward.output_dense
    inner = torch.nn.functional.gelu(hidden @ up.weight.mT + up.bias) @ torch.diag(z.intermediate)
    return z.feed_forward * (inner @ down.weight.mT + down.bias)


@torch.no_grad()
def test_a_block_is_masked_as_in_equation_3() -> None:
    """Biases included: of queries and values under their masks, of outputs under the scalars."""
    module = _own("wav2vec2")
    masks = random_masks(module)
    block: Any = blocks_of(module)[1]
    hidden = torch.randn(2, 9, 32, generator=torch.Generator().manual_seed(2))
    attended = _attention_of_equation_3(block.attention, hidden, masks[1])
    between = block.layer_norm(hidden + attended)
    passed = _feed_forward_of_equation_3(block.feed_forward, between, masks[1])
    expected = block.final_layer_norm(between + passed)
    with attach(module, lambda number: masks[number]):
        got = block(hidden)
    assert (got - expected).abs().max() <= 1e-5
    assert (block(hidden) - expected).abs().max() > 0.1


@pytest.mark.parametrize("family", ["wav2vec2", "wav2vec2-pre-norm", "hubert", "wavlm"])
def test_ones_change_nothing_and_nothing_stays(family: str) -> None:
    """Masks of ones leave the logits, and after removal so does everything."""
    module = _own(family)
    plain = logits(module, heard())
    masks, others = whole_masks(module), random_masks(module)
    with attach(module, lambda number: masks[number]):
        assert torch.equal(logits(module, heard()), plain)
    attached = attach(module, lambda number: others[number])
    assert (logits(module, heard()) - plain).abs().max() > 0.01
    attached.remove()
    assert torch.equal(logits(module, heard()), plain)


@pytest.mark.parametrize("family", ["wav2vec2", "wavlm-pre-norm"])
def test_gradients_by_finite_differences(family: str) -> None:
    """Of a loss after both blocks, for every kind of mask; in double precision."""
    module = _own(family).double()
    module.requires_grad_(False)
    masks = [
        BlockMasks(*(part.double() for part in _parts(mask)))
        for mask in random_masks(module, zeros=0.2)
    ]
    inputs = {"input_values": heard(1, 2000)["input_values"].double()}
    direction = torch.Generator().manual_seed(3)
    for name in ("query_key", "value_output", "intermediate", "attention", "feed_forward"):
        start = getattr(masks[0], name)
        step = torch.randn(start.shape, generator=direction, dtype=torch.float64)

        def loss(mask: torch.Tensor, name: str = name) -> torch.Tensor:
            changed = [replace(masks[0], **{name: mask}), masks[1]]
            with attach(module, lambda number: changed[number]):
                return module(**inputs).logits.square().mean()  # type: ignore[no-any-return]

        leaf = start.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(leaf), leaf)
        slope = (loss(start + 1e-5 * step) - loss(start - 1e-5 * step)) / 2e-5
        assert slope.abs() > 1e-7, name
        assert torch.isclose((gradient * step).sum(), slope, rtol=1e-4), name


def _parts(mask: BlockMasks) -> tuple[torch.Tensor, ...]:
    return (
        mask.query_key,
        mask.value_output,
        mask.intermediate,
        mask.attention,
        mask.feed_forward,
    )


def test_masks_are_asked_for_once_a_block() -> None:
    """So one draw of random masks holds for the whole block."""
    module = _own("wavlm")
    masks, asked = whole_masks(module), []

    def of(number: int) -> BlockMasks:
        asked.append(number)
        return masks[number]

    with attach(module, of):
        logits(module, heard())
        logits(module, heard())
    assert asked == [0, 1, 0, 1]


def test_dropout_is_as_without_masks() -> None:
    """The same random numbers drop the same units: masks of ones change nothing in training."""
    module = _own("wav2vec2", **NOTHING_RANDOM | {"activation_dropout": 0.3}).train()
    masks = whole_masks(module)
    torch.manual_seed(5)
    expected = logits(module, heard())
    torch.manual_seed(5)
    with attach(module, lambda number: masks[number]):
        assert torch.equal(logits(module, heard()), expected)


def test_half_precision_stays_half() -> None:
    """Under autocast, masks in float32 do not make activations wider."""
    module = _own("wav2vec2")
    masks, seen = random_masks(module), []
    block: Any = blocks_of(module)[0]
    with (
        attach(module, lambda number: masks[number]),
        torch.no_grad(),
        torch.autocast("cpu", torch.bfloat16),
    ):
        for layer in (block.attention.q_proj, block.feed_forward.output_dense):
            layer.register_forward_hook(lambda _, __, output: seen.append(output.dtype))
        module(**heard())
    assert seen == [torch.bfloat16, torch.bfloat16]


def test_blocks_that_have_no_such_masks() -> None:
    """Stock attention, which may call no modules, and blocks that are pruned already."""
    module = family_module("wavlm")
    masks = random_masks(module)
    with pytest.raises(ValueError, match="not our own attention: WavLMAttention"):
        attach(module, lambda number: masks[number])
    remove(module, masks)
    with pytest.raises(ValueError, match="pruned already"):
        attach(module, lambda number: masks[number])
    module = family_module("wavlm")
    whole = whole_masks(module)
    remove(module, [replace(whole[0], feed_forward=torch.zeros(())), whole[1]])
    with pytest.raises(ValueError, match="feed-forward that was removed"):
        attach(module, lambda number: whole[number])
