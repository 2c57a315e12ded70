"""What is found out about a layer's weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.compress.analysis import analyse
from asrcompress.compress.magnitudes import Magnitudes
from asrcompress.core.ledger import HISTOGRAM_BINS, Memberships

MIDDLE = HISTOGRAM_BINS // 2


def test_by_hand() -> None:
    """33 bins from -3.3 to 3.3 are 0.2 wide: zero in the middle one, the ends in the outer ones."""
    found = analyse(torch.tensor([[-3.3, 0.0, 0.05], [-0.05, 0.25, 3.3]]))
    expected = [0] * HISTOGRAM_BINS
    expected[0] = expected[MIDDLE + 1] = expected[-1] = 1
    expected[MIDDLE] = 3
    assert found.histogram == tuple(expected)
    assert found.max_abs == pytest.approx(3.3)
    assert found.median_abs == pytest.approx(0.05)
    assert found.memberships is None


def test_agrees_with_numpy() -> None:
    """On a layer of more than one chunk."""
    weight = torch.randn(2000, 700, generator=torch.Generator().manual_seed(2))
    found = analyse(weight)
    values = weight.numpy().astype(np.float64)
    counts, _ = np.histogram(values, HISTOGRAM_BINS, (-found.max_abs, found.max_abs))
    differences = np.abs(np.array(found.histogram) - counts)
    assert differences.sum() <= 4  # of 1.4 million: float32 rounding at a bin's edge
    assert found.std_abs == pytest.approx(np.abs(values).std(), rel=1e-6)


def test_all_zero() -> None:
    """All in the bin that is centred on zero."""
    histogram = analyse(torch.zeros(3, 5)).histogram
    assert histogram[MIDDLE] == sum(histogram) == 15


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1))
def test_every_weight_is_counted(values: list[float]) -> None:
    """Whatever the range, from the smallest to the largest of float32."""
    assert sum(analyse(torch.tensor([values])).histogram) == len(values)


def test_what_is_known_is_kept() -> None:
    """Memberships go along, and magnitudes already found are used."""
    memberships = Memberships(
        low=0.5, medium=0.25, high=0.25, alpha=0.5, beta=1.0, layer_class="low"
    )
    found = analyse(torch.ones(1, 2), memberships, Magnitudes(0.5, 1.0, 0.25, 2.0))
    assert found.memberships == memberships
    assert (found.max_abs, found.median_abs, found.std_abs) == (2.0, 1.0, 0.25)
