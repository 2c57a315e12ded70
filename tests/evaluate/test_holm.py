"""Holm's correction."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.evaluate.holm import holm


def test_by_hand() -> None:
    """4 * 0.005, 3 * 0.01, 2 * 0.03, and 0.04 which is not below the one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_none_and_one() -> None:
    assert holm([]) == []
    assert holm([0.3]) == [0.3]


@given(st.lists(st.floats(0, 1), max_size=20))
def test_never_smaller_never_above_one_order_kept(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= new <= 1 for p, new in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    assert all(adjusted[a] <= adjusted[b] for a, b in pairwise(order))


def test_family_wise_error() -> None:
    """Of 40 true hypotheses any is refused at 5 % in no more than about 5 % of the families."""
    p_values = np.random.default_rng(0).random((2000, 40))
    wrong = sum(min(holm(family.tolist())) <= 0.05 for family in p_values)
    assert wrong / 2000 <= 0.065
    assert (p_values.min(axis=1) <= 0.05).mean() > 0.8  # uncorrected nearly every family errs
