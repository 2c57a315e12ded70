"""Holding the expected sparsity at a target, by multipliers that are learned too.

Source: Wang et al. (2020), "Structured Pruning of Large Language Models", section 3.3, as in Wang
et al. (2023), Eq. 5.
"""

from __future__ import annotations

from typing import Any, cast

import torch

from asrcompress.compress.training.schedule import WARM_UP


class Lagrangian(torch.nn.Module):
    """lambda_1 (p - target) + lambda_2 (p - target)^2; both start at 0.

    The multipliers ascend what the rest descends: their gradients come out with the sign turned,
    so that any optimiser that minimises does both.
    """

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Parameter(torch.zeros(()))
        self.quadratic = torch.nn.Parameter(torch.zeros(()))

    def forward(self, sparsity: torch.Tensor, target: float) -> torch.Tensor:
        """The term to add to a loss, a scalar; sparsity: as expected, with its gradient."""
        above = sparsity - target
        term: torch.Tensor = _ascended(self.linear) * above + _ascended(self.quadratic) * above**2
        return term


def target_at(step: int, steps: int, sparsity: float) -> float:
    """The sparsity to hold at a step counted from 0: up linearly over 7 % of them."""
    warm_up = max(1, round(WARM_UP * steps))
    return sparsity * min(1.0, (step + 1) / warm_up)


def _ascended(multiplier: torch.Tensor) -> torch.Tensor:
    turned: torch.Tensor = cast(Any, _TurnedGradient).apply(multiplier)
    return turned


class _TurnedGradient(torch.autograd.Function):
    """What it is given, with the gradient's sign turned."""

    @staticmethod
    def forward(_context: Any, given: torch.Tensor) -> torch.Tensor:
        return given.clone()

    @staticmethod
    def backward(_context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return -gradients[0]
