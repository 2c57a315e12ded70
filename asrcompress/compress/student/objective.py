"""What a student is taught: its teacher's posteriors, its hidden states, and the transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from asrcompress.compress.training.losses import (
    cosine_distance,
    ctc,
    mean_absolute,
    posterior_divergence,
)
from asrcompress.compress.training.objective import Objective, Outputs

if TYPE_CHECKING:
    from asrcompress.compress.training.batches import Batch
    from asrcompress.compress.training.pair import Pair
    from asrcompress.compress.training.params import TrainingParams

# SpecAugment's; a pair does none, so it would never have a gradient.
_UNUSED = "masked_spec_embed"


class DistillObjective(Objective):
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
        super().__init__()
        self._pair, self._layers_kept, self._params = pair, layers_kept, params
        self._student = pair.student
        for name, parameter in self._student.named_parameters():
            if name.endswith(_UNUSED):
                parameter.requires_grad_(False)
        for module in self._student.modules():
            if "layerdrop" in vars(module):  # some classes copy it from their configuration
                vars(module)["layerdrop"] = 0.0

    def forward(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """See Objective; the terms are not weighted."""
        teacher, student = self._pair.hear(batch)
        params = self._params
        hidden, cosine = self._of_layers(teacher, student)
        logits = posterior_divergence(
            student.logits, teacher.logits, student.is_real, params.temperature
        )
        # a weight of 0 leaves gradients of 0, not none, which several processes could not average
        loss = params.hidden_weight * (hidden + cosine) + params.logit_weight * logits
        terms = {"hidden": hidden, "cosine": cosine, "logits": logits}
        if batch.labels is not None:
            blank = int(cast(Any, self._student).config.pad_token_id)
            terms["ctc"] = ctc(student.logits, student.frames, batch.labels, blank)
            loss = loss + params.ctc_weight * terms["ctc"]
        return {"loss": loss, **{name: term.detach() for name, term in terms.items()}}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """See Objective."""
        learned = [p for p in self._student.parameters() if p.requires_grad]
        return [{"params": learned, "scale": 1.0}]

    def prepare(self, step: int) -> None:
        """Nothing moves but the learning rate."""

    def measures(self) -> dict[str, float]:
        """Nothing but the losses."""
        return {}

    def student(self) -> torch.nn.Module:
        """See Objective."""
        return self._student

    def train(self, mode: bool = True) -> DistillObjective:
        """In training, batch norms go on using their running statistics, which no step changes."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
        return self

    def _of_layers(self, teacher: Outputs, student: Outputs) -> tuple[torch.Tensor, torch.Tensor]:
        """The means of relative L1 and of the cosine distance over the student's layers."""
        pairs = [
            (student.hidden[own], teacher.hidden[layer])
            for own, layer in enumerate(self._layers_kept, start=1)
        ]
        absolute = [_relative_l1(*pair, student.is_real_in(pair[0])) for pair in pairs]
        cosine = [cosine_distance(*pair, student.is_real_in(pair[0])) for pair in pairs]
        return torch.stack(absolute).mean(), torch.stack(cosine).mean()


def _relative_l1(student: torch.Tensor, teacher: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The mean absolute difference over the teacher's mean magnitude, over frames where real."""
    size = teacher.float()[real].abs().mean().clamp(min=1e-8)
    return mean_absolute(student, teacher, real) / size
