"""What a student is taught: its teacher's posteriors, its hidden states, and the transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from asrcompress.compress.training.losses import cosine_distance, mean_absolute
from asrcompress.compress.training.objective import Outputs
from asrcompress.compress.training.taught import TaughtObjective

if TYPE_CHECKING:
    from asrcompress.compress.training.pair import Pair
    from asrcompress.compress.training.params import TrainingParams


class DistillObjective(TaughtObjective):
    """hidden_weight (hidden + cosine) + logit_weight logits + ctc_weight ctc.

    hidden and cosine: L1 and -log sigmoid(cos) between the student's i-th layer and the teacher's
    layer that it began as; Chang et al., "DistilHuBERT" (2022), Eq. 1, with its lambda of 1. The
    mean over layers where the paper has the sum, so that a weight means the same for any number of
    layers; and L1 over the teacher's mean |h|, which in models that normalise before each block is
    ten times that of others, and would outweigh the posteriors. logits: KL of the softened
    posteriors; Hinton et al. (2015). ctc: where a batch has transcripts.

    The convolutional front end is frozen by the pair, which shares its output with the teacher.
    All else learns, but for batch norms' running statistics, which stay the teacher's.
    """

    def __init__(self, pair: Pair, layers_kept: tuple[int, ...], params: TrainingParams) -> None:
        super().__init__(pair, params)
        self._layers_kept = layers_kept
        for module in self._student.modules():
            if "layerdrop" in vars(module):  # some classes copy it from their configuration
                vars(module)["layerdrop"] = 0.0

    def train(self, mode: bool = True) -> DistillObjective:
        """In training, batch norms go on using their running statistics, which no step changes."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    def _hidden_terms(self, teacher: Outputs, student: Outputs) -> dict[str, torch.Tensor]:
        """The means of relative L1 and of the cosine distance over the student's layers."""
        pairs = [
            (student.hidden[own], teacher.hidden[layer])
            for own, layer in enumerate(self._layers_kept, start=1)
        ]
        absolute = [_relative_l1(*pair, student.is_real_in(pair[0])) for pair in pairs]
        cosine = [cosine_distance(*pair, student.is_real_in(pair[0])) for pair in pairs]
        return {"hidden": torch.stack(absolute).mean(), "cosine": torch.stack(cosine).mean()}


def _relative_l1(student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The mean absolute difference over the teacher's mean magnitude, over frames where real."""
    size = teacher.float()[real].abs().mean().clamp(min=1e-8)
    return mean_absolute(student, teacher, real) / size
