"""The curves of a training, thinned so that a report can hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from asrcompress.core.training_record import Curves, MaskCurves

POINTS = 200
_MASK_POINTS = 50


@dataclass
class CurveLog:
    """Means of what each step said, a point every `every` steps, over all stages.

    rows: step and values; masks: step and means by block. Both hold only numbers, so that they
    can be saved with the weights.
    """

    every: int
    rows: list[dict[str, float]] = field(default_factory=list)
    masks: list[dict[str, Any]] = field(default_factory=list)
    _sums: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    @classmethod
    def over(cls, steps: int) -> CurveLog:
        """For a training of so many steps."""
        return cls(max(1, -(-steps // POINTS)))

    def is_due(self, step: int) -> bool:
        """Whether a point belongs at a step, counted from 1."""
        return step % self.every == 0

    def is_mask_due(self, step: int) -> bool:
        """Whether a point of the masks does."""
        return step % (self.every * max(1, POINTS // _MASK_POINTS)) == 0

    def add(self, values: dict[str, float]) -> None:
        """Take in one step's losses."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1

    def point(self, step: int, measured: dict[str, float]) -> None:
        """Close a point: the means since the last one, and what is measured now."""
        means = {name: value / self._count for name, value in self._sums.items()}
        self.rows.append({"step": float(step), **means, **measured})
        self._sums, self._count = {}, 0

    def point_of_masks(self, step: int, means: dict[str, list[float]]) -> None:
        """Add a point of the masks; none where there are no masks."""
        if means:
            self.masks.append({"step": step, **means})

    def said(self) -> str:
        """The last point: loss 0.123, sparsity 0.51 of 0.80; nothing before the first one."""
        row = self.rows[-1] if self.rows else {}
        said = [f"loss {row['loss']:.4g}"] if "loss" in row else []
        if "expected_sparsity" in row:
            said.append(f"sparsity {row['expected_sparsity']:.2f} of {row['target_sparsity']:.2f}")
        divergences = [row["divergence"] for row in self.rows if "divergence" in row]
        if divergences:
            said.append(f"divergence {divergences[-1]:.3g}")
        return ", ".join(said)

    def state(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return {
            "rows": self.rows,
            "masks": self.masks,
            "sums": self._sums,
            "count": self._count,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """As it was when the checkpoint was made."""
        self.rows, self.masks = list(state["rows"]), list(state["masks"])
        self._sums, self._count = dict(state["sums"]), int(state["count"])

    def curves(self) -> Curves:
        """For the record."""
        names = sorted({name for row in self.rows for name in row} - {"step"})
        return Curves(
            steps=tuple(int(row["step"]) for row in self.rows),
            series={name: tuple(row.get(name) for row in self.rows) for name in names},
        )

    def mask_curves(self) -> MaskCurves | None:
        """For the record; None where nothing had masks."""
        if not self.masks:
            return None
        names = [name for name in self.masks[0] if name != "step"]
        return MaskCurves(
            steps=tuple(int(row["step"]) for row in self.masks),
            means={name: tuple(tuple(row[name]) for row in self.masks) for name in names},
        )
