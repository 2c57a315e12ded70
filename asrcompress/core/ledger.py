"""The ledger: one row per weight tensor, so that nothing about a compression is left unsaid."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.bounds import Count, Finite, Magnitude, Shape, Share

HISTOGRAM_BINS = 33  # odd, so that one bin is centred on zero

FuzzyClass = Literal["low", "medium", "high"]


class Memberships(BaseModel):
    """A layer's weights by fuzzy class of importance: shares that add up to one.

    alpha and beta are multiples of the standard deviation of |w|. Source: Oujabour et al. (2025),
    section III.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: Share
    medium: Share
    high: Share
    alpha: Magnitude
    beta: Magnitude
    layer_class: FuzzyClass


class Sensitivity(BaseModel):
    """What one treatment of one layer alone does to the model's posteriors.

    option: for example "4 bits" or "2 bits hqq". weight_bytes: of the layer's weight then.
    divergence: Kullback-Leibler divergence from the original's posteriors, in nats a frame (a
    token, for a model with a decoder), by condition of the calibration audio.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    option: str
    weight_bytes: Count
    divergence: dict[str, Finite]


class LayerAnalysis(BaseModel):
    """What was found out about a layer's weight before it was decided upon.

    histogram: counts of w in HISTOGRAM_BINS equal bins from -max_abs to max_abs. median_abs and
    std_abs: of |w|.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    histogram: Annotated[
        tuple[Count, ...], Field(min_length=HISTOGRAM_BINS, max_length=HISTOGRAM_BINS)
    ]
    max_abs: Magnitude
    median_abs: Magnitude
    std_abs: Magnitude
    memberships: Memberships | None = None
    sensitivity: tuple[Sensitivity, ...] = ()


class LedgerRow(BaseModel):
    """What happened to one weight tensor, and why.

    name: the tensor's name in the original state dict. kind: its module's class, e.g. Linear.
    shape_after: with a 0 where the tensor was removed, smaller where rows or columns of it were.
    qtype: qint8 | qint4 | qint2, or the dtype if it was not quantised. sparsity: zeros / weights,
    both of what is left. bytes_after counts scales and shifts with the tensor they belong to.
    tied_to: the tensor whose bytes it shares, and which counts them. analysis: where it was asked
    for, or the method needed it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=1_000)
    kind: str
    shape_before: Shape
    shape_after: Shape
    qtype: str
    sparsity: Share
    bytes_before: Count
    bytes_after: Count
    is_compressed: bool
    why: str
    tied_to: str | None = None
    analysis: LayerAnalysis | None = None

    @property
    def weights_before(self) -> int:
        """The tensor's number of weights in the original."""
        return math.prod(self.shape_before)

    @property
    def weights(self) -> int:
        """The number of weights that are left, those pruned to zero among them."""
        return math.prod(self.shape_after)

    @property
    def is_removed(self) -> bool:
        """Whether nothing is left of a tensor that had weights."""
        return self.weights == 0 < self.weights_before


class Ledger(BaseModel):
    """All rows in state-dict order; totals are derived."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[LedgerRow, ...]

    @property
    def bytes_before(self) -> int:
        """Bytes of all tensors in the original."""
        return sum(row.bytes_before for row in self.rows)

    @property
    def bytes_after(self) -> int:
        """Bytes of all tensors after compression."""
        return sum(row.bytes_after for row in self.rows)

    @property
    def rate(self) -> float | None:
        """Bytes before / bytes after, None where none are left."""
        return self.bytes_before / self.bytes_after if self.bytes_after else None

    @property
    def bytes_left_alone(self) -> int:
        """Bytes after compression that no step touched."""
        return sum(row.bytes_after for row in self.rows if not row.is_compressed)

    @property
    def weights_before(self) -> int:
        """All tensors' number of weights in the original; one that is another's counts once."""
        return sum(row.weights_before for row in self.rows if row.tied_to is None)

    @property
    def weights(self) -> int:
        """All tensors' number of weights that are left; one that is another's counts once."""
        return sum(row.weights for row in self.rows if row.tied_to is None)

    @property
    def sparsity(self) -> float | None:
        """Zeros / weights of what is left of all tensors; None where there are no weights."""
        own = [row for row in self.rows if row.tied_to is None]
        zeros = sum(row.sparsity * row.weights for row in own)
        return zeros / self.weights if self.weights else None
