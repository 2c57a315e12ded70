"""Zeros in a weight-normed convolution are exact, and the rest stays."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.compress.weight_norm import folded_weight, set_zeros, weight_name


@pytest.fixture
def layer() -> Any:
    torch.manual_seed(0)
    conv = torch.nn.Conv1d(4, 6, 3)
    normed = torch.nn.utils.parametrizations.weight_norm(conv, dim=2)
    with torch.no_grad():
        normed.parametrizations.weight.original0.mul_(1.7)  # g is not the norm of v
    return normed


def test_names(layer: Any) -> None:
    """The tensor that carries the zeros."""
    assert weight_name(layer) == "parametrizations.weight.original1"
    assert weight_name(torch.nn.Conv1d(1, 1, 1)) == "weight"


def test_zeros_are_exact_and_the_rest_stays(layer: Any) -> None:
    """The other weights within rounding of float32."""
    before = folded_weight(layer).clone()
    mask = before.abs() < before.abs().median()
    set_zeros(layer, mask)
    after = folded_weight(layer)
    assert torch.equal(after == 0, mask)
    torch.testing.assert_close(after[~mask], before[~mask], rtol=3e-7, atol=0)


def test_slice_without_a_weight_left(layer: Any) -> None:
    """A kernel position that is all zeros must not become 0 / 0."""
    mask = torch.zeros(6, 4, 3, dtype=torch.bool)
    mask[:, :, 1] = True
    set_zeros(layer, mask)
    after = folded_weight(layer)
    assert torch.isfinite(after).all()
    assert torch.equal(after == 0, mask)


def test_plain_layer() -> None:
    """Zeros go into the weight itself."""
    layer = torch.nn.Linear(2, 1)
    kept = float(layer.weight.detach()[0, 1])
    set_zeros(layer, torch.tensor([[True, False]]))
    assert layer.weight.tolist() == [[0.0, kept]]
