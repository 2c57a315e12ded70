"""Physical removal of what masks have closed, exactly: the smaller model is the masked one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.core.checkpoint.slim.blocks import blocks_of
from asrcompress.core.checkpoint.slim.feed_forward import RemovedFeedForward
from asrcompress.core.checkpoint.slim.reshape import reshape_block, use_own_attention
from asrcompress.core.structure import BlockStructure, Structure


def remove(model: torch.nn.Module, masks: Sequence[BlockMasks]) -> Structure:
    """Make the model physically what it is under the masks, in place; the structure it has then.

    Dimensions with z = 0 leave. Other values are folded into the weights of one side: query_key
    into W_q and its bias; value_output into the columns of W_o; intermediate into those of W_down;
    attention and feed_forward into their sublayer's last weight and bias. A head without values
    leaves with its queries, whatever their masks. A sublayer whose scalar is 0 leaves whole.

    The masks must not be attached any more, and no block may be pruned already.

    Raises:
        ValueError: masks do not fit the model, or a sublayer is left open with nothing in it: its
            output's bias alone is no structure, so close it by its scalar.
    """
    use_own_attention(model)
    blocks = blocks_of(model)
    if len(masks) != len(blocks):
        raise ValueError(f"masks of {len(masks)} blocks for {len(blocks)}")
    for block, mask in zip(blocks, masks, strict=True):
        _refuse_misfit(block, mask)
    detached = [_detached(mask) for mask in masks]
    structures = [_structure(mask) for mask in detached]
    for block, mask, structure in zip(blocks, detached, structures, strict=True):
        _remove_in(block, mask, structure)
    return Structure(blocks=tuple(structures))


def _detached(masks: BlockMasks) -> BlockMasks:
    """The masks' values; a head without values has no queries either."""
    values = masks.value_output.detach()
    has_values = (values != 0).any(dim=1, keepdim=True)
    return BlockMasks(
        query_key=masks.query_key.detach() * has_values,
        value_output=values,
        intermediate=masks.intermediate.detach(),
        attention=masks.attention.detach(),
        feed_forward=masks.feed_forward.detach(),
    )


def _structure(masks: BlockMasks) -> BlockStructure:
    queries, values = (
        tuple(int(count) for count in (mask != 0).sum(dim=1))
        for mask in (masks.query_key, masks.value_output)
    )
    inner = int((masks.intermediate != 0).sum())
    nothing = (0,) * len(values)
    has_attention, has_feed_forward = bool(masks.attention), bool(masks.feed_forward)
    if (has_attention and not any(values)) or (has_feed_forward and not inner):
        raise ValueError("a sublayer is open but has nothing in it: set its scalar mask to 0")
    return BlockStructure(
        query_key=queries if has_attention else nothing,
        value_output=values if has_attention else nothing,
        feed_forward=inner if has_feed_forward else 0,
    )


def _refuse_misfit(block: Any, masks: BlockMasks) -> None:
    if isinstance(block.feed_forward, RemovedFeedForward):
        raise ValueError("a block is pruned already")
    widths, inner = block.attention.widths, block.feed_forward.intermediate_dense.out_features
    shape = (len(widths.query_key), widths.head_dim)
    if {*widths.query_key, *widths.value_output} != {widths.head_dim}:
        raise ValueError("a block is pruned already")
    found = tuple(masks.query_key.shape), tuple(masks.value_output.shape)
    if found != (shape, shape) or tuple(masks.intermediate.shape) != (inner,):
        raise ValueError(f"masks of {found} and {tuple(masks.intermediate.shape)} for {shape}")


@torch.no_grad()
def _remove_in(block: Any, masks: BlockMasks, structure: BlockStructure) -> None:
    state = {key: value.clone() for key, value in block.state_dict().items()}
    if structure.has_attention:
        queries, values = masks.query_key.reshape(-1), masks.value_output.reshape(-1)
        for name, mask, folded in (
            ("q_proj", queries, queries),
            ("k_proj", queries, queries != 0),
            ("v_proj", values, values != 0),
        ):
            _keep_rows(state, f"attention.{name}", mask != 0, folded)
        _keep_columns(state, "attention.out_proj", values, masks.attention)
    if structure.has_feed_forward:
        inner = masks.intermediate
        _keep_rows(state, "feed_forward.intermediate_dense", inner != 0, inner != 0)
        _keep_columns(state, "feed_forward.output_dense", inner, masks.feed_forward)
    reshape_block(block, structure)
    block.load_state_dict({key: state[key] for key in block.state_dict()})


def _keep_rows(
    state: dict[str, torch.Tensor], name: str, kept: torch.Tensor, factors: torch.Tensor
) -> None:
    """Keep some of a Linear's outputs, scaled."""
    for key in (f"{name}.weight", f"{name}.bias"):
        if key in state:
            tensor = state[key][kept]
            shape = (-1, *(1,) * (tensor.dim() - 1))
            state[key] = tensor * factors[kept].to(tensor.dtype).view(shape)


def _keep_columns(
    state: dict[str, torch.Tensor], name: str, factors: torch.Tensor, scalar: torch.Tensor
) -> None:
    """Keep a Linear's inputs whose factor is not 0, scaled, and scale what it gives."""
    kept = factors != 0
    state[f"{name}.weight"] = state[f"{name}.weight"][:, kept] * factors[kept] * scalar
    if f"{name}.bias" in state:
        state[f"{name}.bias"] = state[f"{name}.bias"] * scalar
