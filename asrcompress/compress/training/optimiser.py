"""What AdamW is given of an objective, and at which rates."""

from __future__ import annotations

from typing import Any

import torch

from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.schedule import rate_at, rise_at


def optimiser_for(objective: Objective) -> torch.optim.AdamW:
    """AdamW without weight decay, for what the objective says is learned."""
    return torch.optim.AdamW(_groups(objective), weight_decay=0.0)


def learned(objective: Objective) -> dict[str, torch.nn.Parameter]:
    """What requires a gradient, by its name."""
    return {name: p for name, p in objective.named_parameters() if p.requires_grad}


def clipped(objective: Objective) -> list[torch.nn.Parameter]:
    """The parameters whose gradients are clipped."""
    groups = [group for group in _groups(objective) if not group["is_held"]]
    return [parameter for group in groups for parameter in group["params"]]


def set_rates(optimiser: Any, highest: float, step: int, steps: int) -> None:
    """Set each group's learning rate at a step counted from 0; highest: of the schedule."""
    for group in optimiser.param_groups:
        share = rise_at(step, steps) if group["is_held"] else rate_at(step, steps)
        group["lr"] = highest * group["scale"] * share


def _groups(objective: Objective) -> list[dict[str, Any]]:
    return [{"scale": 1.0, "is_held": False, **group} for group in objective.parameter_groups()]
