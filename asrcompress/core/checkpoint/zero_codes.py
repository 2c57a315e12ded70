"""Quantised weights of 4 and 2 bits stored without their zeros.

Their codes are packed two or four to a byte, and zero is the code that the group's shift says. A
bit a weight says whether it is zero, and only the others' codes are kept, packed again: at 4 bits
and 60 % zeros 2.6 bits a weight in place of 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asrcompress.core.checkpoint.unpack import unpack
from asrcompress.core.errors import IntegrityError

if TYPE_CHECKING:
    import torch

HEADER_BYTES = 200  # what a tensor more adds to a file's header and to the manifest


def encode_zero_codes(
    data: torch.Tensor, shift: torch.Tensor, bits: int
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Mask and codes, (bytes,) uint8 each; None where they would not be smaller than the data.

    data: packed codes, rows first. shift: the code of zero by row, uint8.
    """
    import numpy as np
    import torch
    from optimum.quanto.tensor.packed import pack_weights

    codes = unpack(data, bits)[: shift.shape[0]]
    kept = codes != shift
    count = int(kept.count_nonzero())
    if (kept.numel() + 7) // 8 + (count * bits + 7) // 8 + HEADER_BYTES >= data.nbytes:
        return None
    mask = torch.from_numpy(np.packbits(kept.reshape(-1).numpy()))
    others = codes[kept]
    return mask, pack_weights(others, bits) if count else others


def decode_zero_codes(
    key: str,
    mask: torch.Tensor,
    values: torch.Tensor,
    shift: torch.Tensor,
    bits: int,
    shape: tuple[int, ...],
) -> torch.Tensor:
    """The packed codes, (packed rows, ...) uint8 of the shape.

    Raises:
        IntegrityError: mask and codes do not fit the shape.
    """
    import numpy as np
    import torch
    from optimum.quanto.tensor.packed import pack_weights

    are_bytes = {mask.dtype, values.dtype, shift.dtype} == {torch.uint8}
    if are_bytes and mask.dim() == values.dim() == 1 and _fits(shift, bits, shape):
        codes = shift.expand(shift.shape[0], *shape[1:]).clone()
        bits_set = np.unpackbits(mask.numpy(), count=codes.numel())
        kept = torch.from_numpy(bits_set.view(np.bool_)).reshape(codes.shape)
        count = int(kept.count_nonzero())
        if len(mask) == (codes.numel() + 7) // 8 and len(values) == (count * bits + 7) // 8:
            codes[kept] = unpack(values, bits)[:count]
            packed: torch.Tensor = pack_weights(codes, bits)
            return packed
    raise IntegrityError("a mask does not fit its tensor", where=key, expected=f"{shape}")


def _fits(shift: torch.Tensor, bits: int, shape: tuple[int, ...]) -> bool:
    """Whether there is one shift for each row of codes that are packed in this shape."""
    if shift.dim() != len(shape) or any(size != 1 for size in shift.shape[1:]):
        return False
    return -(-shift.shape[0] * bits // 8) == shape[0]
