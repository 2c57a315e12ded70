"""The ledger: one row per weight tensor, so that nothing about a compression is left unsaid."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LedgerRow(BaseModel):
    """What happened to one weight tensor, and why.

    name: the tensor's name in the original state dict. kind: its module's class, e.g. Linear.
    qtype: qint8 | qint4 | qint2, or the dtype if it was not quantised. sparsity: zeros / weights
    after compression. bytes_after counts scales and shifts with the tensor they belong to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    shape_before: tuple[int, ...]
    shape_after: tuple[int, ...]
    qtype: str
    sparsity: float
    bytes_before: int
    bytes_after: int
    is_compressed: bool
    why: str

    @property
    def weights(self) -> int:
        """The tensor's number of weights, those pruned to zero among them."""
        count = 1
        for size in self.shape_before:
            count *= size
        return count


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
    def bytes_left_alone(self) -> int:
        """Bytes after compression that no step touched."""
        return sum(row.bytes_after for row in self.rows if not row.is_compressed)

    @property
    def weights(self) -> int:
        """All tensors' number of weights."""
        return sum(row.weights for row in self.rows)

    @property
    def sparsity(self) -> float | None:
        """Zeros / weights over all tensors; None where there are no weights."""
        zeros = sum(row.sparsity * row.weights for row in self.rows)
        return zeros / self.weights if self.weights else None
