"""The final masks: which are closed, which values the others have, and how much is left."""

from __future__ import annotations

import copy

import pytest
import torch

from asrcompress.compress.structured import hard_concrete
from asrcompress.compress.structured.choose import choose, expected_open
from asrcompress.compress.structured.layout import Layout, ModelMasks, layout_of
from asrcompress.compress.structured.learned_masks import LearnedMasks
from asrcompress.compress.structured.removal import remove
from asrcompress.core.checkpoint.slim.reshape import use_own_attention
from tests.core.checkpoint.slim.families import family_module

LAYOUT = Layout(blocks=4, width=32, heads=4, head_dim=8, feed_forward=64)
DIMENSION = 2 * 32 + 2
OPEN, SHUT = 20.0, -20.0


def _random(units: str, seed: int, layout: Layout = LAYOUT) -> LearnedMasks:
    learned = LearnedMasks(layout, units, straight_through=True)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(seed)
    for log_alpha in learned.log_alpha.values():
        log_alpha.data.normal_(std=4.0, generator=generator)
    return learned


def _open() -> LearnedMasks:
    learned = LearnedMasks(LAYOUT, "dim", straight_through=True)
    for log_alpha in learned.log_alpha.values():
        log_alpha.data.fill_(OPEN)
    return learned


def _left(masks: ModelMasks) -> float:
    """The count by hand: 66 a query dimension, 65 a value or inner one, 32 a sublayer."""
    opened = masks.each(lambda mask: (mask > 0).double())
    return float(
        66 * opened.query_key.sum()
        + 65 * (opened.value_output.sum() + opened.intermediate.sum())
        + 32 * (opened.attention.sum() + opened.feed_forward.sum())
    )


def test_rounding_closes_as_many_as_are_expected() -> None:
    """round(n - sum P): of 2.6 expected to be left of 5, two are closed, of the smallest P."""
    probabilities = torch.tensor([[0.9, 0.1, 0.6, 0.7, 0.3]])
    assert expected_open(probabilities).tolist() == [[True, False, True, True, False]]


@pytest.mark.parametrize("units", ["dim", "head"])
@pytest.mark.parametrize("sparsity", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_asked_sparsity_is_met(units: str, sparsity: float, seed: int) -> None:
    """Whatever was learned, at least the asked share goes, and hardly more."""
    chosen = ModelMasks.of(choose(_random(units, seed), sparsity))
    removed = 1 - _left(chosen) / LAYOUT.parameters
    # a head that does not fit, and no open feed-forward with room: of 70,000 parameters
    most = 0.035 if units == "head" else 0.005
    assert sparsity <= removed < sparsity + most


def test_what_was_learned_decides() -> None:
    """Masks that were learned to be open or shut, and meet the sparsity, are taken as they are."""
    learned = _open()
    shut = learned.log_alpha
    shut["attention"].data[1] = SHUT
    shut["feed_forward"].data[3] = SHUT
    shut["value_output"].data[0, 2] = SHUT  # a head, whose queries go with it
    shut["query_key"].data[2, :, 5:] = SHUT
    shut["intermediate"].data[0, 10:30] = SHUT
    asked = learned.probabilities().each(lambda p: (p > 0.5).double())
    asked.query_key[0, 2] = 0
    for part in (asked.query_key, asked.value_output):
        part[1] = 0
    asked.intermediate[3] = 0
    sparsity = 1 - _left(asked) / LAYOUT.parameters - 1e-9
    chosen = ModelMasks.of(choose(learned, sparsity)).each(lambda mask: (mask > 0).double())
    for name in ("query_key", "value_output", "intermediate", "attention", "feed_forward"):
        assert torch.equal(getattr(chosen, name), getattr(asked, name)), name


def test_too_much_left_closes_the_least_sure_of_all_blocks() -> None:
    """Where everything was learned to be open, the smallest P goes first, wherever it is."""
    learned = _open()
    learned.log_alpha["intermediate"].data[2, 7] = 3.0
    learned.log_alpha["query_key"].data[0, 1, 4] = 4.0
    chosen = choose(learned, 2 * DIMENSION / LAYOUT.parameters - 1e-4)
    assert float(chosen[2].intermediate[7]) == 0
    assert float(chosen[0].query_key[1, 4]) == 0
    assert _left(ModelMasks.of(chosen)) == LAYOUT.parameters - 66 - 65


def test_too_little_left_reopens_the_surest() -> None:
    """Where too much was learned to be shut, the largest P of open sublayers comes back first."""
    learned = _open()
    learned.log_alpha["intermediate"].data[1] = SHUT
    learned.log_alpha["intermediate"].data[1, :2] = OPEN
    learned.log_alpha["intermediate"].data[1, 40] = -3.0
    learned.log_alpha["attention"].data[3] = -19.0
    left = LAYOUT.parameters - (32 + 32 * (66 + 65)) - 61 * 65
    chosen = choose(learned, 1 - (left + 10) / LAYOUT.parameters)
    assert chosen[1].intermediate.nonzero().flatten().tolist() == [0, 1, 40]
    assert float(chosen[3].attention) == 0


def test_closed_sublayers_come_back_one_by_one() -> None:
    """Only where all else is open already; the surer sublayer first."""
    learned = _open()
    learned.log_alpha["attention"].data[:] = torch.tensor([SHUT, -5.0, SHUT, SHUT])
    learned.log_alpha["feed_forward"].data[:] = torch.tensor([SHUT, SHUT, -8.0, SHUT])
    sublayer = LAYOUT.heads * LAYOUT.head_dim * (66 + 65) + 32
    chosen = choose(learned, 1 - (sublayer + 1) / LAYOUT.parameters)
    assert [float(block.attention) > 0 for block in chosen] == [False, True, False, False]
    assert not any(float(block.feed_forward) for block in chosen)


def test_values_are_the_masks_means() -> None:
    """What stays keeps E[z], which is soft; what goes is exactly 0."""
    learned = _random("dim", seed=4)
    chosen = ModelMasks.of(choose(learned, 0.4))
    means = hard_concrete.mean(learned.log_alpha["value_output"]).detach()
    is_kept = chosen.value_output > 0
    assert torch.equal(chosen.value_output[is_kept], means[is_kept])
    soft = (chosen.value_output > 0.05) & (chosen.value_output < 0.95)
    assert soft.any()


@pytest.mark.parametrize("sparsity", [0.3, 0.7])
def test_heads_are_kept_whole(sparsity: float) -> None:
    """With units of heads all of a head's dimensions stay or go, and queries are not scaled."""
    chosen = ModelMasks.of(choose(_random("head", seed=2), sparsity))
    widths = (chosen.value_output > 0).sum(dim=-1)
    assert set(widths.flatten().tolist()) == {0, 8}
    assert torch.equal(chosen.query_key, (chosen.value_output > 0).float())


@pytest.mark.parametrize("units", ["dim", "head"])
def test_they_can_be_removed(units: str) -> None:
    """What is chosen is a structure that a model can be given."""
    module = family_module("wavlm")
    use_own_attention(module)
    learned = _random(units, seed=1, layout=layout_of(module))
    structure = remove(copy.deepcopy(module), choose(learned, 0.6))
    assert len(structure.blocks) == 2
