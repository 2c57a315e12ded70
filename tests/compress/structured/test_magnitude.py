"""The baseline without learning: the units whose weights are smallest are removed."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.compress.structured.layout import ModelMasks, layout_of
from asrcompress.compress.structured.magnitude import choose_by_magnitude
from asrcompress.compress.structured.units import Units
from asrcompress.core.checkpoint.slim.blocks import blocks_of
from tests.core.checkpoint.slim.families import family_module


def _blocks(module: torch.nn.Module) -> list[Any]:
    return list(blocks_of(module))


@torch.no_grad()
def test_the_smallest_go_first() -> None:
    """A unit of each kind whose weights are a thousandth: these three and no other."""
    module = family_module("wav2vec2")
    first, second = _blocks(module)
    first.attention.k_proj.weight[19] *= 1e-3  # head 1, dimension 3
    second.attention.out_proj.weight[:, 2] *= 1e-3
    second.feed_forward.intermediate_dense.weight[77] *= 1e-3
    chosen = ModelMasks.of(choose_by_magnitude(module, "dim", 180 / layout_of(module).parameters))
    assert (chosen.query_key == 0).nonzero().tolist() == [[0, 1, 3]]
    assert (chosen.value_output == 0).nonzero().tolist() == [[1, 0, 2]]
    assert (chosen.intermediate == 0).nonzero().tolist() == [[1, 77]]
    assert chosen.attention.tolist() == chosen.feed_forward.tolist() == [1.0, 1.0]


@torch.no_grad()
def test_only_products_count() -> None:
    """Scaling W_q up and W_k down computes the same, and chooses the same."""
    module = family_module("hubert")
    before = choose_by_magnitude(module, "dim", 0.5)
    for block in _blocks(module):
        scale = torch.linspace(0.1, 10, 32).unsqueeze(-1)
        block.attention.q_proj.weight *= scale
        block.attention.k_proj.weight /= scale
    after = choose_by_magnitude(module, "dim", 0.5)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one.query_key, other.query_key)
        assert torch.equal(one.value_output, other.value_output)


@torch.no_grad()
def test_kinds_are_compared_by_their_own_mean() -> None:
    """All feed-forward weights ten times larger changes nothing."""
    module = family_module("wav2vec2-pre-norm")
    before = choose_by_magnitude(module, "dim", 0.5)
    for block in _blocks(module):
        block.feed_forward.intermediate_dense.weight *= 10
    after = choose_by_magnitude(module, "dim", 0.5)
    assert all(
        torch.equal(one.intermediate, other.intermediate)
        for one, other in zip(before, after, strict=True)
    )


@torch.no_grad()
def test_a_weak_head_goes_whole() -> None:
    """With units of heads, the one with the smallest value and output weights."""
    module = family_module("wavlm")
    _blocks(module)[1].attention.v_proj.weight[:16] *= 0.01
    head = 16 * (66 + 65)
    chosen = ModelMasks.of(choose_by_magnitude(module, "head", head / layout_of(module).parameters))
    widths = chosen.value_output.sum(dim=-1)
    assert widths.tolist() == [[16, 16], [0, 16]]
    assert torch.equal(chosen.query_key, chosen.value_output)


@pytest.mark.parametrize("sparsity", [0.3, 0.8])
def test_the_sparsity_is_met(sparsity: float) -> None:
    """At least the asked share goes; masks are 0 or 1."""
    module = family_module("wavlm")
    layout = layout_of(module)
    chosen = ModelMasks.of(choose_by_magnitude(module, "dim", sparsity))
    units = Units.of(layout, "dim")
    left = units.parameters(units.flat(chosen) > 0)
    assert sparsity <= 1 - left / layout.parameters < sparsity + 0.005
    assert set(chosen.intermediate.flatten().tolist()) == {0.0, 1.0}
