"""What is learned at which rate, and what is clipped."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.optimiser import clipped, learned, optimiser_for, set_rates


class _Three(Objective):
    """Weights, masks at ten times their rate, a multiplier that follows no schedule; one frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.mask, self.held, self.frozen = (
            torch.nn.Parameter(torch.ones(1), requires_grad=name != "frozen")
            for name in ("weight", "mask", "held", "frozen")
        )

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [
            {"params": [self.weight]},
            {"params": [self.mask], "scale": 10.0},
            {"params": [self.held], "scale": 2.0, "is_constant": True},
        ]


def test_rates_by_hand() -> None:
    """Half of 0.01 in the middle of a schedule; ten times that; and 2 x 0.01 without a schedule."""
    optimiser = optimiser_for(_Three())  # type: ignore[abstract]
    set_rates(optimiser, 0.01, 0.5)
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([0.005, 0.05, 0.02])
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0.0}


def test_what_is_learned_and_clipped() -> None:
    """Whatever needs a gradient is learned; only what follows the schedule is clipped."""
    objective = _Three()  # type: ignore[abstract]
    assert list(learned(objective)) == ["weight", "mask", "held"]
    assert [id(p) for p in clipped(objective)] == [id(objective.weight), id(objective.mask)]
