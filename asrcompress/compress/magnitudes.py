"""What |w| is like in one layer: its smallest, middle and largest value and its spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


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
    lowest, highest = torch.aminmax(magnitude)
    return Magnitudes(
        lowest=float(lowest),
        median=float(magnitude.median()),
        std=float(magnitude.std(correction=0)),
        highest=float(highest),
    )
