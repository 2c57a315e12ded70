"""Masks as training leaves them at its end: zeros, ones, and what lies between."""

from __future__ import annotations

import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.core.checkpoint.slim.blocks import structure_of


def random_masks(
    model: torch.nn.Module, *, zeros: float = 0.5, seed: int = 0
) -> tuple[BlockMasks, ...]:
    """For each block of an unpruned model; a third of what is no zero is softer than 1."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        kind, soft = (torch.rand(shape, generator=generator) for _ in range(2))
        drawn = torch.where(kind < zeros + (1 - zeros) / 3, soft.clamp(min=0.05), 1.0)
        return torch.where(kind < zeros, 0.0, drawn)

    def scalar() -> torch.Tensor:
        return 0.5 + 0.5 * torch.rand((), generator=generator)

    blocks = structure_of(model).blocks
    return tuple(
        BlockMasks(
            query_key=draw(len(block.query_key), max(block.query_key)),
            value_output=draw(len(block.value_output), max(block.value_output)),
            intermediate=draw(block.feed_forward),
            attention=scalar(),
            feed_forward=scalar(),
        )
        for block in blocks
    )


def whole_masks(model: torch.nn.Module) -> tuple[BlockMasks, ...]:
    """Masks of ones, which change nothing; each may be changed in place."""
    return tuple(
        BlockMasks(
            query_key=torch.ones(len(block.query_key), max(block.query_key)),
            value_output=torch.ones(len(block.value_output), max(block.value_output)),
            intermediate=torch.ones(block.feed_forward),
            attention=torch.ones(()),
            feed_forward=torch.ones(()),
        )
        for block in structure_of(model).blocks
    )
