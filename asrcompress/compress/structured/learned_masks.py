"""The masks of all blocks, as parameters to learn."""

from __future__ import annotations

import torch

from asrcompress.compress.structured import hard_concrete
from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.layout import Layout, ModelMasks, UnitKind
from asrcompress.core.seeds import generator_for

# log_alpha = logit(0.99), the start of public implementations: P(z > 0) = 0.998, E[z] = 0.987.
_AT_FIRST = 4.595
_KINDS = ("query_key", "value_output", "intermediate", "attention", "feed_forward")


class LearnedMasks(torch.nn.Module):
    """log_alpha of every mask; Wang et al. (2023), Eq. 2 and 3.

    units: with "dim" each of a head's dimensions has a mask of its own, one for the query's and
    the key's, one for the value's and the output's. With "head" a head has one mask, which scales
    its output; its query and key dimensions go with it. That is CoFi's and the paper's "w/o FAHP".
    """

    def __init__(self, layout: Layout, units: UnitKind, straight_through: bool) -> None:
        super().__init__()
        self.layout = layout
        self.units = units
        self.straight_through = straight_through
        blocks, heads = layout.blocks, layout.heads
        inner = (blocks, heads, layout.head_dim) if units == "dim" else (blocks, heads, 1)
        shapes = {
            "query_key": inner,
            "value_output": inner,
            "intermediate": (blocks, layout.feed_forward),
            "attention": (blocks,),
            "feed_forward": (blocks,),
        }
        if units == "head":
            del shapes["query_key"]
        self.log_alpha = torch.nn.ParameterDict(
            {kind: torch.full(shape, _AT_FIRST) for kind, shape in shapes.items()}
        )
        for kind, shape in shapes.items():
            self.register_buffer(_noise(kind), torch.full(shape, 0.5), persistent=False)

    def draw(self, step: int, seed: int) -> None:
        """Draw the randomness of a step: the same for the same two numbers, on any machine."""
        for kind, log_alpha in self.log_alpha.items():
            generator = generator_for(seed, "masks", kind, step)
            drawn = hard_concrete.draw(tuple(log_alpha.shape), generator)
            self.get_buffer(_noise(kind)).copy_(drawn)

    def masks(self, block: int) -> BlockMasks:
        """One block's masks as they were drawn, with gradients."""
        drawn = {
            kind: hard_concrete.sample(
                log_alpha[block], self.get_buffer(_noise(kind))[block], self.straight_through
            )
            for kind, log_alpha in self.log_alpha.items()
        }
        shape = (self.layout.heads, self.layout.head_dim)
        drawn["value_output"] = drawn["value_output"].expand(shape)
        if "query_key" not in drawn:
            drawn["query_key"] = torch.ones_like(drawn["value_output"])
        return BlockMasks(**drawn)

    def open_blocks(self) -> tuple[int, ...]:
        """The blocks, counted from 1, of which a sublayer is open as they were drawn."""
        with torch.no_grad():
            drawn = [
                hard_concrete.sample(
                    self.log_alpha[kind], self.get_buffer(_noise(kind)), self.straight_through
                )
                for kind in ("attention", "feed_forward")
            ]
        is_open = torch.maximum(*drawn).tolist()
        return tuple(number for number, open_ in enumerate(is_open, start=1) if open_)

    def probabilities(self) -> ModelMasks:
        """P(z > 0) of every mask, with gradients; a head's single one for all of its dimensions."""
        found = {
            kind: hard_concrete.probability_kept(log_alpha)
            for kind, log_alpha in self.log_alpha.items()
        }
        return self._spread(found)

    def values(self) -> ModelMasks:
        """E[z] of every mask, in (0, 1), without gradients; a head's scales its output alone."""
        with torch.no_grad():
            found = {
                kind: hard_concrete.mean(log_alpha) for kind, log_alpha in self.log_alpha.items()
            }
            if self.units == "head":
                found["query_key"] = torch.ones_like(found["value_output"])
            return self._spread(found)

    def means(self) -> dict[str, list[float]]:
        """The mean of P(z > 0) over each kind's masks in each block."""
        with torch.no_grad():
            kept = self.probabilities()
            return {
                kind: getattr(kept, kind).reshape(self.layout.blocks, -1).mean(dim=1).tolist()
                for kind in _KINDS
            }

    def _spread(self, found: dict[str, torch.Tensor]) -> ModelMasks:
        """Masks of heads, spread over their dimensions."""
        shape = (self.layout.blocks, self.layout.heads, self.layout.head_dim)
        value_output = found["value_output"].expand(shape)
        query_key = found.get("query_key", found["value_output"]).expand(shape)
        return ModelMasks(
            query_key=query_key,
            value_output=value_output,
            intermediate=found["intermediate"],
            attention=found["attention"],
            feed_forward=found["feed_forward"],
        )


def _noise(kind: str) -> str:
    return f"u_{kind}"
