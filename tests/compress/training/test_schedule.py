"""The learning rate over a training."""

from __future__ import annotations

import pytest

from asrcompress.compress.training.schedule import rate_at


def test_by_hand() -> None:
    """Of 100 steps 7 go up, a seventh each; then down in 93 equal parts, the last one above 0."""
    assert rate_at(0, 100) == pytest.approx(1 / 7)
    assert rate_at(6, 100) == 1.0
    assert rate_at(7, 100) == 1.0
    assert rate_at(8, 100) == pytest.approx(92 / 93)
    assert rate_at(99, 100) == pytest.approx(1 / 93)


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_few_steps(steps: int) -> None:
    """Every step of the shortest trainings has a rate in (0, 1]."""
    assert all(0 < rate_at(step, steps) <= 1 for step in range(steps))
