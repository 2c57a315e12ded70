"""What learned masks say is to be removed, and the values of what is not."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.layout import ModelMasks
from asrcompress.compress.structured.learned_masks import LearnedMasks
from asrcompress.compress.structured.units import Units, keep_first

_DIMS, _HEADS = slice(None), slice(1)  # of a head's dimensions, the masks that are its own


def choose(learned: LearnedMasks, sparsity: float) -> tuple[BlockMasks, ...]:
    """Every block's final masks: 0 where something is removed, E[z] in (0, 1] where it is not.

    Of each group of masks as many are closed as are expected to be, round(n - sum P), those of
    the smallest P first: a block's query and key dimensions, its value dimensions (or heads), its
    feed-forward's dimensions; and all blocks' attentions together, as all feed-forwards, since a
    group of one would round to all or nothing.

    Deviation: the count is then moved to the asked sparsity, which rounding and a training that
    ended early miss. Units are ranked by what the groups decided, then by P over all blocks, and
    as many are kept as fit. So at least the asked share of the blocks' parameters is removed, and
    the next feed-forward dimension would have been too much.
    """
    kept = _kept(learned, sparsity)
    values = learned.values().each(lambda value: value.detach().cpu().float())
    chosen = {
        field.name: torch.where(
            getattr(kept, field.name),
            getattr(values, field.name).clamp(min=torch.finfo(torch.float32).tiny),
            0.0,
        )
        for field in fields(ModelMasks)
    }
    return ModelMasks(**chosen).blocks()


@torch.no_grad()
def _kept(learned: LearnedMasks, sparsity: float) -> ModelMasks:
    units = Units.of(learned.layout, learned.units)
    probabilities = learned.probabilities().each(lambda value: value.cpu().double())
    order = _ranked(probabilities, units, group=_HEADS if learned.units == "head" else _DIMS)
    return units.kept(keep_first(units, order, units.budget(sparsity)))


def _ranked(of: ModelMasks, units: Units, group: slice) -> torch.Tensor:
    """(units,) numbers: the surest to be kept first.

    Open ones in open sublayers, then closed ones in those, then closed sublayers one by one.
    """
    attention = expected_open(of.attention)
    feed_forward = expected_open(of.feed_forward)

    def tier(inner: torch.Tensor, sublayer: torch.Tensor) -> torch.Tensor:
        is_open = expected_open(inner.flatten(1)).view(inner.shape)
        return torch.where(_beside(sublayer, inner), 1.0 + is_open, 0.0)

    def if_closed(sublayer: torch.Tensor, is_open: torch.Tensor) -> torch.Tensor:
        return torch.where(is_open, 0.0, sublayer)

    def each(of_attention: torch.Tensor, of_feed_forward: torch.Tensor) -> ModelMasks:
        beside = _beside(of_attention, of.query_key).expand_as(of.query_key)
        feed = _beside(of_feed_forward, of.intermediate).expand_as(of.intermediate)
        return replace(of, query_key=beside, value_output=beside, intermediate=feed)

    tiers = replace(
        of,
        query_key=tier(of.query_key[..., group], attention).expand_as(of.query_key),
        value_output=tier(of.value_output[..., group], attention).expand_as(of.value_output),
        intermediate=tier(of.intermediate, feed_forward),
    )
    closed = each(if_closed(of.attention, attention), if_closed(of.feed_forward, feed_forward))
    keys = [-units.flat(key).numpy() for key in (of, closed, tiers)]
    return torch.from_numpy(np.lexsort(keys))


def expected_open(probabilities: torch.Tensor) -> torch.Tensor:
    """Which of each row's masks stay open, as bools: all but round(n - sum P) of the smallest P."""
    count = probabilities.shape[-1]
    closed = torch.round(count - probabilities.sum(dim=-1, keepdim=True))
    rank = probabilities.argsort(dim=-1, stable=True).argsort(dim=-1)
    return rank >= closed


def _beside(of_blocks: torch.Tensor, inner: torch.Tensor) -> torch.Tensor:
    """(blocks,) with as many axes as what is in the blocks."""
    return of_blocks.view(-1, *[1] * (inner.dim() - 1))
