"""What is left of each transformer block, beside what there was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from asrcompress.core.structure import BlockStructure, Structure


@dataclass(frozen=True, slots=True)
class Width:
    """A number of heads or dimensions; before: None where it is not known."""

    left: int
    before: int | None

    @property
    def share(self) -> float | None:
        """What is left, in [0, 1]; None without anything to compare with."""
        return self.left / self.before if self.before else None

    @property
    def words(self) -> str:
        """312/768, or the number left alone."""
        return f"{self.left}" if self.before is None else f"{self.left}/{self.before}"


@dataclass(frozen=True, slots=True)
class BlockWidths:
    """One block, or all together where `number` is None.

    query_key, value_output: dimensions of all heads together; heads: (query_key, value_output) of
    each of the original's heads, empty for all blocks together.
    """

    number: int | None
    attention: Width
    feed_forward_blocks: Width
    head_count: Width
    query_key: Width
    value_output: Width
    feed_forward: Width
    heads: tuple[tuple[int, int], ...] = ()

    @property
    def parameters(self) -> Width:
        """Rows of the block's weight matrices: each has as many weights, the model's width.

        Two matrices have a row for each query and key dimension, two for each value and output
        dimension, and two for each of the feed-forward's; Wang et al. (2023), Eq. 3. Their
        share is that of the weights; biases and normalisation are not counted.
        """
        parts = (self.query_key, self.value_output, self.feed_forward)
        before = [part.before for part in parts if part.before is not None]
        return Width(
            2 * sum(part.left for part in parts),
            2 * sum(before) if len(before) == len(parts) else None,
        )


def block_widths(after: Structure, before: Structure | None) -> tuple[BlockWidths, ...]:
    """Each block's widths, first to last.

    before: the structure before the training; one of another number of blocks tells nothing.
    """
    known = before is not None and len(before.blocks) == len(after.blocks)
    olds: Sequence[BlockStructure | None] = (
        before.blocks if before is not None and known else [None] * len(after.blocks)
    )
    return tuple(
        _block(number, new, old)
        for number, (new, old) in enumerate(zip(after.blocks, olds, strict=True))
    )


def together(blocks: Sequence[BlockWidths]) -> BlockWidths:
    """The sums over all blocks."""
    return BlockWidths(
        number=None,
        attention=_sum(block.attention for block in blocks),
        feed_forward_blocks=_sum(block.feed_forward_blocks for block in blocks),
        head_count=_sum(block.head_count for block in blocks),
        query_key=_sum(block.query_key for block in blocks),
        value_output=_sum(block.value_output for block in blocks),
        feed_forward=_sum(block.feed_forward for block in blocks),
    )


def _block(number: int, new: BlockStructure, old: BlockStructure | None) -> BlockWidths:
    def width(of: Callable[[BlockStructure], int]) -> Width:
        return Width(of(new), None if old is None else of(old))

    return BlockWidths(
        number=number,
        attention=width(lambda block: int(block.has_attention)),
        feed_forward_blocks=width(lambda block: int(block.has_feed_forward)),
        head_count=width(lambda block: len(block.heads)),
        query_key=width(lambda block: sum(block.query_key)),
        value_output=width(lambda block: sum(block.value_output)),
        feed_forward=width(lambda block: block.feed_forward),
        heads=tuple(zip(new.query_key, new.value_output, strict=True)),
    )


def _sum(widths: Iterable[Width]) -> Width:
    found = list(widths)
    before = [width.before for width in found if width.before is not None]
    left = sum(width.left for width in found)
    return Width(left, sum(before) if len(before) == len(found) else None)
