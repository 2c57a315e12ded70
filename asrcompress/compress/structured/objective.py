"""What a pruned student is taught, while its masks are learned and after removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from asrcompress.compress.structured.attach import attach
from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.choose import choose
from asrcompress.compress.structured.expected_size import expected_sparsity
from asrcompress.compress.structured.lagrangian import Lagrangian, target_at
from asrcompress.compress.structured.layout import ModelMasks, layout_of
from asrcompress.compress.structured.learned_masks import LearnedMasks
from asrcompress.compress.structured.matching import hidden_distance, pairs_of
from asrcompress.compress.training.objective import Outputs
from asrcompress.compress.training.taught import TaughtObjective
from asrcompress.core.checkpoint.slim.blocks import structure_of
from asrcompress.core.checkpoint.slim.reshape import use_own_attention

if TYPE_CHECKING:
    from asrcompress.compress.methods.structured import Params
    from asrcompress.compress.training.batches import Batch
    from asrcompress.compress.training.pair import Pair

_NEAR = 0.01  # of the asked sparsity: near enough to end a training early


class RecoveryObjective(TaughtObjective):
    """Distillation of a student whose blocks are smaller: after removal, or with masks (below).

    hidden_weight hidden + logit_weight logits + ctc_weight ctc. hidden: the sum over pairs of
    blocks of the squared difference of their states; Wang et al. (2023), Eq. 5. logits: KL of the
    softened posteriors; Hinton et al. (2015). ctc: where a batch has transcripts.

    The convolutional front end is frozen by the pair; all else of the student learns.
    """

    def __init__(self, pair: Pair, params: Params) -> None:
        super().__init__(pair, params)
        self._params = params
        self._left = tuple(
            number
            for number, block in enumerate(structure_of(self._student).blocks, start=1)
            if block.has_attention or block.has_feed_forward
        )

    def _blocks_left(self) -> tuple[int, ...]:
        """The blocks with anything left in them, counted from 1."""
        return self._left

    def _hidden_terms(self, teacher: Outputs, student: Outputs) -> dict[str, torch.Tensor]:
        pairs = pairs_of(teacher, student, self._blocks_left())
        distances = [hidden_distance(teacher, student, *pair) for pair in pairs]
        none = student.logits.new_zeros(())
        return {"hidden": torch.stack(distances).sum() if distances else none}


class PruningObjective(RecoveryObjective):
    """The same with masks to learn beside the weights, held at a sparsity; Wang et al., Eq. 5.

    Between `student` and the next `prepare` the final masks are in force, otherwise drawn ones.
    """

    def __init__(self, pair: Pair, params: Params, steps: int, seed: int) -> None:
        super().__init__(pair, params)
        self._steps, self._seed = steps, seed
        layout = layout_of(pair.student)
        self.masks = LearnedMasks(layout, params.units, straight_through=not params.no_ste)
        self.lagrangian = Lagrangian()
        self._final: tuple[BlockMasks, ...] | None = None
        self._target = 0.0
        use_own_attention(pair.student)
        self.attached = attach(pair.student, self._masks_of)
        self.prepare(0)

    def forward(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:  # noqa: ARG002
        """See Objective; the terms are not weighted, and "sparsity" is the Lagrangian's."""
        loss, terms = self._distilled(batch)
        held = self.lagrangian(self._expected(), self._target)
        return {"loss": loss + held, **terms, "sparsity": held.detach()}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The student's weights; masks and multipliers at rates of their own."""
        scale = self._params.mask_rate / self._params.learning_rate
        return [
            *super().parameter_groups(),
            {"params": list(self.masks.parameters()), "scale": scale},
            *self.lagrangian.parameter_groups(scale),
        ]

    def prepare(self, step: int) -> None:
        """Draw the step's masks and set its target."""
        self._final = None
        rise = self._params.sparsity_warmup * self._steps
        self._target = target_at(step, rise, self._params.sparsity)
        self.masks.draw(step, self._seed)

    def measures(self) -> dict[str, float]:
        """The expected sparsity, and the one it is held at."""
        with torch.no_grad():
            return {
                "expected_sparsity": float(self._expected()),
                "target_sparsity": self._target,
            }

    def mask_means(self) -> dict[str, list[float]]:
        """See Objective."""
        return self.masks.means()

    def is_ready(self) -> bool:
        """Whether the sparsity asked for is expected, within a point."""
        with torch.no_grad():
            return float(self._expected()) >= self._params.sparsity - _NEAR

    def student(self) -> torch.nn.Module:
        """The student with the masks that would be final now, at the sparsity asked for."""
        device = next(self.masks.parameters()).device
        final = ModelMasks.of(self.chosen()).each(lambda masks: masks.to(device))
        self._final = final.blocks()
        return super().student()

    def chosen(self) -> tuple[BlockMasks, ...]:
        """The masks that would be final now."""
        return choose(self.masks, self._params.sparsity)

    def _expected(self) -> torch.Tensor:
        return expected_sparsity(self.masks.probabilities(), self.masks.layout)

    def _masks_of(self, block: int) -> BlockMasks:
        return self.masks.masks(block) if self._final is None else self._final[block]

    def _blocks_left(self) -> tuple[int, ...]:
        return self.masks.open_blocks()
