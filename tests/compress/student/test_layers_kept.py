"""Evenly spaced layers, by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.compress.student.layers_kept import evenly_spaced


@pytest.mark.parametrize(
    ("layers", "of", "expected"),
    [
        (1, 24, (24,)),  # the one that the head hears
        (2, 12, (1, 12)),
        (3, 12, (1, 7, 12)),  # 1, 6.5 and 12: a half goes up
        (6, 12, (1, 3, 5, 8, 10, 12)),  # steps of 2.2: 1, 3.2, 5.4, 7.6, 9.8, 12
        (12, 24, (1, 3, 5, 7, 9, 11, 14, 16, 18, 20, 22, 24)),  # steps of 23/11
        (4, 4, (1, 2, 3, 4)),
    ],
)
def test_by_hand(layers: int, of: int, expected: tuple[int, ...]) -> None:
    """The first, the last, and those nearest to even steps between them."""
    assert evenly_spaced(layers, of) == expected


@given(st.integers(1, 60), st.data())
def test_spacing(of: int, data: st.DataObject) -> None:
    """Layers are distinct and in order, end in the last, and no two gaps differ by more than 1."""
    layers = data.draw(st.integers(1, of))
    kept = evenly_spaced(layers, of)
    assert len(kept) == layers
    assert kept[-1] == of
    assert kept[0] == (1 if layers > 1 else of)
    gaps = {after - before for before, after in pairwise(kept)}
    assert all(gap >= 1 for gap in gaps)
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("layers", [0, 5])
def test_impossible(layers: int) -> None:
    """There are neither no layers nor more than all."""
    with pytest.raises(ValueError, match=f"{layers} of 4 layers"):
        evenly_spaced(layers, 4)
