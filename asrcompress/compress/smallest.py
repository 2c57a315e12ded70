"""The k weights nearest to zero over many tensors: exact, deterministic, without a sorted copy.

Magnitudes of float32 order as their bits do, sign bit cleared. So a histogram of the upper bits
finds the bin of the k-th smallest, a second one of the lower bits in that bin finds it exactly:
two passes with temporaries of one tensor's size, where a flat copy with torch.kthvalue needs
three times the weights' bytes (values, and their indices in 64 bits).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_LOW_BITS = 15
_HIGH_BINS = 1 << 16  # 31 bits of magnitude = 16 upper + 15 lower
_LOW_BINS = 1 << _LOW_BITS
_MAGNITUDE = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Smallest:
    """Of one tensor, all magnitudes below `bits`, and of those equal to it the first `ties`."""

    bits: int
    ties: int

    @property
    def magnitude(self) -> float:
        """The largest |w| that is among them, where any is."""
        import torch

        return float(torch.tensor(self.bits, dtype=torch.int32).view(torch.float32))

    def mask(self, weight: torch.Tensor) -> torch.Tensor:
        """True where a weight is among the smallest; of the weight's shape."""
        bits = _magnitude_bits(weight)
        chosen = bits < self.bits
        if self.ties:
            chosen[(bits == self.bits).nonzero().squeeze(1)[: self.ties]] = True
        return chosen.reshape(weight.shape)


def smallest(weight: torch.Tensor, count: int) -> Smallest:
    """The `count` smallest magnitudes of a float32 tensor; 0 <= count <= its size."""
    return smallest_over([""], lambda _: weight, count)[""]


def smallest_over(
    names: Sequence[str], read: Callable[[str], torch.Tensor], count: int
) -> dict[str, Smallest]:
    """The `count` smallest magnitudes over all float32 tensors that `read` gives, by name.

    Each is read twice. Of equal magnitudes those of the earlier name and place come first.
    """
    import torch

    if count == 0:
        return dict.fromkeys(names, Smallest(bits=0, ties=0))
    upper = torch.zeros(_HIGH_BINS, dtype=torch.int64)
    for name in names:
        bits = _magnitude_bits(read(name)) >> _LOW_BITS
        upper += torch.bincount(bits, minlength=_HIGH_BINS)
    high, below = _bin_of(upper, count)
    lower = torch.zeros(len(names), _LOW_BINS, dtype=torch.int64)
    for row, name in enumerate(names):
        bits = _magnitude_bits(read(name))
        in_bin = bits[(bits >> _LOW_BITS) == high]
        lower[row] = torch.bincount(in_bin & (_LOW_BINS - 1), minlength=_LOW_BINS)
    low, below_in_bin = _bin_of(lower.sum(0), count - below)
    left = count - below - below_in_bin
    found = {}
    for row, name in enumerate(names):
        ties = min(left, int(lower[row, low]))
        left -= ties
        found[name] = Smallest(bits=(high << _LOW_BITS) | low, ties=ties)
    return found


def _bin_of(histogram: torch.Tensor, count: int) -> tuple[int, int]:
    """The bin that holds the count-th item (from 1), and how many items lie in bins before it."""
    import torch

    running = histogram.cumsum(0)
    found = int(torch.searchsorted(running, count))
    return found, int(running[found] - histogram[found])


def _magnitude_bits(weight: torch.Tensor) -> torch.Tensor:
    """(weights,) int32 that order as the magnitudes do."""
    import torch

    return weight.detach().contiguous().reshape(-1).view(torch.int32) & _MAGNITUDE
