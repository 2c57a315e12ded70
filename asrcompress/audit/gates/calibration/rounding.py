"""Limits in figures that people write, never on the wrong side of what they are made from."""

from __future__ import annotations

from math import floor, log10

# Two figures: tenths below 2, halves from there on.
_STEPS = (*(1 + tenth / 10 for tenth in range(10)), *(2 + half / 2 for half in range(16)))


def rounded_up(value: float) -> float:
    """The next larger one of 1, 1.1 ... 1.9, 2, 2.5 ... 9.5 times a power of ten."""
    if value <= 0:
        return 0.0
    return next(step for step in _steps_around(value) if step >= value)


def rounded_down(value: float) -> float:
    """The next smaller one of them."""
    if value <= 0:
        return 0.0
    return next(step for step in reversed(_steps_around(value)) if step <= value)


def _steps_around(value: float) -> list[float]:
    """Those of the value's power of ten, and the nearest beyond on both sides."""
    power = floor(log10(value))
    return [float(f"{step:g}e{power + away}") for away in (-1, 0, 1) for step in _STEPS]
