"""The verdict follows from the interval and the margin alone."""

from __future__ import annotations

import pytest

from asrcompress.core.comparison import Comparison, Interval, Verdict


def _comparison(low: float, high: float, margin: float) -> Comparison:
    return Comparison(
        baseline="fp32",
        delta_wer=(low + high) / 2,
        interval=Interval(low=low, high=high),
        probability_of_improvement=0.5,
        margin=margin,
        block="speaker",
        blocks=48,
        replicates=10_000,
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.010, 0.004, Verdict.NON_INFERIOR),
        (-0.010, 0.005, Verdict.NON_INFERIOR),  # the bound itself is within the margin
        (0.001, 0.0051, Verdict.INCONCLUSIVE),  # worse, but perhaps within the margin
        (0.005, 0.020, Verdict.INCONCLUSIVE),
        (0.0051, 0.020, Verdict.INFERIOR),
    ],
)
def test_verdict(low: float, high: float, verdict: Verdict) -> None:
    """Non-inferior: high <= margin. Inferior: low > margin. Everything between is open."""
    assert _comparison(low, high, margin=0.005).verdict is verdict


def test_same_difference_another_margin() -> None:
    """A wider margin turns an open case into a pass; nothing else has to change."""
    assert _comparison(-0.001, 0.008, margin=0.005).verdict is Verdict.INCONCLUSIVE
    assert _comparison(-0.001, 0.008, margin=0.010).verdict is Verdict.NON_INFERIOR
