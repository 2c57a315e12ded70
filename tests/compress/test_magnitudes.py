"""Statistics of |w|."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from asrcompress.compress.magnitudes import Magnitudes, magnitudes_of


def test_by_hand() -> None:
    """|w| = 1, 2, 3, 6: mean 3, squared distances 4, 1, 0, 9; median the lower of 2 and 3."""
    found = magnitudes_of(torch.tensor([[-6.0, 1.0], [3.0, -2.0]]))
    assert found == Magnitudes(
        lowest=1.0, median=2.0, std=pytest.approx(3.5**0.5, rel=1e-7), highest=6.0
    )


def test_agrees_with_numpy() -> None:
    """On more weights than fit a cache, an odd number of them."""
    weight = torch.randn(1001, 333, generator=torch.Generator().manual_seed(1))
    magnitude = np.abs(weight.numpy().astype(np.float64))
    found = magnitudes_of(weight)
    assert found.lowest == magnitude.min()
    assert found.median == np.median(magnitude)
    assert found.std == pytest.approx(magnitude.std(), rel=1e-6)
    assert found.highest == magnitude.max()


def test_a_single_weight_has_no_spread() -> None:
    """And no warning about too few degrees of freedom."""
    assert magnitudes_of(torch.tensor([[-0.5]])) == Magnitudes(0.5, 0.5, 0.0, 0.5)


@pytest.mark.parametrize("values", [[1e38, 3e38], [0.0, 3.4e38], [1.7014117e38, 1.7014118e38]])
def test_squares_beyond_float32(values: list[float]) -> None:
    """An infinite spread could not be written into a ledger."""
    magnitude = np.array(values, dtype=np.float32).astype(np.float64)
    found = magnitudes_of(torch.tensor(values))
    assert found.std == pytest.approx(magnitude.std(), rel=1e-5, abs=1e-6 * magnitude.max())
    assert found.highest == magnitude.max()
