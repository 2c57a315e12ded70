"""What there is to remove in a recogniser's transformer blocks, and what each part costs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, cast

import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.core.checkpoint.slim.blocks import structure_of
from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UnitKind = Literal["dim", "head"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Blocks that are all alike, with nothing removed yet.

    Parameters counted: weights and biases of the attention's four and the feed-forward's two
    Linear layers, which is all that masks remove. Not the blocks' LayerNorms, which stay, nor
    WavLM's gates and position bias (0.02 % of its base model's), which go or stay with attention.
    """

    blocks: int
    width: int
    heads: int
    head_dim: int
    feed_forward: int

    @property
    def query_key_cost(self) -> int:
        """Of one dimension: a row of W_q and one of W_k, with their biases."""
        return 2 * self.width + 2

    @property
    def value_output_cost(self) -> int:
        """Of one dimension: a row of W_v with its bias, and a column of W_o."""
        return 2 * self.width + 1

    @property
    def intermediate_cost(self) -> int:
        """Of one dimension: a row of the first layer with its bias, a column of the second."""
        return 2 * self.width + 1

    @property
    def sublayer_cost(self) -> int:
        """Of a whole sublayer beside its dimensions: its output's bias."""
        return self.width

    @property
    def parameters(self) -> int:
        """All of them."""
        inner = self.heads * self.head_dim * (self.query_key_cost + self.value_output_cost)
        inner += self.feed_forward * self.intermediate_cost
        return self.blocks * (inner + 2 * self.sublayer_cost)


def layout_of(model: torch.nn.Module) -> Layout:
    """The layout of a recogniser whose blocks are as its configuration made them.

    Raises:
        ModelError: its blocks are of another kind, or some of them were made smaller before.
    """
    block, *others = structure_of(model).blocks
    width = int(cast(Any, model).config.hidden_size)
    heads = len(block.query_key)
    if any(other != block for other in others) or set(block.query_key + block.value_output) != {
        width // heads
    }:
        raise ModelError(
            "its blocks were pruned before",
            expected="blocks that are all alike",
            next_step="prune the original, to the smaller size",
        )
    return Layout(1 + len(others), width, heads, width // heads, block.feed_forward)


@dataclass(frozen=True, slots=True)
class ModelMasks:
    """A value for everything that can be removed: `BlockMasks` of all blocks, in one.

    attention, feed_forward: (blocks,). query_key, value_output: (blocks, heads, head_dim).
    intermediate: (blocks, ffn width).
    """

    query_key: torch.Tensor
    value_output: torch.Tensor
    intermediate: torch.Tensor
    attention: torch.Tensor
    feed_forward: torch.Tensor

    @classmethod
    def of(cls, blocks: Sequence[BlockMasks]) -> ModelMasks:
        """Blocks' masks as one."""
        return cls(
            **{
                field.name: torch.stack([getattr(block, field.name) for block in blocks])
                for field in fields(cls)
            }
        )

    def block(self, number: int) -> BlockMasks:
        """One block's, by its number from 0."""
        return BlockMasks(
            **{field.name: getattr(self, field.name)[number] for field in fields(self)}
        )

    def blocks(self) -> tuple[BlockMasks, ...]:
        """Every block's."""
        return tuple(self.block(number) for number in range(self.attention.shape[0]))

    def each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> ModelMasks:
        """The same function of all five."""
        return ModelMasks(
            **{field.name: change(getattr(self, field.name)) for field in fields(self)}
        )
