"""Which points of a picture no other beats: the Pareto front, and the steps through it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

Point = tuple[float, float]


def on_front(points: Sequence[Point]) -> tuple[bool, ...]:
    """For each (x, y), whether it is on the front; less is better in both.

    A point is off the front where another is no worse in both and better in one. Of equal points
    all are on it, or none.
    """
    order = sorted(range(len(points)), key=lambda index: points[index])
    found = [False] * len(points)
    lowest: float | None = None
    for _, group in groupby(order, key=lambda index: points[index][0]):
        column = list(group)
        least = points[column[0]][1]
        if lowest is None or least < lowest:
            lowest = least
            for index in column:
                found[index] = points[index][1] == least
    return tuple(found)


def staircase(points: Sequence[Point]) -> tuple[Point, ...]:
    """The corners of the steps through the front, from its lowest x to its highest.

    From each point the line goes on at its y, and down at the next one's x: what lies above and
    to the right of it is beaten.
    """
    kept = on_front(points)
    front = sorted({point for point, is_kept in zip(points, kept, strict=True) if is_kept})
    corners = list(front[:1])
    for (_, y), (next_x, next_y) in pairwise(front):
        corners += [(next_x, y), (next_x, next_y)]
    return tuple(corners)
