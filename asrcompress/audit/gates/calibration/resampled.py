"""Rates and losses with what other recordings of the same kind would show of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from asrcompress.evaluate.blocks import Integers
from asrcompress.evaluate.resampling import Floats, RateSample, resampled_sums

_AT_ONCE = 64  # cells whose resamples are held in memory together
_MOST = 1.0  # a limit beyond 100 points says nothing
_HALVINGS = 40  # of the interval in which a limit is searched


@dataclass(frozen=True, slots=True, eq=False)
class Bounded:
    """A rate or loss of one cell, with the least limit that it passes.

    needed: that limit; reach: how far it is above the estimate, taken to be the same for other
    recordings. apart: the smallest limit that is sensible for another reason.
    """

    artefact: str
    condition: str
    sample: RateSample
    estimate: float
    needed: float
    apart: float = 0.0

    @property
    def reach(self) -> float:
        return self.needed - self.estimate


@dataclass(frozen=True, slots=True)
class Draws:
    """How recordings are drawn again: whole speakers, as for every interval of the results."""

    seed: int
    replicates: int


def highest(cells: Sequence[Bounded], draws: Draws) -> Floats:
    """(replicates,) the least limit that all cells pass, each time the recordings are drawn again.

    All cells of one corpus meet the same draws.
    """
    found = np.full(draws.replicates, -np.inf)
    for count in sorted({cell.sample.blocks.count for cell in cells}):
        same = [cell for cell in cells if cell.sample.blocks.count == count]
        for start in range(0, len(same), _AT_ONCE):
            some = same[start : start + _AT_ONCE]
            reaches = np.array([cell.reach for cell in some])
            np.maximum(found, (_values(some, draws) + reaches).max(axis=1), out=found)
    return found


def limit_for(cells: Sequence[Bounded], chance: float, draws: Draws) -> float:
    """The least limit that all cells pass and that is sensible.

    With it the same model is stopped on other recordings with that chance at most.
    """
    seldom = float(np.quantile(highest(cells, draws), 1 - chance, method="higher"))
    return max(seldom, *(max(cell.needed, cell.apart) for cell in cells))


def chance_of_stopping(cells: Sequence[Bounded], limit: float, draws: Draws) -> float:
    """How often not all cells would pass a limit, were the recordings drawn again."""
    return float((highest(cells, draws) > limit).mean())


def _values(cells: Sequence[Bounded], draws: Draws) -> Floats:
    """(replicates, cells) rates; a draw without a single word has none, and counts as 0."""
    columns: list[Integers] = []
    for cell in cells:
        columns += [cell.sample.errors, cell.sample.lengths]
    sums = resampled_sums(np.concatenate(columns, 1), draws.seed, draws.replicates)
    errors, lengths = sums[:, 0::2], sums[:, 1::2]
    found: Floats = np.divide(errors, lengths, out=np.zeros_like(errors), where=lengths > 0)
    return found


def least_margin(p_within: Callable[[float], float], tail: float) -> float | None:
    """The least margin whose test passes; None where not even 100 points do.

    p_within: the test's p-value, which falls as the margin grows.
    """
    if p_within(0.0) <= tail:
        return 0.0
    if p_within(_MOST) > tail:
        return None
    low, high = 0.0, _MOST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if p_within(middle) <= tail else (middle, high)
    return high
