"""Files written tensor by tensor, read back by the safetensors library itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from asrcompress.compress.weight_file import WeightFile, file_bytes, header_of
from asrcompress.core.errors import ModelError

DTYPES = (
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
)


def _tensor(dtype: torch.dtype, shape: tuple[int, ...]) -> torch.Tensor:
    """Of any bits that the dtype has: infinities, NaNs and -0.0 among them."""
    count = torch.Size(shape).numel()
    if dtype == torch.bool:
        return (torch.arange(count) % 3 == 0).reshape(shape)
    generator = torch.Generator().manual_seed(count)
    raw = torch.randint(0, 256, (count * dtype.itemsize,), generator=generator, dtype=torch.uint8)
    return raw.view(dtype).reshape(shape)


def _write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    with WeightFile(path) as file:
        for name, tensor in tensors.items():
            file.add(name, tensor)


def _bits(tensor: torch.Tensor) -> list[int]:
    found: list[int] = tensor.contiguous().reshape(-1).view(torch.uint8).tolist()
    return found


def _assert_read_back(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    found = load_file(path)
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype, name
        assert found[name].shape == tensor.shape, name
        assert _bits(found[name]) == _bits(tensor), name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (7,), (5, 3), (2, 3, 5)])
def test_read_back(tmp_path: Path, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """Every dtype and shape, bit for bit, behind bytes that would misalign it."""
    odd = torch.arange(3, dtype=torch.uint8)
    tensors = {"before": odd, "it": _tensor(dtype, shape), "after": odd}
    _write(tmp_path / "file.safetensors", tensors)
    _assert_read_back(tmp_path / "file.safetensors", tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["file.safetensors"]


_SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(_NAMES, st.tuples(st.sampled_from(DTYPES), _SHAPES), max_size=8))
def test_any_mixture(tmp_path: Path, forms: dict[str, tuple[torch.dtype, tuple[int, ...]]]) -> None:
    """Whatever comes in whatever order: aligned, without a hole, and as large as was said."""
    forms.pop("__metadata__", None)
    tensors = {name: _tensor(*form) for name, form in forms.items()}
    path = tmp_path / "file.safetensors"
    _write(path, tensors)
    _assert_read_back(path, tensors)
    named = {name: (shape, str(dtype)[6:]) for name, (dtype, shape) in forms.items()}
    assert path.stat().st_size == file_bytes(named)
    header = header_of(named)
    assert path.read_bytes().startswith(header)
    assert len(header) % 8 == 0
    places = json.loads(header[8:])
    del places["__metadata__"]
    for name, place in places.items():
        assert place["data_offsets"][0] % tensors[name].element_size() == 0


def test_as_large_as_the_librarys_own(tmp_path: Path) -> None:
    """Same header, same padding; transformers wants the format to be named."""
    tensors = {"a": torch.ones(3, 5), "b": torch.ones(7, dtype=torch.int8), "c": torch.tensor(2.0)}
    _write(tmp_path / "ours", tensors)
    save_file(tensors, tmp_path / "theirs", metadata={"format": "pt"})
    assert (tmp_path / "ours").stat().st_size == (tmp_path / "theirs").stat().st_size
    with safe_open(str(tmp_path / "ours"), framework="pt") as stored:
        assert stored.metadata() == {"format": "pt"}


def test_views_and_gradients(tmp_path: Path) -> None:
    """A transposed view is stored as its values read; the tensor is left as it is."""
    base = torch.arange(6.0).reshape(2, 3).requires_grad_()
    _write(tmp_path / "file.safetensors", {"it": base.mT, "part": base[:, 1]})
    found = load_file(tmp_path / "file.safetensors")
    assert found["it"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["part"].tolist() == [1, 4]
    assert base.requires_grad


def _write_and_fail(path: Path) -> None:
    with WeightFile(path) as file:
        file.add("a", torch.ones(3))
        file.add("b", torch.ones(3, dtype=torch.int8))
        assert len(list(path.parent.iterdir())) == 2
        raise KeyError


def test_nothing_is_left_when_the_block_raises(tmp_path: Path) -> None:
    """Neither a file nor its parts."""
    with pytest.raises(KeyError):
        _write_and_fail(tmp_path / "file.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_dtype_that_the_format_lacks(tmp_path: Path) -> None:
    """Named, with the tensor."""
    with (
        pytest.raises(ModelError, match="cannot be stored: wide; got complex128"),
        WeightFile(tmp_path / "file.safetensors") as file,
    ):
        file.add("wide", torch.ones(2, dtype=torch.complex128))
    assert list(tmp_path.iterdir()) == []
