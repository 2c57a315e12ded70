"""Which audio each step hears: a function of the seed and the step alone, so it can be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Batch:
    """A step's audio as a model takes it, on the training's device.

    heard: what the student is given (`input_values` and the like, with a mask where the model
    takes one). clean: what the teacher is given; the same object where they hear the same. sizes:
    (batch,) samples of each recording, without padding. labels: (batch, longest) token ids, -100
    beyond a text's end; None where transcripts are not used.
    """

    heard: dict[str, Any]
    clean: dict[str, Any]
    sizes: torch.Tensor
    labels: torch.Tensor | None = None
