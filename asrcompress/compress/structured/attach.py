"""Masking a model's blocks while it runs; Wang et al. (2023), Eq. 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.core.checkpoint.slim.attention import SlimAttention
from asrcompress.core.checkpoint.slim.blocks import blocks_of
from asrcompress.core.checkpoint.slim.feed_forward import RemovedFeedForward


class Attached:
    """Masks on a model's blocks, until `remove` or the end of a with statement."""

    def __init__(self, handles: Sequence[torch.utils.hooks.RemovableHandle]) -> None:
        self._handles = handles

    def remove(self) -> None:
        """Leave the model unmasked, as it was."""
        for handle in self._handles:
            handle.remove()

    def __enter__(self) -> Attached:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def attach(model: torch.nn.Module, masks: Callable[[int], BlockMasks]) -> Attached:
    """Mask each block with the masks of its number, asked for once whenever the block runs.

    Queries and values are masked after their bias, inner units of the feed-forward after their
    activation, and each sublayer's output with its bias included. Gradients reach the masks.

    Raises:
        ValueError: a block is not as `use_own_attention` leaves it, with all its dimensions.
    """
    blocks = blocks_of(model)
    for block in blocks:
        _refuse_pruned(block)
    handles = []
    for number, block in enumerate(blocks):
        handles += _attach_block(block, number, masks)
    return Attached(handles)


def _refuse_pruned(block: Any) -> None:
    attention = block.attention
    if not isinstance(attention, SlimAttention):
        raise ValueError(f"not our own attention: {type(attention).__name__}")
    widths = attention.widths
    if {*widths.query_key, *widths.value_output} != {widths.head_dim}:
        raise ValueError("an attention that is pruned already has no masks of heads x head_dim")
    if isinstance(block.feed_forward, RemovedFeedForward):
        raise ValueError("a feed-forward that was removed has no masks")


def _attach_block(
    block: Any, number: int, masks: Callable[[int], BlockMasks]
) -> list[torch.utils.hooks.RemovableHandle]:
    current: list[BlockMasks] = []

    def ask(*_: object) -> None:
        current[:] = [masks(number)]

    def masked(tensor: torch.Tensor, name: str) -> torch.Tensor:
        mask: torch.Tensor = getattr(current[0], name)
        flat = mask.reshape(-1) if mask.dim() > 1 else mask
        return tensor * flat.to(tensor.dtype)  # autocast's half precision stays half

    def on_output(name: str) -> Callable[..., torch.Tensor]:
        return lambda _, __, output: masked(output, name)

    attention, feed_forward = block.attention, block.feed_forward
    return [
        block.register_forward_pre_hook(ask),
        attention.q_proj.register_forward_hook(on_output("query_key")),
        attention.v_proj.register_forward_hook(on_output("value_output")),
        attention.out_proj.register_forward_hook(on_output("attention")),
        feed_forward.output_dense.register_forward_pre_hook(
            lambda _, inputs: (masked(inputs[0], "intermediate"),)
        ),
        feed_forward.output_dense.register_forward_hook(on_output("feed_forward")),
    ]
