"""The hard concrete distribution: masks that are exactly 0 or 1, or anything between.

Source: Louizos et al. (2018), as in Wang et al. (2023), Eq. 2 and 4. Deviation from Eq. 2 as it is
printed: beta divides log_alpha too, as in Louizos et al. and in every public implementation; only
so does the sampler agree with the probability of being kept.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import torch

BETA = 2 / 3  # the temperature; this and the limits: Louizos et al. (2018), section 4
GAMMA = -0.1
ZETA = 1.1
_CLOSEST = 1e-6  # u keeps this far from 0 and 1, where its logit is infinite
_OFFSET = BETA * math.log(-GAMMA / ZETA)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)


def draw(shape: tuple[int, ...], generator: np.random.Generator) -> torch.Tensor:
    """u of a shape, float32, uniform in [1e-6, 1 - 1e-6]."""
    uniform = _CLOSEST + (1 - 2 * _CLOSEST) * generator.random(shape)
    return torch.from_numpy(uniform.astype(np.float32))


def sample(log_alpha: torch.Tensor, u: torch.Tensor, straight_through: bool) -> torch.Tensor:
    """z in [0, 1] of the shape of both.

    straight_through: the gradient passes where z is cut off at 0 or 1 too (Eq. 4). Otherwise it
    is zero there.
    """
    noise = torch.log(u) - torch.log1p(-u)
    stretched = torch.sigmoid((noise + log_alpha) / BETA) * (ZETA - GAMMA) + GAMMA
    if straight_through:
        passed: torch.Tensor = cast(Any, _StraightThrough).apply(stretched)
        return passed
    return stretched.clamp(0, 1)


def probability_kept(log_alpha: torch.Tensor) -> torch.Tensor:
    """P(z > 0)."""
    return torch.sigmoid(log_alpha - _OFFSET)


def log_alpha_of(probability: float) -> float:
    """The log_alpha with which z > 0 has a probability, between 0 and 1."""
    return math.log(probability / (1 - probability)) + _OFFSET


def mean(log_alpha: torch.Tensor) -> torch.Tensor:
    """E[z], the value of a mask where nothing is drawn; in (0, 1).

    The integral of P(z > t) over t in [0, 1], by Gauss's rule. Public implementations take
    sigmoid(0.8 log_alpha / beta), which is near it (within 0.07).
    """
    nodes = torch.as_tensor((_NODES + 1) / 2, dtype=log_alpha.dtype, device=log_alpha.device)
    weights = torch.as_tensor(_WEIGHTS / 2, dtype=log_alpha.dtype, device=log_alpha.device)
    unstretched = (nodes - GAMMA) / (ZETA - GAMMA)
    above = torch.sigmoid(log_alpha.unsqueeze(-1) - BETA * torch.logit(unstretched))
    return (above * weights).sum(dim=-1)


class _StraightThrough(torch.autograd.Function):
    """hardtanh to [0, 1], whose gradient is what it is given, cut off at -1 and 1; Eq. 4."""

    @staticmethod
    def forward(_context: Any, stretched: torch.Tensor) -> torch.Tensor:
        return stretched.clamp(0, 1)

    @staticmethod
    def backward(_context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0].clamp(-1, 1)
