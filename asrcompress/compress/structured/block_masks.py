"""The masks of one transformer block, as values to multiply with."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class BlockMasks:
    """z of one block; Wang et al. (2023), Eq. 3. All float32 in [0, 1], with or without gradient.

    query_key, value_output: (heads, head_dim). intermediate: (ffn width,). attention,
    feed_forward: scalars over the whole sublayers, their output biases included.
    """

    query_key: torch.Tensor
    value_output: torch.Tensor
    intermediate: torch.Tensor
    attention: torch.Tensor
    feed_forward: torch.Tensor
