"""Sizes: bytes in memory, zipped, and whether float32 hides a half-precision origin."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
import torch

from asrcompress.compress.sizes import has_low_mantissa_bits, zipped_bytes


def test_zipped_within_a_thousandth_of_one_stream(tmp_path: Path) -> None:
    """Blocks of 4 MiB instead of one stream; 9 MiB so that there are three."""
    path = tmp_path / "weights"
    torch.manual_seed(0)
    path.write_bytes((torch.randn(9 << 18) * 0.02).numpy().tobytes())
    one_stream = len(zlib.compress(path.read_bytes(), 6))
    assert zipped_bytes([path]) == pytest.approx(one_stream, rel=1e-3)
    assert zipped_bytes([path, path]) == 2 * zipped_bytes([path])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_origin(dtype: torch.dtype) -> None:
    """Values that went through half precision leave the low 13 bits empty."""
    torch.manual_seed(0)
    values = torch.randn(1000) * 0.02
    rounded = values.to(dtype)
    assert has_low_mantissa_bits(values)
    assert not has_low_mantissa_bits(rounded.float())
    assert not has_low_mantissa_bits(rounded)
    rounded = rounded.float()
    rounded[-1] = values[-1]
    assert has_low_mantissa_bits(rounded)  # one is enough
    assert has_low_mantissa_bits(values.reshape(2, 500).mT)  # not contiguous


def test_other_numbers_have_none() -> None:
    """Whole numbers, double precision, nothing, a single value."""
    for other in (torch.ones(3, dtype=torch.int8), torch.ones(2).double(), torch.zeros(0)):
        assert not has_low_mantissa_bits(other)
    assert has_low_mantissa_bits(torch.tensor(0.1))
