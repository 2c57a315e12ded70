"""Masks as parameters: what is drawn, from what, and how heads share one."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.structured.layout import Layout, ModelMasks
from asrcompress.compress.structured.learned_masks import LearnedMasks
from asrcompress.core.training_record import MASKS

LAYOUT = Layout(blocks=3, width=12, heads=2, head_dim=6, feed_forward=20)


def _drawn(learned: LearnedMasks, step: int, seed: int) -> ModelMasks:
    learned.draw(step, seed)
    return ModelMasks.of([learned.masks(block) for block in range(LAYOUT.blocks)])


def _even(units: str = "dim", *, straight_through: bool = True) -> LearnedMasks:
    """Masks as likely 0 as 1, where most draws differ."""
    learned = LearnedMasks(LAYOUT, units, straight_through)  # type: ignore[arg-type]
    for log_alpha in learned.log_alpha.values():
        log_alpha.data.zero_()
    return learned


def test_draws_depend_on_seed_and_step_alone() -> None:
    """A training that is resumed draws what it would have drawn; other steps draw anew."""
    learned, resumed = _even(), _even()
    for step in range(7):
        first = _drawn(learned, step, seed=3)
    assert torch.equal(_drawn(resumed, 6, seed=3).intermediate, first.intermediate)
    assert not torch.equal(_drawn(resumed, 7, seed=3).intermediate, first.intermediate)
    assert not torch.equal(_drawn(resumed, 6, seed=4).intermediate, first.intermediate)


def test_nearly_everything_is_kept_at_first() -> None:
    """A training begins with the model as it is: masks of 1 but for a few."""
    learned = LearnedMasks(LAYOUT, "dim", straight_through=True)
    kept = learned.probabilities().intermediate.detach()
    assert kept.mean() == pytest.approx(0.998, abs=1e-3)
    assert learned.values().intermediate.mean() == pytest.approx(0.987, abs=1e-3)


def test_a_head_has_one_mask_over_its_output() -> None:
    """With units of heads all value dimensions of one share a mask, and queries are not scaled."""
    drawn = _drawn(_even("head"), 0, seed=0)
    values = drawn.value_output
    assert torch.equal(values, values[..., :1].expand_as(values))
    assert len(set(values[..., 0].flatten().tolist())) > 2
    assert torch.equal(drawn.query_key, torch.ones_like(values))


def test_dimensions_have_masks_of_their_own() -> None:
    """With units of dimensions queries and values are drawn apart."""
    drawn = _drawn(_even(), 0, seed=0)
    assert len(set(drawn.query_key.flatten().tolist())) > 4
    assert not torch.equal(drawn.query_key, drawn.value_output)


@pytest.mark.parametrize("units", ["dim", "head"])
def test_gradients_reach_every_mask(units: str) -> None:
    """With the straight-through gradient each log_alpha learns from each draw."""
    learned = _even(units)
    drawn = _drawn(learned, 0, seed=0)
    total = torch.cat([getattr(drawn, kind).flatten() for kind in MASKS]).sum()
    torch.autograd.backward(total)
    for kind, log_alpha in learned.log_alpha.items():
        assert log_alpha.grad is not None, kind
        assert (log_alpha.grad > 0).all(), kind


def test_without_straight_through_closed_masks_learn_nothing() -> None:
    """The paper's ablation: where a mask is 0 or 1 its gradient is 0."""
    learned = _even(straight_through=False)
    drawn = _drawn(learned, 0, seed=0).intermediate
    torch.autograd.backward(drawn.sum())
    gradient = learned.log_alpha["intermediate"].grad
    assert gradient is not None
    is_saturated = (drawn == 0) | (drawn == 1)
    assert is_saturated.any()
    assert not is_saturated.all()
    assert torch.equal(gradient == 0, is_saturated)


def test_means_by_block() -> None:
    """For each kind of mask a mean of P(z > 0) for each block."""
    learned = LearnedMasks(LAYOUT, "dim", straight_through=True)
    learned.log_alpha["intermediate"].data[1] = -50.0
    means = learned.means()
    assert set(means) == set(MASKS)
    assert means["intermediate"] == pytest.approx([0.998, 0.0, 0.998], abs=1e-3)
    assert means["attention"] == pytest.approx([0.998] * 3, abs=1e-3)


def test_open_blocks() -> None:
    """A block is open while its attention or its feed-forward is."""
    learned = LearnedMasks(LAYOUT, "dim", straight_through=True)
    learned.log_alpha["attention"].data[:] = torch.tensor([50.0, -50.0, -50.0])
    learned.log_alpha["feed_forward"].data[:] = torch.tensor([-50.0, -50.0, 50.0])
    learned.draw(0, seed=0)
    assert learned.open_blocks() == (1, 3)
