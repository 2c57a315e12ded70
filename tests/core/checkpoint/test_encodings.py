"""Tensors stored in another form: decoded bit for bit, and only where that is smaller."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.checkpoint.encodings import MASK, VALUES, decode, encode_zeros, stored_keys
from asrcompress.core.checkpoint.zero_codes import HEADER_BYTES
from asrcompress.core.errors import IntegrityError

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8)


def _sparse(dtype: torch.dtype, shape: tuple[int, ...], share: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(1, 100, shape, generator=generator).to(dtype)
    return values.masked_fill(torch.rand(shape, generator=generator) < share, 0)


def _stored(key: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    parts = encode_zeros(tensor)
    assert parts is not None
    return dict(zip(stored_keys(key, "bitmask"), (parts[MASK], parts[VALUES]), strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1024,), (33, 65), (16, 16, 9), (2049,)])
def test_zeros_bit_for_bit(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """All dtypes, and sizes that no byte divides."""
    tensor = _sparse(dtype, shape, 0.7)
    decoded = decode("it", "bitmask", _stored("it", tensor), shape)
    assert decoded.dtype == dtype
    assert torch.equal(decoded, tensor)


def test_negative_zero_and_nan_are_values() -> None:
    """Equal would not do: -0.0 == 0.0, and NaN is unlike itself."""
    tensor = torch.zeros(1000)
    tensor[:4] = torch.tensor([-0.0, float("nan"), float("inf"), 1e-45])
    decoded = decode("it", "bitmask", _stored("it", tensor), (1000,))
    assert torch.equal(decoded.view(torch.int32), tensor.view(torch.int32))
    assert _stored("it", tensor)["it.values"].numel() == 4


@given(st.integers(1, 4000), st.floats(0, 1), st.sampled_from(DTYPES))
def test_only_where_smaller(size: int, share: float, dtype: torch.dtype) -> None:
    """A bit a value, the values, and what one tensor more costs in the header."""
    tensor = _sparse(dtype, (size,), share)
    parts = encode_zeros(tensor)
    packed = (size + 7) // 8 + int(tensor.count_nonzero()) * tensor.element_size()
    if parts is None:
        assert packed + HEADER_BYTES >= tensor.nbytes
    else:
        assert sum(part.nbytes for part in parts.values()) == packed
        assert packed + HEADER_BYTES < tensor.nbytes


@pytest.mark.parametrize("tensor", [torch.zeros(0), torch.tensor(0.0), torch.ones(4096)])
def test_nothing_to_gain(tensor: torch.Tensor) -> None:
    """Empty, a single value, no zeros."""
    assert encode_zeros(tensor) is None


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_halves_come_back_as_float32(half: torch.dtype) -> None:
    """With the values that they have; packed ones too."""
    name = str(half).removeprefix("torch.")
    tensor = _sparse(half, (64, 64), 0.8) / 3
    decoded = decode("it", name, {"it": tensor}, (64, 64))
    assert decoded.dtype == torch.float32
    assert torch.equal(decoded, tensor.float())
    both = decode("it", f"bitmask+{name}", _stored("it", tensor), (64, 64))
    assert both.dtype == torch.float32
    assert torch.equal(both, tensor.float())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda s: s.pop("it.mask"), r"a tensor is missing: it\.mask"),
        (lambda s: s.pop("it.values"), r"a tensor is missing: it\.values"),
        (lambda s: s.update({"it.mask": s["it.mask"][:-1]}), "a mask does not fit its tensor: it"),
        (lambda s: s.update({"it.mask": s["it.mask"] ^ 1}), "a mask does not fit its tensor: it"),
        (lambda s: s.update({"it.mask": s["it.mask"].float()}), "a mask does not fit"),
        (lambda s: s.update({"it.values": s["it.values"][:-1]}), "a mask does not fit"),
        (lambda s: s.update({"it.values": s["it.values"][None]}), "a mask does not fit"),
    ],
)
def test_damaged_parts(change: object, match: str) -> None:
    """Named, never guessed."""
    stored = _stored("it", _sparse(torch.float32, (30, 30), 0.8))
    change(stored)  # type: ignore[operator]
    with pytest.raises(IntegrityError, match=match):
        decode("it", "bitmask", stored, (30, 30))


def test_unknown_form() -> None:
    """One that this version does not know is no tensor."""
    with pytest.raises(IntegrityError, match="unknown form of a tensor: it; got csr"):
        decode("it", "csr", {}, (3,))
