"""The expected size, against samples and against models that were really made smaller."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.structured.expected_size import expected_parameters, expected_sparsity
from asrcompress.compress.structured.layout import Layout, ModelMasks, layout_of
from asrcompress.compress.structured.learned_masks import LearnedMasks
from asrcompress.compress.structured.removal import remove
from asrcompress.compress.structured.units import Units
from tests.core.checkpoint.slim.families import FAMILIES, family_module

LAYOUT = Layout(blocks=3, width=24, heads=2, head_dim=4, feed_forward=20)
DRAWS = 2000
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj", "intermediate_dense", "output_dense")


def _random(units: str) -> LearnedMasks:
    learned = LearnedMasks(LAYOUT, units, straight_through=True)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(5)
    for log_alpha in learned.log_alpha.values():
        log_alpha.data.normal_(std=2.0, generator=generator)
    return learned


@pytest.mark.parametrize("units", ["dim", "head"])
def test_expectation_is_the_mean_of_samples(units: str) -> None:
    """Over many draws the count of what is open is as expected, within 1 %."""
    learned = _random(units)
    total = 0.0
    with torch.no_grad():
        for step in range(DRAWS):
            learned.draw(step, seed=1)
            drawn = ModelMasks.of([learned.masks(block) for block in range(LAYOUT.blocks)])
            opened = drawn.each(lambda mask: (mask > 0).float())
            if units == "head":  # queries go with their head's mask
                heads = opened.value_output
                opened = ModelMasks(
                    heads, heads, opened.intermediate, opened.attention, opened.feed_forward
                )
            total += float(expected_parameters(opened, LAYOUT))
        expected = float(expected_parameters(learned.probabilities(), LAYOUT))
    assert total / DRAWS == pytest.approx(expected, rel=0.01)
    assert 0.2 * LAYOUT.parameters < expected < 0.8 * LAYOUT.parameters


@pytest.mark.parametrize("family", FAMILIES)
def test_zeros_and_ones_count_what_is_really_left(family: str) -> None:
    """With masks of 0 and 1 it is the number of parameters of the model made smaller by them."""
    module = family_module(family)
    layout = layout_of(module)
    units = Units.of(layout, "dim")
    generator = torch.Generator().manual_seed(2)
    is_kept = torch.rand(units.count, generator=generator) < 0.4
    is_kept[units.value_output[0, 1]] = False  # a head
    is_kept[units.intermediate[1]] = False  # a sublayer
    kept = units.kept(is_kept).each(torch.Tensor.float)
    remove(module, kept.blocks())
    left = sum(
        parameter.numel()
        for name, parameter in module.named_parameters()
        if "encoder.layers." in name and name.split(".")[-2] in PROJECTIONS
    )
    assert float(expected_parameters(kept, layout)) == left == units.parameters(is_kept)


def test_sparsity_at_both_ends() -> None:
    """Nothing removed is 0, everything is 1."""
    whole = LearnedMasks(LAYOUT, "dim", straight_through=True).values()
    ones, zeros = whole.each(torch.ones_like), whole.each(torch.zeros_like)
    assert float(expected_sparsity(ones, LAYOUT)) == pytest.approx(0.0, abs=1e-6)
    assert float(expected_sparsity(zeros, LAYOUT)) == 1.0
