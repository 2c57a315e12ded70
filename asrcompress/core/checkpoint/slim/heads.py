"""Attention heads of different widths: stored one after another, computed side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch.nn import functional

_VECTOR = 8  # float32 values in a register of 256 bits; half-precision kernels of GPUs ask for 8


@dataclass(frozen=True)
class HeadWidths:
    """Of each of the original's heads, the dimensions left; head_dim is the original's of all."""

    query_key: tuple[int, ...]
    value_output: tuple[int, ...]
    head_dim: int

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """The original's heads that are left, by their numbers."""
        return tuple(head for head, width in enumerate(self.value_output) if width)

    @cached_property
    def query_key_left(self) -> tuple[int, ...]:
        """The query dimensions of the heads that are left."""
        return tuple(self.query_key[head] for head in self.heads)

    @cached_property
    def value_output_left(self) -> tuple[int, ...]:
        """The value dimensions of the heads that are left."""
        return tuple(self.value_output[head] for head in self.heads)

    @cached_property
    def common(self) -> int:
        """The width that all are padded to; 0 where no head is left.

        PyTorch's fused attention needs queries and values of one width (on a CPU it takes a third
        of the time of the unfused) and is a fifth slower at widths that fill no vector register.
        """
        widest = max((*self.query_key_left, *self.value_output_left), default=0)
        return min(-(-widest // _VECTOR) * _VECTOR, self.head_dim)


def split_heads(flat: torch.Tensor, widths: tuple[int, ...], common: int) -> torch.Tensor:
    """(batch, time, sum of widths) as (batch, heads, time, common), with zeros behind each head."""
    if len(set(widths)) > 1:
        parts = torch.split(flat, list(widths), dim=-1)
        padded = [functional.pad(part, (0, common - part.shape[-1])) for part in parts]
        return torch.stack(padded, dim=1)
    batch, frames, _ = flat.shape
    heads = flat.view(batch, frames, len(widths), widths[0]).transpose(1, 2)
    return heads if widths[0] == common else functional.pad(heads, (0, common - widths[0]))


def join_heads(heads: torch.Tensor, widths: tuple[int, ...]) -> torch.Tensor:
    """(batch, heads, time, common) as (batch, time, sum of widths): the inverse of split_heads."""
    if len(set(widths)) > 1:
        return torch.cat([heads[:, head, :, :width] for head, width in enumerate(widths)], dim=-1)
    batch, _, frames, _ = heads.shape
    return heads[..., : widths[0]].transpose(1, 2).reshape(batch, frames, -1)
