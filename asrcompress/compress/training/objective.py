"""What a method teaches: a module whose forward pass is the loss."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from asrcompress.compress.training.batches import Batch


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a model says to a batch.

    hidden: the input of the first block, then the output of every block: (batch, frames, width)
    each. logits: (batch, frames, tokens). frames: (batch,) how many frames of each are real.
    """

    hidden: tuple[torch.Tensor, ...]
    logits: torch.Tensor
    frames: torch.Tensor

    @property
    def is_real(self) -> torch.Tensor:
        """(batch, frames) bool of the logits: not padding."""
        return self.is_real_in(self.logits)

    def is_real_in(self, states: torch.Tensor) -> torch.Tensor:
        """(batch, its frames) bool of a tensor whose frames may be longer than the logits'."""
        count = states.shape[1]
        places = torch.arange(count, device=self.frames.device)
        ends = self.frames * count  # over the logits' length, and compared without rounding
        return places[None, :] * self.logits.shape[1] < ends[:, None]


class Objective(torch.nn.Module):
    """The student, and whatever else is learned with it.

    What is learned, and nothing else, requires a gradient. The teacher is no submodule of it.
    """

    @abstractmethod
    def forward(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        """Scalars of one batch: "loss", which has the gradient, and its terms, detached."""

    @abstractmethod
    def parameter_groups(self) -> list[dict[str, Any]]:
        """As AdamW takes them, with "scale" besides: its share of the learning rate.

        With "is_held" a group's rate does not fall again, and its gradients are not clipped.
        """

    @abstractmethod
    def prepare(self, step: int) -> None:
        """Called before every step: draws masks anew, moves targets, from the step alone."""

    @abstractmethod
    def measures(self) -> dict[str, float]:
        """Numbers to plot beside the loss, for example expected_sparsity."""

    def mask_means(self) -> dict[str, list[float]]:
        """Means of masks by block, for `MaskCurves`; nothing where there are no masks."""
        return {}

    def is_ready(self) -> bool:
        """Whether training may end early: a student that is not yet small enough is not done."""
        return True

    @abstractmethod
    def student(self) -> torch.nn.Module:
        """The student as it would be if training ended now, to measure; not to be changed."""
