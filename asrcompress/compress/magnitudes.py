"""What |w| is like in one layer: its smallest, middle and largest value and its spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SQUARE_ROOT_OF_MAX = 1e19  # of float32: the squares of larger magnitudes overflow


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """Statistics of |w|.

    median: the lower of the two middle values where the number of weights is even, so that it is
    always a weight's own. std: with the number of weights as divisor.
    """

    lowest: float
    median: float
    std: float
    highest: float


def magnitudes_of(weight: torch.Tensor) -> Magnitudes:
    """Exact statistics of a float32 tensor with at least one weight.

    Takes two temporaries of the tensor's size: |w|, and the median's own copy.
    """
    import torch

    magnitude = weight.abs()
    lowest, highest = map(float, torch.aminmax(magnitude))
    median = float(magnitude.median())
    scale = highest if highest > _SQUARE_ROOT_OF_MAX else 1.0
    if scale != 1.0:
        magnitude /= scale
    std = min(float(magnitude.std(correction=0)) * scale, highest)
    return Magnitudes(lowest=lowest, median=median, std=std, highest=highest)
