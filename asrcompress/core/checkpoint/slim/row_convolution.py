"""A convolution as matrix products of its input's rows as they lie in memory."""

from __future__ import annotations

import torch


def convolve_rows(conv: torch.nn.Conv1d, given: torch.Tensor, made: torch.Tensor) -> None:
    """Fill made, (rows, out), from given, (rows, in), both contiguous.

    Fastest where the weight is stored as (taps, in, out), whatever its shape says.
    """
    if conv.bias is None:
        made.zero_()
    else:
        made.copy_(conv.bias)
    even = len(made) // 2 * 2
    if (conv.kernel_size[0], conv.stride[0]) == (3, 2) and even:
        _add_pairs(conv, given, made[:even])
        made, given = made[even:], given[even * 2 :]
    if len(made):
        _add_products(conv, given, made)


def _add_products(conv: torch.nn.Conv1d, given: torch.Tensor, made: torch.Tensor) -> None:
    """Taps that lie within one stride are one product, as their inputs are one row."""
    stride, taps = conv.stride[0], conv.kernel_size[0]
    stored = conv.weight.permute(2, 1, 0)
    for first in range(0, taps, stride):
        weight = stored[first : first + stride].reshape(-1, conv.out_channels)
        rows = given.as_strided(
            (len(made), len(weight)),
            (stride * conv.in_channels, 1),
            given.storage_offset() + first * conv.in_channels,
        )
        made.addmm_(rows, weight)


def _add_pairs(conv: torch.nn.Conv1d, given: torch.Tensor, made: torch.Tensor) -> None:
    """Three taps at a stride of two, for an even number of rows: five products for six.

    The outer taps alone are a filter of two taps over every other row, x; two of its outputs share
    (a + c) x1 in a x0 + c x1 = a (x0 - x1) + (a + c) x1 and a x1 + c x2 = (a + c) x1 + c (x2 - x1):
    Winograd's F(2, 2) (1980, Arithmetic complexity of computations).
    """
    before, middle, after = conv.weight.permute(2, 1, 0)
    every_other = given[0 : 2 * len(made) + 1 : 2]
    first, shared, last = every_other[:-1:2], every_other[1::2], every_other[2::2]
    made.addmm_(given[1 : 2 * len(made) : 2], middle)
    both = torch.mm(shared, before + after)
    made[::2].add_(both).addmm_(first - shared, before)
    made[1::2].add_(both).addmm_(last - shared, after)
