"""Unpacking 4- and 2-bit weights with torch alone.

optimum-quanto 0.2.7 compiles a C++ extension into its own package folder at the first forward
pass: minutes, and a failure where there is no compiler or the folder is read-only. That extension
only calls the same torch operators as `unpack` here, so ours takes its place.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_EXTENSIONS = ("quanto_cpp", "quanto_cuda", "quanto_hip", "quanto_mps")


def use_own_unpack() -> None:
    """Make quanto unpack with `unpack` on every device, unless it has loaded its extension."""
    from optimum.quanto.library.extensions import get_extension, is_extension_available

    for name in _EXTENSIONS:
        if is_extension_available(name):
            extension = get_extension(name)
            if extension._lib is None:
                extension._lib = SimpleNamespace(unpack=unpack)


def unpack(packed: torch.Tensor, bits: int) -> torch.Tensor:
    """(rows, ...) uint8 with 8 / bits values a byte to (rows * 8 / bits, ...) uint8.

    The lowest bits of all bytes come first, then the next: row r of the result is in byte
    r modulo the packed rows.
    """
    import torch

    mask = (1 << bits) - 1
    return torch.cat([(packed >> shift) & mask for shift in range(0, 8, bits)])
