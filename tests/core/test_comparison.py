"""The verdict follows from the adjusted p-values alone."""

from __future__ import annotations

import pytest

from asrcompress.core.comparison import Comparison, Interval, Verdict


def _comparison(within: float, beyond: float, *, tests: int = 1) -> Comparison:
    """Of one cell's p-values and, by Bonferroni, those of so many cells."""
    return Comparison(
        baseline="fp32",
        delta_wer=0.002,
        interval=Interval(low=-0.001, high=0.005),
        standard_error=0.0015,
        probability_of_improvement=0.1,
        margin=0.005,
        p_non_inferior=within,
        p_inferior=beyond,
        adjusted_p_non_inferior=min(1.0, tests * within),
        adjusted_p_inferior=min(1.0, tests * beyond),
        tests=tests,
        smallest_detectable=0.004,
        block="speaker",
        blocks=48,
        replicates=10_000,
    )


@pytest.mark.parametrize(
    ("within", "beyond", "verdict"),
    [
        (0.0, 1.0, Verdict.NON_INFERIOR),
        (0.025, 0.975, Verdict.NON_INFERIOR),  # the interval's end is the margin itself
        (0.026, 0.974, Verdict.INCONCLUSIVE),
        (0.974, 0.026, Verdict.INCONCLUSIVE),
        (0.976, 0.024, Verdict.INFERIOR),
    ],
)
def test_verdict(within: float, beyond: float, verdict: Verdict) -> None:
    """A tail of 2.5 % on either side; everything between is open."""
    assert _comparison(within, beyond).verdict is verdict


def test_many_cells_need_more_evidence() -> None:
    """The same cell passes alone and does not among ten that could have passed by chance."""
    assert _comparison(0.01, 0.99).verdict is Verdict.NON_INFERIOR
    assert _comparison(0.01, 0.99, tests=10).verdict is Verdict.INCONCLUSIVE
