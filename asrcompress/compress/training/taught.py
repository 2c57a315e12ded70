"""A student that is taught by what its teacher says, of whatever shape it is."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, cast

import torch

from asrcompress.compress.training.losses import ctc, posterior_divergence
from asrcompress.compress.training.objective import Objective, Outputs

if TYPE_CHECKING:
    from asrcompress.compress.training.batches import Batch
    from asrcompress.compress.training.pair import Pair
    from asrcompress.compress.training.params import TrainingParams

# SpecAugment's; a pair does none, so it would never have a gradient.
_UNUSED = "masked_spec_embed"


class TaughtObjective(Objective):
    """hidden_weight (the terms of hidden states) + logit_weight logits + ctc_weight ctc.

    logits: KL of the softened posteriors; Hinton et al. (2015). ctc: where a batch has transcripts.
    The convolutional front end is frozen by the pair; all else of the student learns.
    """

    def __init__(self, pair: Pair, params: TrainingParams) -> None:
        super().__init__()
        self._pair, self._taught_by = pair, params
        self._student = pair.student
        for name, parameter in self._student.named_parameters():
            if name.endswith(_UNUSED):
                parameter.requires_grad_(False)

    @abstractmethod
    def _hidden_terms(self, teacher: Outputs, student: Outputs) -> dict[str, torch.Tensor]:
        """Distances between the two's hidden states, by the names that they are plotted under."""

    def forward(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """See Objective; the terms are not weighted."""
        loss, terms = self._distilled(batch)
        return {"loss": loss, **terms}

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

    def _distilled(self, batch: Batch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss with its gradient, and its terms without."""
        teacher, student = self._pair.hear(batch)
        weights = self._taught_by
        terms = self._hidden_terms(teacher, student)
        hidden = torch.stack(list(terms.values())).sum()
        terms["logits"] = posterior_divergence(
            student.logits, teacher.logits, student.is_real, weights.temperature
        )
        # a weight of 0 leaves gradients of 0, not none, which several processes could not average
        loss = weights.hidden_weight * hidden + weights.logit_weight * terms["logits"]
        if batch.labels is not None:
            blank = int(cast(Any, self._student).config.pad_token_id)
            terms["ctc"] = ctc(student.logits, student.frames, batch.labels, blank)
            loss = loss + weights.ctc_weight * terms["ctc"]
        return loss, {name: term.detach() for name, term in terms.items()}
