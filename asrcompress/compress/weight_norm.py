"""Weights behind torch's weight normalisation (w = g * v / ||v||), as positional convolutions have.

Source: Salimans and Kingma, "Weight Normalization" (2016), equation 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

DIRECTION = "parametrizations.weight.original1"  # v; original0 is g


def weight_name(layer: torch.nn.Module) -> str:
    """Where a layer's weight is in its state dict: `weight`, or v under weight normalisation."""
    from torch.nn.utils.parametrize import is_parametrized

    return DIRECTION if is_parametrized(layer, "weight") else "weight"


def folded_weight(layer: Any) -> torch.Tensor:
    """The weight that the layer computes with, without gradient."""
    import torch

    with torch.no_grad():
        weight: torch.Tensor = layer.weight.detach()
    return weight


def set_zeros(layer: Any, mask: torch.Tensor) -> None:
    """Set a layer's weights to zero where the mask is True; the others stay.

    Under weight normalisation the zeros go into v, and g becomes the norm of what is left, so
    that g * v / ||v|| has exact zeros and the other values up to rounding, and an ordinary
    `from_pretrained` loads the result. A slice with nothing left keeps its v and gets g = 0,
    since 0 / ||0|| is not a number.
    """
    import torch

    with torch.no_grad():
        if weight_name(layer) == "weight":
            layer.weight.masked_fill_(mask, 0.0)
            return
        originals = layer.parametrizations.weight
        dimension = originals[0].dim
        pruned = layer.weight.masked_fill(mask, 0.0)
        norm = torch.norm_except_dim(pruned, 2, dimension)
        originals.original1.copy_(torch.where(norm > 0, pruned, originals.original1))
        originals.original0.copy_(norm)
