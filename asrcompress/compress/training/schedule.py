"""How the learning rate moves: up over the first steps, then down to nothing."""

from __future__ import annotations

WARM_UP = 0.07  # of the steps; Wang et al. (2023), section 4.2


def rise_at(step: int, steps: int) -> float:
    """The share at a step counted from 0 of a rate that goes up as others do, and stays there."""
    return min(1.0, (step + 1) / max(1, round(WARM_UP * steps)))


def rate_at(step: int, steps: int) -> float:
    """The share of the highest learning rate at a step counted from 0; linear up, linear down."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return rise_at(step, steps)
    return (steps - step) / max(1, steps - warm_up)
