"""Weights behind torch's weight normalisation (w = g * v / ||v||), as positional convolutions have.

Source: Salimans and Kingma, "Weight Normalization" (2016), equation 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

MAGNITUDE = "parametrizations.weight.original0"  # g
DIRECTION = "parametrizations.weight.original1"  # v


def is_weight_normed(layer: torch.nn.Module) -> bool:
    """Whether a layer's weight, and nothing else of it, is made of magnitude and direction."""
    from torch.nn.utils import parametrizations
    from torch.nn.utils.parametrize import is_parametrized

    if not is_parametrized(layer, "weight"):
        return False
    made_of: Any = layer.parametrizations
    normed = parametrizations._WeightNorm
    return list(made_of) == ["weight"] and [type(made) for made in made_of.weight] == [normed]


def folded(layer: Any, magnitude: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """The weight that a weight-normed layer computes with up to rounding, from float32 g and v."""
    weight: torch.Tensor = direction * (magnitude / _norm(layer, direction)).float()
    return weight


def unfolded(
    layer: Any, pruned: torch.Tensor, direction: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """g and v for a weight, some of whose values were set to zero.

    The zeros go into v, and g becomes the norm of what is left, so that g * v / ||v|| has exact
    zeros and the other values up to rounding, and an ordinary `from_pretrained` loads the result.
    A slice with nothing left keeps its v and gets g = 0, since 0 / ||0|| is not a number.
    """
    import torch

    norm = _norm(layer, pruned).float()
    return norm, torch.where(norm > 0, pruned, direction)


def _norm(layer: Any, weight: torch.Tensor) -> torch.Tensor:
    """The norm over all dimensions but the layer's own, float64.

    In float32 the sum depends on the number of threads, and so would the file that is written.
    """
    import torch

    dimension = int(layer.parametrizations.weight[0].dim)
    norm: torch.Tensor = torch.norm_except_dim(weight.double(), 2, dimension)
    return norm
