"""The units that are removed or kept whole, and which of them fit into a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from asrcompress.compress.structured.expected_size import expected_parameters
from asrcompress.compress.structured.layout import Layout, ModelMasks, UnitKind

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Units:
    """Numbers for the units of a layout: of each dimension, which unit it belongs to.

    query_key, value_output: (blocks, heads, head_dim); with "head" a head's dimensions are all of
    one unit. intermediate: (blocks, ffn width), always numbered last.
    """

    layout: Layout
    query_key: torch.Tensor
    value_output: torch.Tensor
    intermediate: torch.Tensor
    count: int

    @classmethod
    def of(cls, layout: Layout, kind: UnitKind) -> Units:
        """Number them."""
        shape = (layout.blocks, layout.heads, layout.head_dim)
        heads = layout.blocks * layout.heads
        if kind == "head":
            query_key = value_output = torch.arange(heads).view(*shape[:2], 1).expand(shape)
            first = heads
        else:
            inner = heads * layout.head_dim
            query_key = torch.arange(inner).view(shape)
            value_output = query_key + inner
            first = 2 * inner
        count = first + layout.blocks * layout.feed_forward
        intermediate = torch.arange(first, count).view(layout.blocks, layout.feed_forward)
        return cls(layout, query_key, value_output, intermediate, count)

    def flat(self, of_dimensions: ModelMasks) -> torch.Tensor:
        """(units,) of a value for each dimension; one unit's dimensions must have the same."""
        values = torch.zeros(self.count, dtype=torch.float64)
        for part in ("query_key", "value_output", "intermediate"):
            values[getattr(self, part).flatten()] = getattr(of_dimensions, part).flatten().double()
        return values

    def kept(self, is_kept: torch.Tensor) -> ModelMasks:
        """What is open when some units are, as bools; is_kept: (units,).

        A head without value dimensions has no query dimensions either, and a sublayer with nothing
        in it is closed.
        """
        value_output = is_kept[self.value_output]
        heads = value_output.any(dim=-1)
        intermediate = is_kept[self.intermediate]
        return ModelMasks(
            query_key=is_kept[self.query_key] & heads.unsqueeze(-1),
            value_output=value_output,
            intermediate=intermediate,
            attention=heads.any(dim=-1),
            feed_forward=intermediate.any(dim=-1),
        )

    def parameters(self, is_kept: torch.Tensor) -> int:
        """How many parameters are left when some units are."""
        exact = self.kept(is_kept).each(lambda open_: open_.to(torch.float64))
        return round(float(expected_parameters(exact, self.layout)))

    def budget(self, sparsity: float) -> int:
        """The most parameters that may be left."""
        return int(self.layout.parameters * (1 - sparsity))


def keep_first(units: Units, order: torch.Tensor, budget: int) -> torch.Tensor:
    """(units,) bool: as many as fit of the units in an order, the first to be kept first.

    What is then left of the budget goes to the next dimensions of feed-forwards that are open
    already, which are the smallest units: one alone is too many then.
    """
    none = torch.zeros(units.count, dtype=torch.bool)
    kept = _most_of(order, none, lambda kept: units.parameters(kept) <= budget)
    is_open = units.kept(kept).feed_forward.unsqueeze(-1)
    fills = torch.zeros_like(none)
    fills[units.intermediate[is_open.expand_as(units.intermediate)]] = True
    rest = order[fills[order] & ~kept[order]]
    return _most_of(rest, kept, lambda kept: units.parameters(kept) <= budget)


def _most_of(
    order: torch.Tensor, base: torch.Tensor, fits: Callable[[torch.Tensor], bool]
) -> torch.Tensor:
    """base, and the longest beginning of the order with which it fits; more never fits better."""

    def with_first(count: int) -> torch.Tensor:
        kept = base.clone()
        kept[order[:count]] = True
        return kept

    fitting, too_many = 0, len(order) + 1
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if fits(with_first(middle)):
            fitting = middle
        else:
            too_many = middle
    return with_first(fitting)
