"""Zeros in a weight-normed convolution are exact, and the rest stays."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from asrcompress.compress.weight_norm import folded, is_weight_normed, unfolded


@pytest.fixture(params=[2, 0, None])
def layer(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(0)
    normed = parametrizations.weight_norm(nn.Conv1d(4, 6, 3), dim=request.param)
    with torch.no_grad():
        normed.parametrizations.weight.original0.mul_(1.7)  # g is not the norm of v
    return normed


def _parts(layer: Any) -> tuple[torch.Tensor, torch.Tensor]:
    parts = layer.parametrizations.weight
    return parts.original0.detach(), parts.original1.detach()


def _reloaded(layer: Any, magnitude: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """What the layer computes with, once it has these parameters."""
    with torch.no_grad():
        layer.parametrizations.weight.original0.copy_(magnitude)
        layer.parametrizations.weight.original1.copy_(direction)
        weight: torch.Tensor = layer.weight
    return weight


def test_folded_is_what_the_layer_computes_with(layer: Any) -> None:
    """Up to rounding, whatever the dimension that is normed."""
    weight = folded(layer, *_parts(layer))
    torch.testing.assert_close(weight, layer.weight.detach(), rtol=4e-7, atol=0)


def test_zeros_are_exact_and_the_rest_stays(layer: Any) -> None:
    """The other weights within rounding of float32."""
    before = layer.weight.detach().clone()
    mask = before.abs() < before.abs().median()
    magnitude, direction = unfolded(layer, before.masked_fill(mask, 0.0), _parts(layer)[1])
    after = _reloaded(layer, magnitude, direction)
    assert torch.equal(after == 0, mask)
    torch.testing.assert_close(after[~mask], before[~mask], rtol=6e-7, atol=0)


def test_slice_without_a_weight_left(layer: Any) -> None:
    """A kernel position, an output, or all of it: zeros must not become 0 / 0."""
    mask = torch.zeros(6, 4, 3, dtype=torch.bool)
    mask[:, :, 1] = mask[2] = True
    weight = layer.weight.detach().clone()
    for zeros in (mask, torch.ones_like(mask)):
        magnitude, direction = unfolded(layer, weight.masked_fill(zeros, 0.0), _parts(layer)[1])
        after = _reloaded(layer, magnitude, direction)
        assert torch.isfinite(after).all()
        assert torch.equal(after == 0, zeros)


def test_which_layers_are_weight_normed(layer: Any) -> None:
    """Those with nothing else behind a parametrisation."""
    assert is_weight_normed(layer)
    assert not is_weight_normed(nn.Conv1d(4, 6, 3))
    assert not is_weight_normed(parametrizations.orthogonal(nn.Linear(4, 4)))
    parametrize.register_parametrization(layer, "bias", nn.Identity())
    assert not is_weight_normed(layer)
