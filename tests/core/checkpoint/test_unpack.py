"""Unpacking needs no compiler and gives what optimum-quanto packed."""

from __future__ import annotations

import pytest
import torch
from optimum.quanto.library.extensions import get_extension
from optimum.quanto.tensor.packed import pack_weights

from asrcompress.core.checkpoint.unpack import unpack, use_own_unpack


def test_four_bits_by_hand() -> None:
    """0x21 holds 1 in the first half of the rows and 2 in the second."""
    assert unpack(torch.tensor([0x21, 0x43], dtype=torch.uint8), 4).tolist() == [1, 3, 2, 4]


def test_two_bits_by_hand() -> None:
    """0b11_10_01_00 holds 0, 1, 2, 3."""
    assert unpack(torch.tensor([0b11100100], dtype=torch.uint8), 2).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("bits", [4, 2])
def test_inverse_of_quanto_packing(bits: int) -> None:
    """Whole bytes of rows come back."""
    values = torch.randint(0, 1 << bits, (16, 5), dtype=torch.uint8)
    assert torch.equal(unpack(pack_weights(values, bits), bits), values)


def test_quanto_uses_it() -> None:
    """Its extension is not built: minutes of compiling into its package folder."""
    use_own_unpack()
    assert get_extension("quanto_cpp").lib.unpack is unpack
