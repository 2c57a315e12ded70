"""What is learned at which rate, and what is clipped."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.optimiser import clipped, learned, optimiser_for, set_rates


class _Three(Objective):
    """Weights, masks at ten times their rate, a multiplier whose rate is held; one frozen."""

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
            {"params": [self.held], "scale": 2.0, "is_held": True},
        ]


def test_rates_by_hand() -> None:
    """Up over 7 of 100 steps for all; then down to 1/93, but for the one that is held."""
    optimiser = optimiser_for(_Three())  # type: ignore[abstract]
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0.0}
    for step, rise, share in ((0, 1 / 7, 1 / 7), (6, 1.0, 1.0), (99, 1.0, 1 / 93)):
        set_rates(optimiser, 0.01, step, 100)
        rates = [group["lr"] for group in optimiser.param_groups]
        assert rates == pytest.approx([0.01 * share, 0.1 * share, 0.02 * rise])


def test_what_is_learned_and_clipped() -> None:
    """Whatever needs a gradient is learned; only what follows the schedule is clipped."""
    objective = _Three()  # type: ignore[abstract]
    assert list(learned(objective)) == ["weight", "mask", "held"]
    assert [id(p) for p in clipped(objective)] == [id(objective.weight), id(objective.mask)]
