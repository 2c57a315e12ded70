"""Fuzzy classes: the paper's membership functions, and the shares they give."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.compress.fuzzy import (
    FUZZY_SETS,
    Fuzziness,
    corners,
    membership,
    three_classes,
    two_classes,
)
from asrcompress.compress.magnitudes import Magnitudes, magnitudes_of
from asrcompress.core.ledger import Memberships

Classify = Callable[[torch.Tensor, Magnitudes, Fuzziness], Memberships]


def _classify(classify: Classify, weight: torch.Tensor, fuzziness: Fuzziness) -> Memberships:
    return classify(weight, magnitudes_of(weight), fuzziness)


def _shares(found: Memberships) -> tuple[float, float, float]:
    return found.low, found.medium, found.high


def _degrees(x: list[float], edges: tuple[float, float, float, float]) -> list[float]:
    return membership(torch.tensor(x, dtype=torch.float64), edges).tolist()


def _gaussian(rows: int = 2048, columns: int = 1024) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))


def _laplacian(weights: int = 1 << 20) -> torch.Tensor:
    """|w| exponential: the quantiles of evenly spaced probabilities, signs alternating."""
    probabilities = (torch.arange(weights, dtype=torch.float64) + 0.5) / weights
    signs = 1 - 2 * (torch.arange(weights) % 2)
    return (-torch.log1p(-probabilities) * signs).float().reshape(1024, -1)


def test_trapezoid_by_hand() -> None:
    """Equation 2: up from 1 to 2, flat to 4, down to 8."""
    edges = (1.0, 2.0, 4.0, 8.0)
    x = [0.0, 1.0, 1.25, 2.0, 3.0, 4.0, 5.0, 8.0, 9.0]
    assert _degrees(x, edges) == [0, 0, 0.25, 1, 1, 1, 0.75, 0, 0]


def test_triangle_by_hand() -> None:
    """Equation 3: up from 0 to 2, down to 6."""
    assert _degrees([-1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 7.0], (0, 2, 2, 6)) == [
        *(0, 0, 0.5),
        *(1, 0.75, 0, 0),
    ]


def test_vertical_edges_are_inside() -> None:
    """Without a division by zero: the smallest weight is low, the largest high."""
    assert _degrees([0.0, 1.0, 2.0], (0.0, 0.0, 1.0, 2.0)) == [1, 1, 0]
    assert _degrees([0.0, 1.0, 2.0], (0.0, 1.0, 2.0, 2.0)) == [0, 1, 1]
    assert _degrees([0.0, 1.0, 2.0], (1.0, 1.0, 1.0, 1.0)) == [0, 1, 0]


def test_corners_by_hand() -> None:
    """Median 10, standard deviation 4: lo + s = 5 < m - alpha = 8, and m + alpha = 12 < 26."""
    edges = corners(Magnitudes(1.0, 10.0, 4.0, 30.0), Fuzziness(alpha=0.5, beta=1.0))
    assert edges.low == (1, 1, 5, 8)
    assert edges.medium == (6, 10, 10, 14)
    assert edges.high == (12, 26, 30, 30)


def test_corners_are_sorted() -> None:
    """Where lo + s = 5 lies above m - alpha = 2, and m + alpha = 10 above hi - s = 8."""
    edges = corners(Magnitudes(1.0, 6.0, 4.0, 12.0), FUZZY_SETS[2])
    assert edges.low == (1, 1, 2, 5)
    assert edges.medium == (4, 6, 6, 8)
    assert edges.high == (8, 10, 12, 12)


@pytest.mark.parametrize(
    ("fuzzy_set", "expected"), [(1, (0.352, 0.430, 0.218)), (2, (0.352, 0.319, 0.329))]
)
def test_shares_of_gaussian_weights(fuzzy_set: int, expected: tuple[float, float, float]) -> None:
    """The known shares; table V's pruning rates of 36 % for set 2 agree with them."""
    found = _classify(three_classes, _gaussian(4096), FUZZY_SETS[fuzzy_set])
    assert _shares(found) == pytest.approx(expected, abs=1e-3)
    assert found.layer_class == ("medium" if fuzzy_set == 1 else "low")
    assert (found.alpha, found.beta) == ((0.5, 1.0) if fuzzy_set == 1 else (1.0, 0.5))


@pytest.mark.parametrize("fuzzy_set", [1, 2])
def test_two_classes_of_gaussian_weights(fuzzy_set: int) -> None:
    """In units of sigma the half-normal has m = 0.674 and s = sqrt(1 - 2 / pi) = 0.603.

    Low ends at max(s, m - alpha) = s and high begins above m, so low is P(|w| < s) = 45.3 % for
    both sets, and the layer is high.
    """
    found = _classify(two_classes, _gaussian(), FUZZY_SETS[fuzzy_set])
    s = math.sqrt(1 - 2 / math.pi)
    assert found.low == pytest.approx(math.erf(s / math.sqrt(2)), abs=1e-3)
    assert found.medium == 0
    assert found.layer_class == "high"


@pytest.mark.parametrize("fuzzy_set", [1, 2])
def test_two_classes_of_laplacian_weights(fuzzy_set: int) -> None:
    """|w| exponential: m = ln 2, s = 1, so low is P(|w| < 1) = 1 - 1/e, and the layer is low."""
    found = _classify(two_classes, _laplacian(), FUZZY_SETS[fuzzy_set])
    assert found.low == pytest.approx(1 - math.exp(-1), abs=1e-3)
    assert found.layer_class == "low"


def test_three_classes_of_laplacian_weights() -> None:
    """Set 2: low (1 - x) / (2 - m) meets medium (x - m + 0.5) / 0.5 at x = 0.4164.

    Medium ends at m + 0.5, before high begins at m + 1: what lies between them is high.
    """
    found = _classify(three_classes, _laplacian(), FUZZY_SETS[2])
    m = math.log(2)
    meet = (0.5 + (2 - m) * (m - 0.5)) / (2.5 - m)
    assert meet == pytest.approx(0.4164, abs=5e-5)
    expected = (1 - math.exp(-meet), math.exp(-meet) - math.exp(-m - 0.5), math.exp(-m - 0.5))
    assert _shares(found) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("classify", [three_classes, two_classes])
@pytest.mark.parametrize("values", [[0.0] * 6, [0.3, -0.3, 0.3], [-0.7], [0.1] * 1000])
def test_layers_without_spread_are_high(classify: Classify, values: list[float]) -> None:
    """Constant, all zero or a single weight: nothing in it is less important than the rest."""
    found = _classify(classify, torch.tensor([values]), FUZZY_SETS[1])
    assert _shares(found) == (0, 0, 1)
    assert found.layer_class == "high"


def test_zeros_from_pruning_are_not_high() -> None:
    """Three quarters zeros, the rest 1: m = 0, s = 0.433, alpha = s, beta = s / 2.

    The zeros are the median itself, so medium 1 > low s / 2s; with two classes low 0.5 > high 0.
    """
    weight = torch.tensor([[0.0, 0.0, 0.0, 1.0]])
    assert _shares(_classify(three_classes, weight, FUZZY_SETS[2])) == (0, 0.75, 0.25)
    assert _shares(_classify(two_classes, weight, FUZZY_SETS[2])) == (0.75, 0, 0.25)


def test_ties_go_to_the_more_important_class() -> None:
    """A weight's tie by hand, of medium with high and of low with medium; then a layer's.

    0, 0, 2, 2 (m = 0, s = 1), alpha = 3, beta = 4: at 2 medium (4 - 2) / 4 = high (2 - 1) / 2.
    0, 5, 5, 5, 5 (m = 5, s = 2), alpha = 6, beta = 15: at 0 low 2 / 3 = medium 10 / 15.
    """
    weight = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    assert _shares(_classify(three_classes, weight, Fuzziness(3, 4))) == (0, 0.5, 0.5)
    weight = torch.tensor([[0.0, 5.0, 5.0, 5.0, 5.0]])
    assert _shares(_classify(three_classes, weight, Fuzziness(3, 7.5))) == (0, 1, 0)
    even = _classify(two_classes, torch.tensor([[0.0, 0.0, 3.0, 3.0]]), FUZZY_SETS[1])
    assert _shares(even) == (0.5, 0, 0.5)
    assert even.layer_class == "high"


_WEIGHTS = st.lists(st.floats(-8, 8, width=16), min_size=1, max_size=40)
_WIDTHS = st.floats(0.125, 4)


@given(_WEIGHTS, _WIDTHS, _WIDTHS, st.sampled_from([three_classes, two_classes]))
def test_shares_add_up_whatever_the_scale(
    values: list[float], alpha: float, beta: float, classify: Classify
) -> None:
    """Every weight has one class, and multiplying all of them by a constant changes nothing."""
    weight, fuzziness = torch.tensor([values]), Fuzziness(alpha, beta)
    found = _classify(classify, weight, fuzziness)
    assert sum(_shares(found)) == pytest.approx(1)
    assert _classify(classify, -1024 * weight, fuzziness) == found
    assert _classify(classify, weight / 1024, fuzziness) == found


@given(_WEIGHTS, st.sampled_from([1, 2]))
def test_low_weights_are_the_smallest(values: list[float], fuzzy_set: int) -> None:
    """By their own magnitude, one at a time, but for set 2 where s > 2 (m - lo)."""
    weight = torch.tensor(sorted(values, key=abs), dtype=torch.float64)
    magnitudes, fuzziness = magnitudes_of(weight), FUZZY_SETS[fuzzy_set]
    edges = corners(magnitudes, fuzziness)
    low, medium, high = (membership(weight.abs(), e) for e in (edges.low, edges.medium, edges.high))
    two = (low > high).tolist()
    assert two == sorted(two, reverse=True)
    if fuzzy_set == 1 or magnitudes.std <= 2 * (magnitudes.median - magnitudes.lowest):
        three = (low > torch.maximum(medium, high)).tolist()
        assert three == sorted(three, reverse=True)


def test_low_weights_above_the_medium_ones() -> None:
    """0.9, 1, 1.1, 1.3 and 10 have m = 1.1 and s = 3.57: low ends at 4.5, so 1.3 is low again."""
    weight = torch.tensor([[0.9, 1.0, 1.1, 1.3, 10.0]])
    found = _classify(three_classes, weight, Fuzziness(alpha=0.5, beta=0.01))
    assert _shares(found) == pytest.approx((0.6, 0.2, 0.2))
