"""Sizes: bytes in memory, zipped, and whether float32 hides a half-precision origin."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
import torch

from asrcompress.compress.sizes import low_mantissa_bits_zero, state_dict_bytes, zipped_bytes


def test_state_dict_bytes() -> None:
    """12 weights and 3 biases of 4 bytes."""
    assert state_dict_bytes(torch.nn.Linear(4, 3)) == 60


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
    rounded = values.to(dtype).float()
    assert low_mantissa_bits_zero([rounded, torch.ones(3)])
    assert not low_mantissa_bits_zero([rounded, values])
    assert not low_mantissa_bits_zero([torch.ones(3, dtype=torch.int8)])
