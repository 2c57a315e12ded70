"""How the learning rate moves: up over the first steps, then down to nothing."""

from __future__ import annotations

WARM_UP = 0.07  # of the steps; Wang et al. (2023), section 4.2


def rate_at(step: int, steps: int) -> float:
    """The share of the highest learning rate at a step counted from 0; linear up, linear down."""
    warm_up = max(1, round(WARM_UP * steps))
    if step < warm_up:
        return (step + 1) / warm_up
    return (steps - step) / max(1, steps - warm_up)
