"""The baseline: what to remove by the weights' norms alone, nothing learned.

A unit's importance is the L2 norm of its weights: for a query and key dimension the product of the
norms of its rows in W_q and W_k, whose product is what attention sees; for a value and output
dimension of its row in W_v and its column in W_o; for a feed-forward dimension of its row in the
first layer and its column in the second. A head's is the mean of its value dimensions'. Divided by
the mean over all blocks of each of these, so that they can be compared, and the lowest are removed
over the whole model until the asked share of the blocks' parameters is gone. Related: Li et al.,
"Pruning Filters for Efficient ConvNets" (2017), section 3.1, with the L2 norm instead of the L1.
"""

from __future__ import annotations

from typing import Any

import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.layout import ModelMasks, UnitKind, layout_of
from asrcompress.compress.structured.units import Units, keep_first
from asrcompress.core.checkpoint.slim.blocks import blocks_of


def choose_by_magnitude(
    model: torch.nn.Module, kind: UnitKind, sparsity: float
) -> tuple[BlockMasks, ...]:
    """Every block's masks, 0 or 1.

    Raises:
        ModelError: the model's blocks are of another kind, or were pruned before.
    """
    units = Units.of(layout_of(model), kind)
    importance = units.flat(_importance(model, units, kind).each(torch.Tensor.cpu))
    order = importance.argsort(descending=True, stable=True)
    kept = units.kept(keep_first(units, order, units.budget(sparsity)))
    return kept.each(lambda is_open: is_open.float()).blocks()


@torch.no_grad()
def _importance(model: torch.nn.Module, units: Units, kind: UnitKind) -> ModelMasks:
    """Of every dimension; the mean over each of the three kinds is 1."""
    blocks: list[Any] = list(blocks_of(model))
    attention = [block.attention for block in blocks]
    feed_forward = [block.feed_forward for block in blocks]
    query_key = _relative([_product(one.q_proj, one.k_proj) for one in attention])
    value_output = _relative([_through(one.v_proj, one.out_proj) for one in attention])
    intermediate = _relative(
        [_through(one.intermediate_dense, one.output_dense) for one in feed_forward]
    )
    value_output = value_output.view(units.value_output.shape)
    query_key = query_key.view(units.query_key.shape)
    if kind == "head":
        value_output = value_output.mean(dim=-1, keepdim=True).expand(units.value_output.shape)
        query_key = value_output
    nothing = torch.empty(0)
    return ModelMasks(query_key, value_output, intermediate, nothing, nothing)


def _product(query: torch.nn.Linear, key: torch.nn.Linear) -> torch.Tensor:
    found: torch.Tensor = query.weight.norm(dim=1) * key.weight.norm(dim=1)
    return found


def _through(into: torch.nn.Linear, out_of: torch.nn.Linear) -> torch.Tensor:
    found: torch.Tensor = into.weight.norm(dim=1) * out_of.weight.norm(dim=0)
    return found


def _relative(of_blocks: list[torch.Tensor]) -> torch.Tensor:
    """(blocks, dimensions), by their mean."""
    found = torch.stack(of_blocks)
    return found / found.mean()
