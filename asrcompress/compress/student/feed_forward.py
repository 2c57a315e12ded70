"""The feed-forward layers of a model, and which of their units a narrower one keeps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

# How the classes of transformers with a CTC head name the layers into the units and out of them.
_NAMES = (
    ("intermediate_dense", "output_dense"),  # wav2vec2 and most others
    ("linear1", "linear2"),  # Parakeet, LASR, Granite
    ("intermediate.dense", "output.dense"),  # SEW-D
)


@dataclass(frozen=True, slots=True)
class FeedForward:
    """Two Linear layers by their names, with a function of each unit alone between them."""

    into: str
    out_of: str
    width: int


def feed_forwards(model: nn.Module) -> tuple[FeedForward, ...]:
    """All of a model, in its order; a block of a conformer has two."""
    layers = dict(model.named_modules())
    found = []
    for name in layers:
        for first, second in _NAMES:
            into, out_of = f"{name}.{first}", f"{name}.{second}"
            start, end = layers.get(into), layers.get(out_of)
            if isinstance(start, nn.Linear) and isinstance(end, nn.Linear):
                found.append(FeedForward(into, out_of, start.out_features))
    return tuple(found)


def importance(into: torch.Tensor, out_of: torch.Tensor) -> torch.Tensor:
    """(width,) how much each unit can move the output: the norm of its row times its column's.

    into: (width, in). out_of: (out, width). The magnitude criterion of Li et al., "Pruning Filters
    for Efficient ConvNets" (2017), on both sides of a unit.
    """
    rows = torch.linalg.vector_norm(into.float(), dim=1)
    columns = torch.linalg.vector_norm(out_of.float(), dim=0)
    found: torch.Tensor = rows * columns
    return found


def most_important(scores: torch.Tensor, count: int) -> torch.Tensor:
    """(count,) the indices of the highest scores, ascending; of equal ones the first."""
    ranked = torch.argsort(scores, descending=True, stable=True)
    return ranked[:count].sort().values


def narrowed(
    tensors: dict[str, torch.Tensor], layer: FeedForward, width: int
) -> dict[str, torch.Tensor]:
    """The tensors of a feed-forward layer with as many of its units, by their names.

    tensors: a state dict that holds the layer's.
    """
    into, out_of = tensors[f"{layer.into}.weight"], tensors[f"{layer.out_of}.weight"]
    units = most_important(importance(into, out_of), width)
    found = {f"{layer.into}.weight": into[units], f"{layer.out_of}.weight": out_of[:, units]}
    bias = f"{layer.into}.bias"
    return found | ({bias: tensors[bias][units]} if bias in tensors else {})
