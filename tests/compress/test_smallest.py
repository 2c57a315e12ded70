"""The k smallest magnitudes over many tensors, exactly."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcompress.compress.smallest import Smallest, smallest, smallest_over


def _masks(tensors: list[torch.Tensor], count: int) -> list[list[bool]]:
    chosen = _smallest(tensors, count)
    return [
        chosen[str(number)].mask(tensor).flatten().tolist() for number, tensor in enumerate(tensors)
    ]


def _smallest(tensors: list[torch.Tensor], count: int) -> dict[str, Smallest]:
    by_name = {str(number): tensor for number, tensor in enumerate(tensors)}
    return smallest_over(list(by_name), by_name.__getitem__, count)


def test_by_hand() -> None:
    """0.1, -0.2 and 0.3 are the three nearest to zero."""
    tensors = [torch.tensor([0.5, -0.2]), torch.tensor([[0.1], [-0.4], [0.3]])]
    assert _masks(tensors, 3) == [[False, True], [True, False, True]]
    assert [c.magnitude for c in _smallest(tensors, 3).values()] == [pytest.approx(0.3)] * 2
    assert smallest(tensors[0], 1).mask(tensors[0]).tolist() == [False, True]


def test_ties_go_to_the_first() -> None:
    """Equal magnitudes: by position, over the tensors in order."""
    tensors = [torch.tensor([1.0, -1.0]), torch.tensor([1.0, 1.0])]
    assert _masks(tensors, 3) == [[True, True], [True, False]]


def test_none_and_all() -> None:
    """Both ends."""
    tensors = [torch.tensor([0.0, -0.0, 2.0])]
    assert _masks(tensors, 0) == [[False, False, False]]
    assert _masks(tensors, 2) == [[True, True, False]]
    assert _masks(tensors, 3) == [[True, True, True]]


_FLOATS = st.floats(allow_nan=False, width=32)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(_FLOATS, min_size=1, max_size=8), min_size=1, max_size=4), st.data())
def test_agrees_with_sorting(values: list[list[float]], data: st.DataObject) -> None:
    """Exactly as many as asked for, and none larger than one left out."""
    tensors = [torch.tensor(row, dtype=torch.float32) for row in values]
    flat = torch.cat(tensors).abs()
    count = data.draw(st.integers(0, flat.numel()))
    mask = torch.tensor(list(chain.from_iterable(_masks(tensors, count))))
    assert int(mask.sum()) == count
    assert torch.equal(flat[mask].sort().values, flat.sort().values[:count])


def test_each_tensor_is_read_twice_and_none_changed() -> None:
    """So that no more than one needs to be in memory."""
    tensors = {"a": torch.tensor([3.0, -1.0]), "b": torch.tensor([[2.0]])}
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    read: list[str] = []

    def reading(name: str) -> torch.Tensor:
        read.append(name)
        return tensors[name]

    smallest_over(list(tensors), reading, 2)
    assert read == ["a", "b", "a", "b"]
    assert all(torch.equal(tensors[name], before[name]) for name in tensors)
