"""Rows in, rows out: what PyTorch's convolution gives."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from asrcompress.core.checkpoint.slim.row_convolution import convolve_rows


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 3, 10, 11])
@pytest.mark.parametrize(("taps", "stride"), [(3, 2), (2, 2), (1, 1), (4, 4), (5, 2), (2, 3)])
@torch.no_grad()
def test_equals_conv1d(taps: int, stride: int, rows: int, bias: bool) -> None:
    """To 1e-6 of the largest value, for kernels shorter and longer than the stride."""
    torch.manual_seed(rows)
    conv = torch.nn.Conv1d(5, 7, taps, stride, bias=bias)
    given = torch.randn((rows - 1) * stride + taps, 5)
    expected = functional.conv1d(given.t()[None], conv.weight, conv.bias, stride)[0].t()
    made = torch.full((rows, 7), torch.nan)
    convolve_rows(conv, given, made)
    assert (made - expected).abs().max() < 1e-6 * expected.abs().max()
