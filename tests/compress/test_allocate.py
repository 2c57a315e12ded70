"""The knapsack that shares out bytes."""

from __future__ import annotations

import itertools
import random

import pytest

from asrcompress.compress.allocate import Priced, allocate


def _total(layers: list[list[Priced]], chosen: list[int]) -> tuple[int, float]:
    taken = [options[index] for options, index in zip(layers, chosen, strict=True)]
    return sum(option.size_bytes for option in taken), sum(option.harm for option in taken)


def test_the_bytes_go_where_they_save_most_harm() -> None:
    """By hand: 30 bytes buy one large option, and layer 1 loses 9 by the small one, layer 0 1."""
    layers = [[Priced(10, 1.0), Priced(20, 0.0)], [Priced(10, 9.0), Priced(20, 0.0)]]
    assert allocate(layers, 30) == [0, 1]
    assert allocate(layers, 40) == [1, 1]
    assert allocate(layers, 39) == [0, 1]


def test_no_choice_fits_too_small_a_budget() -> None:
    """None, not a plan that is too large."""
    assert allocate([[Priced(10, 1.0)], [Priced(5, 1.0)]], 14) is None
    assert allocate([[Priced(10, 1.0)], [Priced(5, 1.0)]], 15) == [0, 0]


def test_more_bytes_that_harm_no_less_are_not_taken() -> None:
    """An option that was measured worse than a smaller one is noise, or useless."""
    assert allocate([[Priced(10, 0.1), Priced(20, 0.2), Priced(30, 0.1)]], 100) == [0]


def test_of_equal_bytes_the_less_harmful_is_taken() -> None:
    """Two ways to round to the same bits cost the same."""
    assert allocate([[Priced(10, 0.3), Priced(10, 0.2), Priced(20, 0.1)]], 10) == [1]


@pytest.mark.parametrize("seed", range(20))
def test_it_is_as_good_as_trying_everything(seed: int) -> None:
    """Against all 4^6 choices of six random layers of unlike sizes."""
    draw = random.Random(seed)
    layers = [
        [Priced(weights * bits, draw.random() / bits**2) for bits in (2, 4, 8, 32)]
        for weights in (draw.randint(100, 3000) for _ in range(6))
    ]
    budget = round(sum(options[0].size_bytes for options in layers) * draw.uniform(1, 6))
    tried = (_total(layers, list(each)) for each in itertools.product(range(4), repeat=6))
    least = min(harm for size, harm in tried if size <= budget)
    chosen = allocate(layers, budget)
    assert chosen is not None
    size, harm = _total(layers, chosen)
    assert size <= budget
    assert harm == pytest.approx(least, rel=1e-9)


def test_a_large_models_bytes_are_used_up() -> None:
    """The programme's units round up; the exchanges leave less unspent than any step costs."""
    draw = random.Random(0)
    layers = [
        [Priced(weights * bits // 8, draw.random() / bits**2) for bits in (2, 4, 8)]
        for weights in draw.choices([1 << 20, 1 << 22], k=150)
    ]
    budget = round(2.1 * sum(options[0].size_bytes for options in layers))
    chosen = allocate(layers, budget)
    assert chosen is not None
    size, _ = _total(layers, chosen)
    assert 0 <= budget - size < (1 << 20) // 4
