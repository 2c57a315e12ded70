"""Giving a model's blocks our own attention, and the widths of a structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from asrcompress.core.checkpoint.slim.attention import RemovedAttention, SlimAttention
from asrcompress.core.checkpoint.slim.blocks import (
    blocks_of,
    is_gated,
    is_stock_attention,
    structure_of,
    why_not_slim,
)
from asrcompress.core.checkpoint.slim.feed_forward import RemovedFeedForward
from asrcompress.core.checkpoint.slim.gated import RemovedGatedAttention, SlimGatedAttention
from asrcompress.core.checkpoint.slim.heads import HeadWidths
from asrcompress.core.errors import IntegrityError
from asrcompress.core.structure import BlockStructure, Structure

_PROJECTIONS = ("k_proj", "v_proj", "q_proj", "out_proj")
_MASKS_UNDERSTOOD = ("eager", "sdpa")  # of transformers' forms of attention masks


def use_own_attention(model: torch.nn.Module) -> None:
    """Replace the blocks' attention by ours, equal to it, with the same Parameter objects.

    Raises:
        ModelError: its blocks are of another kind.
    """
    for block, now in zip(blocks_of(model), structure_of(model).blocks, strict=True):
        attention: Any = block.attention
        if is_stock_attention(attention):
            projections = {name: getattr(attention, name) for name in _PROJECTIONS}
            block.attention = _slim_attention(attention, now, projections)
    _use_masks_understood(model)


def reshape(model: torch.nn.Module, structure: Structure) -> None:
    """Give the model's blocks the structure's widths, in place; what is made anew has no values.

    Raises:
        IntegrityError: the structure does not fit the model, which is unchanged then.
    """
    reason = why_not_slim(model)
    if reason is not None:
        raise IntegrityError("the structure is not the model's", got=reason)
    _refuse_misfit(structure_of(model), structure)
    for block, wanted in zip(blocks_of(model), structure.blocks, strict=True):
        reshape_block(block, wanted)
    _use_masks_understood(model)


def reshape_block(block: Any, wanted: BlockStructure) -> None:
    """Give one block our own attention and the wanted widths, which must not be larger."""
    block.attention = _reshaped_attention(block.attention, wanted)
    if not wanted.has_feed_forward:
        block.feed_forward = RemovedFeedForward().train(block.training)
        return
    inner, outer = block.feed_forward.intermediate_dense, block.feed_forward.output_dense
    if inner.out_features != wanted.feed_forward:
        width = wanted.feed_forward
        block.feed_forward.intermediate_dense = _linear(inner, inner.in_features, width)
        block.feed_forward.output_dense = _linear(outer, width, outer.out_features)


def _reshaped_attention(attention: Any, wanted: BlockStructure) -> torch.nn.Module:
    if not wanted.has_attention:
        widths = _widths(attention, wanted)
        removed = (
            RemovedGatedAttention(widths, attention)
            if is_gated(attention)
            else RemovedAttention(widths)
        )
        return removed.train(attention.training)
    width = attention.out_proj.out_features
    queries, values = sum(wanted.query_key), sum(wanted.value_output)
    sizes = {"v_proj": (width, values), "out_proj": (values, width)}
    if queries:
        sizes |= {"k_proj": (width, queries), "q_proj": (width, queries)}
    projections = {name: _linear(getattr(attention, name), *size) for name, size in sizes.items()}
    return _slim_attention(attention, wanted, projections)


def _slim_attention(
    attention: Any, wanted: BlockStructure, projections: Mapping[str, torch.nn.Module]
) -> torch.nn.Module:
    widths = _widths(attention, wanted)
    made = (
        SlimGatedAttention(widths, projections, attention)
        if is_gated(attention)
        else SlimAttention(widths, projections, attention.dropout)
    )
    return made.train(attention.training)


def _widths(attention: Any, wanted: BlockStructure) -> HeadWidths:
    is_stock = is_stock_attention(attention)
    head_dim = attention.head_dim if is_stock else attention.widths.head_dim
    return HeadWidths(wanted.query_key, wanted.value_output, head_dim)


def _linear(like: torch.nn.Linear, inputs: int, outputs: int) -> torch.nn.Linear:
    """A Linear without values of another size, on the same device; the same one where it fits."""
    if (like.in_features, like.out_features) == (inputs, outputs):
        return like
    options: dict[str, Any] = {"bias": like.bias is not None, "dtype": like.weight.dtype}
    made = torch.nn.Linear(inputs, outputs, device="meta", **options)
    return made.to_empty(device=like.weight.device).train(like.training)


def _use_masks_understood(model: Any) -> None:
    """Ask the encoder for masks that scaled_dot_product_attention takes."""
    if model.config._attn_implementation not in _MASKS_UNDERSTOOD:
        model.set_attn_implementation("sdpa")


def _refuse_misfit(now: Structure, wanted: Structure) -> None:
    if len(wanted.blocks) != len(now.blocks):
        raise IntegrityError(
            "the structure is not the model's",
            got=f"{len(wanted.blocks)} blocks",
            expected=f"{len(now.blocks)}",
        )
    for number, (block, limit) in enumerate(zip(wanted.blocks, now.blocks, strict=True)):
        _refuse_misfit_of_block(number, limit, block)


def _refuse_misfit_of_block(number: int, limit: BlockStructure, wanted: BlockStructure) -> None:
    for part in ("query_key", "value_output", "feed_forward"):
        most, got = getattr(limit, part), getattr(wanted, part)
        if part == "feed_forward":
            most, got = (most,), (got,)
        if len(most) != len(got) or any(a > b for a, b in zip(got, most, strict=False)):
            raise IntegrityError(
                "the structure is not the model's",
                where=f"block {number}, {part}",
                got=got if len(got) > 1 else got[0],
                expected=f"at most {most if len(most) > 1 else most[0]}",
            )
