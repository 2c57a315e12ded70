"""Tensors stored in another form than they are loaded in: half precision, and without zeros.

- `float16`, `bfloat16`: float32 values that have (or were rounded to have) that precision.
- `bitmask`: a bit a value says whether it is zero, and only the others are stored. Sparse formats
  with indices (CSR) need 16 bits or more for each value that is left, so at the sparsities of
  pruning without retraining, below 90 %, the mask is smaller.

Both together read `bitmask+float16`; `bitmask+qint4` is the mask of packed codes, whose zero is no
zero byte. Decoding gives the tensor bit for bit; -0.0 counts as a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from asrcompress.core.checkpoint.zero_codes import HEADER_BYTES, decode_zero_codes
from asrcompress.core.errors import IntegrityError

if TYPE_CHECKING:
    import torch

MASK, VALUES = "mask", "values"
_MASK = "bitmask"
HALVES = ("float16", "bfloat16")
_CODES = {f"{_MASK}+qint4": 4, f"{_MASK}+qint2": 2}
ENCODINGS = (*HALVES, _MASK, *(f"{_MASK}+{half}" for half in HALVES), *_CODES)


def encode_zeros(tensor: torch.Tensor) -> dict[str, torch.Tensor] | None:
    """Mask and values of a tensor; None where they would not be smaller than the tensor itself."""
    import torch

    flat = tensor.contiguous().reshape(-1)
    kept = _bits(flat) != 0
    count = int(kept.count_nonzero())
    if (flat.numel() + 7) // 8 + count * flat.element_size() + HEADER_BYTES >= flat.nbytes:
        return None
    return {MASK: _packed(kept), VALUES: torch.masked_select(flat, kept)}


def decode(
    key: str, encoding: str, stored: Mapping[str, torch.Tensor], shape: tuple[int, ...]
) -> torch.Tensor:
    """The tensor that was stored under `key`, float halves as float32.

    Raises:
        IntegrityError: its parts are missing or do not fit the shape.
    """
    import torch

    if encoding not in ENCODINGS:
        raise IntegrityError("unknown form of a tensor", where=key, got=encoding)
    if encoding in _CODES:
        mask, values = (_part(name, stored) for name in stored_keys(key, encoding))
        shift = _part(f"{key.removesuffix('._data._data')}._shift", stored)
        return decode_zero_codes(key, mask, values, shift, _CODES[encoding], shape)
    is_packed = encoding.startswith(_MASK)
    tensor = _with_zeros(key, stored, shape) if is_packed else _part(key, stored)
    return tensor.to(torch.float32) if encoding.endswith(HALVES) else tensor


def stored_keys(key: str, encoding: str) -> tuple[str, ...]:
    """What a tensor of an encoding is called in the file."""
    return (f"{key}.{MASK}", f"{key}.{VALUES}") if encoding.startswith(_MASK) else (key,)


def _with_zeros(
    key: str, stored: Mapping[str, torch.Tensor], shape: tuple[int, ...]
) -> torch.Tensor:
    import torch

    mask, values = (_part(name, stored) for name in stored_keys(key, _MASK))
    size = torch.Size(shape).numel()
    fits = mask.dtype == torch.uint8 and mask.shape == ((size + 7) // 8,) and values.dim() == 1
    kept = _unpacked(mask, size) if fits else mask
    if not fits or int(kept.count_nonzero()) != values.numel():
        raise IntegrityError("a mask does not fit its tensor", where=key, expected=f"{shape}")
    flat = torch.zeros(size, dtype=values.dtype)
    flat[kept] = values
    return flat.reshape(shape)


def _part(name: str, stored: Mapping[str, torch.Tensor]) -> torch.Tensor:
    if name not in stored:
        raise IntegrityError(
            "a tensor is missing", where=name, next_step="compress the model again"
        )
    return stored[name]


def _bits(flat: torch.Tensor) -> torch.Tensor:
    """Integers that are zero only where all bits of a value are."""
    import torch

    integers = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return flat.view(integers[flat.element_size()])


def _packed(kept: torch.Tensor) -> torch.Tensor:
    """(values,) bool to (values / 8,) uint8, the first value in the highest bit."""
    import numpy as np
    import torch

    return torch.from_numpy(np.packbits(kept.numpy()))


def _unpacked(mask: torch.Tensor, size: int) -> torch.Tensor:
    import numpy as np
    import torch

    return torch.from_numpy(np.unpackbits(mask.numpy(), count=size).view(np.bool_))
