"""Holm's correction: p-values that hold for a whole family of tests together."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """The adjusted p-values, in the order given.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6, 1979: the k-th smallest of m is multiplied by m - k + 1, and none is smaller than
    one before it. Refusing what is adjusted to alpha or less errs on any true hypothesis with a
    probability of at most alpha, however the tests depend on each other.
    """
    adjusted = [1.0] * len(p_values)
    so_far = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        so_far = max(so_far, (len(p_values) - rank) * p_values[place])
        adjusted[place] = min(1.0, so_far)
    return adjusted
