"""Units that leave whole, and how many of them a budget holds."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.structured.layout import Layout
from asrcompress.compress.structured.units import Units, keep_first

LAYOUT = Layout(blocks=2, width=10, heads=2, head_dim=3, feed_forward=8)
ATTENTION, FEED_FORWARD = 10, 10  # a sublayer's bias
QUERY_KEY, VALUE_OUTPUT, INTERMEDIATE = 22, 21, 21
HEAD = 3 * (QUERY_KEY + VALUE_OUTPUT)


def _none(units: Units) -> torch.Tensor:
    return torch.zeros(units.count, dtype=torch.bool)


def test_every_dimension_is_a_unit() -> None:
    """24 attention dimensions and 16 of feed-forwards, each numbered once."""
    units = Units.of(LAYOUT, "dim")
    numbers = torch.cat(
        [part.flatten() for part in (units.query_key, units.value_output, units.intermediate)]
    )
    assert sorted(numbers.tolist()) == list(range(40))


def test_a_head_is_one_unit() -> None:
    """Its query and value dimensions have its number; feed-forward dimensions have their own."""
    units = Units.of(LAYOUT, "head")
    assert units.count == 4 + 16
    assert units.query_key[1, 0].tolist() == units.value_output[1, 0].tolist() == [2, 2, 2]


def test_what_nothing_is_left_in_is_closed() -> None:
    """A head without values has no queries, a sublayer without anything is no sublayer."""
    units = Units.of(LAYOUT, "dim")
    is_kept = _none(units)
    is_kept[units.query_key] = True
    is_kept[units.value_output[0, 1, 2]] = True
    is_kept[units.intermediate[1, 5]] = True
    kept = units.kept(is_kept)
    assert kept.query_key.sum(dim=-1).tolist() == [[0, 3], [0, 0]]
    assert kept.attention.tolist() == [True, False]
    assert kept.feed_forward.tolist() == [False, True]
    left = 3 * QUERY_KEY + VALUE_OUTPUT + ATTENTION + INTERMEDIATE + FEED_FORWARD
    assert units.parameters(is_kept) == left


def test_everything_is_the_layouts_count() -> None:
    """With nothing removed it is the whole; a budget is the share of that."""
    units = Units.of(LAYOUT, "head")
    assert units.parameters(~_none(units)) == LAYOUT.parameters == units.budget(0.0)
    assert units.budget(0.75) == LAYOUT.parameters // 4


def test_the_first_that_fit_are_kept() -> None:
    """Of an order of heads first, one fits, and feed-forward dimensions that follow do not."""
    units = Units.of(LAYOUT, "head")
    order = torch.arange(units.count)
    kept = keep_first(units, order, HEAD + ATTENTION + HEAD - 1)
    assert kept.nonzero().flatten().tolist() == [0]


def test_what_is_left_goes_to_open_feed_forwards() -> None:
    """Where the next head is too large, dimensions of a feed-forward that is open fill up."""
    units = Units.of(LAYOUT, "head")
    first_feed = int(units.intermediate[0, 0])
    order = torch.tensor([first_feed, 0, *range(1, 4), *range(first_feed + 1, units.count)])
    budget = INTERMEDIATE + FEED_FORWARD + HEAD + ATTENTION + 2 * INTERMEDIATE + 5
    kept = keep_first(units, order, budget)
    assert kept.nonzero().flatten().tolist() == [0, first_feed, first_feed + 1, first_feed + 2]
    assert units.parameters(kept) == budget - 5


@pytest.mark.parametrize("kind", ["dim", "head"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.83])
def test_a_budget_is_nearly_used_up(kind: str, share: float) -> None:
    """In any order what is kept fits, and less than one unit of the coarsest kind is left over."""
    units = Units.of(LAYOUT, kind)  # type: ignore[arg-type]
    budget = int(share * LAYOUT.parameters)
    largest = HEAD + ATTENTION if kind == "head" else QUERY_KEY * 3 + VALUE_OUTPUT + ATTENTION
    for seed in range(20):
        order = torch.randperm(units.count, generator=torch.Generator().manual_seed(seed))
        left = units.parameters(keep_first(units, order, budget))
        assert budget - largest < left <= budget
