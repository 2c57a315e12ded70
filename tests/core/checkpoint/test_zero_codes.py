"""Packed codes without their zeros: the same bits back, and only where they are fewer."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.decision import Decision
from asrcompress.compress.encode import encode
from asrcompress.core.checkpoint.encodings import decode, stored_keys
from asrcompress.core.checkpoint.zero_codes import decode_zero_codes, encode_zero_codes
from asrcompress.core.errors import IntegrityError


def _parts(bits: int, shape: tuple[int, ...], zeros: float) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    weight = torch.randn(shape)
    weight[torch.rand(shape) < zeros] = 0
    decision = Decision("", bits=bits)  # type: ignore[arg-type]
    return encode(weight, decision).parts


@pytest.mark.parametrize("shape", [(64, 256), (33, 200), (48, 16, 9)])
@pytest.mark.parametrize(("bits", "zeros"), [(4, 0.6), (4, 0.3), (2, 0.7)])
def test_same_bits_back(bits: int, zeros: float, shape: tuple[int, ...]) -> None:
    """Grouped rows, rows that nothing divides, and convolutions."""
    parts = _parts(bits, shape, zeros)
    data, shift = parts["_data._data"], parts["_shift"]
    packed = encode_zero_codes(data, shift, bits)
    assert packed is not None
    mask, values = packed
    assert mask.nbytes + values.nbytes < data.nbytes
    stored = {"w._data._data.mask": mask, "w._data._data.values": values, "w._shift": shift}
    encoding = f"bitmask+qint{bits}"
    assert set(stored_keys("w._data._data", encoding)) < set(stored)
    assert torch.equal(decode("w._data._data", encoding, stored, tuple(data.shape)), data)


@pytest.mark.parametrize(("bits", "zeros"), [(4, 0.1), (4, 0.02)])
def test_not_where_it_would_be_larger(bits: int, zeros: float) -> None:
    """A bit a weight costs more than so few zeros save, those made by rounding included."""
    parts = _parts(bits, (64, 256), zeros)
    assert encode_zero_codes(parts["_data._data"], parts["_shift"], bits) is None


def test_a_mask_of_another_tensor_is_refused() -> None:
    """One bit flipped: the codes no longer fit."""
    parts = _parts(4, (64, 256), 0.6)
    data, shift = parts["_data._data"], parts["_shift"]
    packed = encode_zero_codes(data, shift, 4)
    assert packed is not None
    mask, values = packed
    shape = tuple(data.shape)
    for bad_mask, bad_values in (
        (mask[:-1], values),
        (mask, values[:-1]),
        (mask, values.to(torch.int16)),
    ):
        with pytest.raises(IntegrityError, match="does not fit"):
            decode_zero_codes("w", bad_mask, bad_values, shift, 4, shape)


@pytest.mark.parametrize("rows", [(), (128,), (128, 2), (128, 1, 1), (127, 3), (120, 1), (0, 1)])
def test_a_shift_of_another_tensor_is_refused(rows: tuple[int, ...]) -> None:
    """Its shape comes from the file, so it may be any: 64 x 256 has (128, 1) at 4 bits."""
    parts = _parts(4, (64, 256), 0.6)
    data, shift = parts["_data._data"], parts["_shift"]
    assert shift.shape == (128, 1)
    packed = encode_zero_codes(data, shift, 4)
    assert packed is not None
    bad = torch.zeros(rows, dtype=torch.uint8)
    with pytest.raises(IntegrityError, match="does not fit"):
        decode_zero_codes("w", *packed, bad, 4, tuple(data.shape))
