"""Fuzzy classes of importance: which of a layer's weights are low, medium and high.

Source: Oujabour et al. (2025), section III and equations 2 to 6. With x = |w| of one layer,
lo = min(x), m = median(x), s = std(x), hi = max(x):

- low: trapezoid (lo, lo, c, d) with c and d the smaller and the larger of lo + s and m - alpha;
- medium: triangle (m - beta, m, m + beta);
- high: trapezoid (a, b, hi, hi) with a and b the smaller and the larger of m + alpha and hi - s.

Each weight goes to the class in which its membership is largest; a weight that belongs to none is
high, and a tie goes to the more important class.

Deviations: equations 5 and 6 print c, d and the corners of high in an order that is no trapezoid
for the weights of real layers, hence the sorting. Equation 2 gives zero at x = a, which would call
the smallest weights (those pruned before among them) high; a vertical edge counts as inside here.
A layer whose weights all have the same magnitude is high: none matters less than another.

The low weights are the smallest |w| up to a threshold, since the membership of low never rises and
those of medium (up to m) and of high never fall. One exception: with three classes and
lo + s > m + beta, low outlives the triangle and some weights above the medium ones are low again.
That cannot be with set 1, and with set 2 only where s > 2 (m - lo), in layers of very heavy tails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.ledger import FuzzyClass, Memberships

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.magnitudes import Magnitudes

Corners = tuple[float, float, float, float]

_CHUNK_WEIGHTS = 1 << 18  # 2 MB in float64: the temporaries stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Fuzziness:
    """How wide the classes are: alpha and beta in standard deviations of |w|."""

    alpha: float
    beta: float


FUZZY_SETS = {1: Fuzziness(alpha=0.5, beta=1.0), 2: Fuzziness(alpha=1.0, beta=0.5)}  # Table V


@dataclass(frozen=True, slots=True)
class ClassCorners:
    """The corners of the membership functions, as magnitudes."""

    low: Corners
    medium: Corners
    high: Corners


def corners(magnitudes: Magnitudes, fuzziness: Fuzziness) -> ClassCorners:
    """Equations 4 to 6, sorted; a triangle is a trapezoid without a top."""
    lowest, median, highest = magnitudes.lowest, magnitudes.median, magnitudes.highest
    alpha, beta = fuzziness.alpha * magnitudes.std, fuzziness.beta * magnitudes.std
    c, d = sorted((lowest + magnitudes.std, median - alpha))
    a, b = sorted((median + alpha, highest - magnitudes.std))
    return ClassCorners(
        low=(lowest, lowest, c, d),
        medium=(median - beta, median, median, median + beta),
        high=(a, b, highest, highest),
    )


def membership(x: torch.Tensor, corners: Corners) -> torch.Tensor:
    """Degrees in [0, 1], equation 2; equation 3 where the two middle corners are one."""
    import torch

    a, b, c, d = corners
    rising = (x - a) / (b - a) if a != b else (x >= a).to(x.dtype)
    falling = (d - x) / (d - c) if c != d else (x <= d).to(x.dtype)
    return torch.minimum(rising, falling).clamp_(0, 1)


def three_classes(
    weight: torch.Tensor, magnitudes: Magnitudes, fuzziness: Fuzziness
) -> Memberships:
    """The shares of low, medium and high weights; the layer's class is the largest."""
    return _memberships(weight, magnitudes, fuzziness, with_medium=True)


def two_classes(weight: torch.Tensor, magnitudes: Magnitudes, fuzziness: Fuzziness) -> Memberships:
    """The shares of low and high weights, nothing between them; beta plays no part."""
    return _memberships(weight, magnitudes, fuzziness, with_medium=False)


def _memberships(
    weight: torch.Tensor, magnitudes: Magnitudes, fuzziness: Fuzziness, *, with_medium: bool
) -> Memberships:
    import torch

    total = weight.numel()
    low = medium = 0
    if magnitudes.std > 0 and magnitudes.lowest < magnitudes.highest:
        edges = corners(magnitudes, fuzziness)
        for chunk in torch.split(weight.reshape(-1), _CHUNK_WEIGHTS):
            lows, mediums = _count(chunk.double().abs_(), edges, with_medium=with_medium)
            low, medium = low + lows, medium + mediums
    counts: dict[FuzzyClass, int] = {"high": total - low - medium, "medium": medium, "low": low}
    return Memberships(
        low=low / total,
        medium=medium / total,
        high=counts["high"] / total,
        alpha=fuzziness.alpha,
        beta=fuzziness.beta,
        layer_class=max(counts, key=lambda name: counts[name]),  # the first of equals: higher
    )


def _count(x: torch.Tensor, edges: ClassCorners, *, with_medium: bool) -> tuple[int, int]:
    """How many magnitudes are low, and how many medium."""
    import torch

    low, high = membership(x, edges.low), membership(x, edges.high)
    if not with_medium:
        return int((low > high).sum()), 0
    medium = membership(x, edges.medium)
    is_low = low > torch.maximum(medium, high)
    is_medium = (medium > high) & (medium >= low)
    return int(is_low.sum()), int(is_medium.sum())
