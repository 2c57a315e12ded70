"""A second, independent edit distance with any costs: what counts are checked against."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Costs(NamedTuple):
    """Of a substitution, and of a deletion or an insertion."""

    substitution: int
    gap: int


def least_cost(reference: str, hypothesis: str, costs: Costs) -> int:
    """The least cost of turning the reference's words into the hypothesis's.

    Wagner and Fischer (1974), a row at a time: a run of insertions is a running minimum.
    """
    numbers: dict[str, int] = {}
    sides = (text.split(" ") if text else [] for text in (reference, hypothesis))
    said, heard = (
        np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64)
        for words in sides
    )
    ramp = costs.gap * np.arange(len(heard) + 1)
    row = ramp.copy()
    for word in said:
        candidates = row + costs.gap
        matched = row[:-1] + np.where(heard == word, 0, costs.substitution)
        candidates[1:] = np.minimum(candidates[1:], matched)
        row = np.minimum.accumulate(candidates - ramp) + ramp
    return int(row[-1])
