"""A training of any length leaves curves that a report can hold."""

from __future__ import annotations

import pytest

from asrcompress.compress.training.curves import POINTS, CurveLog


@pytest.mark.parametrize("steps", [1, 2, 199, 200, 201, 399, 1000, 20_000, 99_999, 1_234_567])
def test_points_of_any_number_of_steps(steps: int) -> None:
    """At most 200 points are due, of the masks at most 50, and at least half as many."""
    log = CurveLog.over(steps)
    points = steps // log.every
    assert min(steps, POINTS // 2) <= points <= POINTS
    masks = sum(log.is_mask_due(step) for step in range(log.every, steps + 1, log.every))
    assert masks <= POINTS // 4


def test_means_since_the_last_point() -> None:
    """A point is the mean of the steps since the last one, with what is measured at it."""
    log = CurveLog.over(4)
    log.add({"loss": 1.0, "hidden": 2.0})
    log.add({"loss": 3.0, "hidden": 4.0})
    log.point(2, {"divergence": 0.5})
    log.add({"loss": 7.0, "hidden": 1.0})
    log.point(3, {})
    curves = log.curves()
    assert curves.steps == (2, 3)
    assert curves.series == {
        "divergence": (0.5, None),
        "hidden": (3.0, 1.0),
        "loss": (2.0, 7.0),
    }


def test_restored() -> None:
    """What a state holds goes on as if there had been no end, in the middle of a mean too."""
    log = CurveLog.over(10)
    log.add({"loss": 1.0})
    log.point(1, {})
    log.point_of_masks(1, {"attention": [0.5, 1.0]})
    log.add({"loss": 2.0})
    other = CurveLog.over(10)
    other.restore(log.state())
    for one in (log, other):
        one.add({"loss": 4.0})
        one.point(3, {})
    assert other.curves() == log.curves()
    assert other.curves().series["loss"] == (1.0, 3.0)
    masks = other.mask_curves()
    assert masks is not None
    assert (masks.steps, masks.means) == ((1,), {"attention": ((0.5, 1.0),)})


def test_no_masks() -> None:
    """A training without masks has no curves of them."""
    log = CurveLog.over(10)
    log.point_of_masks(1, {})
    assert log.mask_curves() is None


def test_said() -> None:
    """In words: the last loss, the sparsity and its target, and the last divergence there was."""
    log = CurveLog.over(10)
    assert log.said() == ""
    log.add({"loss": 0.12345})
    log.point(1, {"expected_sparsity": 0.512, "target_sparsity": 0.8, "divergence": 0.0456})
    log.add({"loss": 0.1})
    log.point(2, {"expected_sparsity": 0.6, "target_sparsity": 0.8})
    assert log.said() == "loss 0.1, sparsity 0.60 of 0.80, divergence 0.0456"
