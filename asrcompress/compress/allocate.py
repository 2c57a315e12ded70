"""Which option each layer takes so that the summed harm is least within a budget of bytes.

A multiple-choice knapsack: of each layer exactly one option, each with bytes and harm. Solved by
dynamic programming over the bytes above the smallest choice, in units that round up (Kellerer,
Pferschy and Pisinger, "Knapsack Problems" (2004), section 11.5), and then filled by exchanges in
exact bytes, which win back what the rounding lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_UNITS = 20_000  # of the budget: rounding up loses 150 of them at most for 150 layers, under 1 %


@dataclass(frozen=True, slots=True)
class Priced:
    """One option of one layer."""

    size_bytes: int
    harm: float


Choice = list[int]  # of each layer, the index of its option
_Frontier = list[int]  # indices of options, none of which is both larger and no better


def allocate(layers: Sequence[Sequence[Priced]], budget_bytes: int) -> Choice | None:
    """The option of each layer, by its index; None where even the smallest exceed the budget.

    An option that harms no less than a smaller one is never taken, so that noise in measured harm
    cannot make more bits look worse.
    """
    frontiers = [_frontier(options) for options in layers]
    smallest = [frontier[0] for frontier in frontiers]
    spare = budget_bytes - _size(layers, smallest)
    if spare < 0:
        return None
    chosen = _programme(layers, frontiers, spare)
    return _exchanged(layers, frontiers, chosen, budget_bytes)


def _frontier(options: Sequence[Priced]) -> _Frontier:
    kept: _Frontier = []
    order = sorted(range(len(options)), key=lambda i: (options[i].size_bytes, options[i].harm))
    for index in order:
        if not kept or options[index].harm < options[kept[-1]].harm:
            kept.append(index)
    return kept


def _size(layers: Sequence[Sequence[Priced]], chosen: Choice) -> int:
    return sum(options[index].size_bytes for options, index in zip(layers, chosen, strict=True))


def _programme(
    layers: Sequence[Sequence[Priced]], frontiers: Sequence[_Frontier], spare: int
) -> Choice:
    """Least summed harm for each number of units, layer after layer; then the way back."""
    unit = max(1, -(-spare // _UNITS))
    capacity = spare // unit
    harm: npt.NDArray[np.float64] = np.zeros(capacity + 1)
    taken: list[npt.NDArray[np.int8]] = []
    costs = []
    for options, frontier in zip(layers, frontiers, strict=True):
        first = options[frontier[0]].size_bytes
        units = [-(-(options[index].size_bytes - first) // unit) for index in frontier]
        table = np.full((len(frontier), capacity + 1), np.inf)
        for row, (index, cost) in enumerate(zip(frontier, units, strict=True)):
            if cost <= capacity:
                table[row, cost:] = harm[: capacity + 1 - cost] + options[index].harm
        best = table.argmin(axis=0)
        harm = table[best, np.arange(capacity + 1)]
        taken.append(best.astype(np.int8))
        costs.append(units)
    left = capacity
    chosen: Choice = []
    for best, units, frontier in zip(
        reversed(taken), reversed(costs), reversed(frontiers), strict=True
    ):
        row = int(best[left])
        chosen.append(frontier[row])
        left -= units[row]
    return chosen[::-1]


def _exchanged(
    layers: Sequence[Sequence[Priced]],
    frontiers: Sequence[_Frontier],
    chosen: Choice,
    budget_bytes: int,
) -> Choice:
    """Better options while any one layer's, or any two layers' together, fit into the budget."""
    chosen = list(chosen)
    while True:
        spare = budget_bytes - _size(layers, chosen)
        moves = [
            _Move(layer, index, options[index], options[chosen[layer]])
            for layer, (options, frontier) in enumerate(zip(layers, frontiers, strict=True))
            for index in frontier
            if index != chosen[layer]
        ]
        best = min(_fitting(moves, spare), key=lambda found: found[0], default=None)
        if best is None:
            return chosen
        for move in best[1]:
            chosen[move.layer] = move.index


class _Move:
    """One layer's change to another option, and what it adds in bytes and in harm."""

    __slots__ = ("harm", "index", "layer", "size_bytes")

    def __init__(self, layer: int, index: int, new: Priced, old: Priced) -> None:
        self.layer, self.index = layer, index
        self.size_bytes = new.size_bytes - old.size_bytes
        self.harm = new.harm - old.harm


def _fitting(moves: Sequence[_Move], spare: int) -> Iterator[tuple[float, tuple[_Move, ...]]]:
    """Single moves and pairs (one smaller, one larger) that fit and harm less than before."""
    for move in moves:
        if move.harm < 0 and move.size_bytes <= spare:
            yield move.harm, (move,)
    smaller = [move for move in moves if move.size_bytes < 0]
    larger = [move for move in moves if move.size_bytes > spare and move.harm < 0]
    for down, up in product(smaller, larger):
        harm = down.harm + up.harm
        if harm < 0 and down.layer != up.layer and down.size_bytes + up.size_bytes <= spare:
            yield harm, (down, up)
