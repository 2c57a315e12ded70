"""Holding the expected sparsity at a target, by multipliers that are learned too.

Source: Wang et al. (2020), "Structured Pruning of Large Language Models", section 3.3, as in Wang
et al. (2023), Eq. 5.
"""

from __future__ import annotations

from typing import Any, cast

import torch

# Of the rate of lambda_2 and of the masks. With more, lambda_1 winds up while masks are still far
# from closing, and carries them beyond the target: with three tenths to 0.80 of 0.72 in 1000 steps
# of a WavLM of 3.6 million parameters, with all of it to 1.00 of 0.70 in those of a tiny model.
_LINEAR_SHARE = 0.1


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

    def parameter_groups(self, scale: float) -> list[dict[str, Any]]:
        """As `Objective.parameter_groups` gives them; scale: the masks' own.

        Their rate rises as the masks' does, or they wind up ahead of them; but it does not fall,
        or what is short of the target stays so.
        """
        return [
            {"params": [self.linear], "scale": scale * _LINEAR_SHARE, "is_held": True},
            {"params": [self.quadratic], "scale": scale, "is_held": True},
        ]


def target_at(step: int, rise: float, sparsity: float) -> float:
    """The sparsity to hold at a step counted from 0: up linearly over `rise` steps."""
    return sparsity * min(1.0, (step + 1) / max(1.0, rise))


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
