"""Structured pruning: heads' dimensions, feed-forward dimensions and whole sublayers are removed.

Wang et al., "Task-Agnostic Structured Pruning of Speech Representation Models" (2023): masks with
hard concrete noise are learned together with the weights, by distilling the model's own hidden
states and posteriors, while multipliers hold the expected size at the one asked for. What is closed
at the end is removed physically, which changes nothing, and what is left is trained on. Audio is
enough; where there are transcripts, the CTC loss may be added.

Deviations from the paper, each with its reason where it is done: the distances of hidden states
are relative to the teacher's variance (structured/matching.py), posteriors are compared too, the
final count is moved to the one asked for (structured/choose.py), and the training after removal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import Field

from asrcompress.compress.training.params import TrainingParams
from asrcompress.compress.training.schedule import WARM_UP

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.structured.block_masks import BlockMasks
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.compress.training.loop import Training
    from asrcompress.compress.training.trained import Trained, TrainingContext
    from asrcompress.core.checkpoint import LoadedModel

ORDER = 5
TRIGGER = "method"

_LEAST_MASK_RATE = 0.02  # public implementations'
_HIGHEST_MASK_RATE = 1.0
_TRAVEL = 10.0  # of log_alpha, from P(kept) = 0.998 to 0.02
_TRAVEL_SHARE = 0.5  # of the steps in which the target rises; slower masks lag behind it


class Params(TrainingParams):
    """How much is removed, of which units, and how they are chosen."""

    method: Literal["structured"] = Field(
        default="structured", description="remove heads' and feed-forwards' dimensions and layers"
    )
    sparsity: float = Field(
        gt=0, lt=1, description="share of the transformer blocks' parameters to remove"
    )
    units: Literal["dim", "head"] = Field(
        default="dim", description="remove single dimensions of attention heads, or whole heads"
    )
    no_ste: bool = Field(
        default=False, description="learn masks without the straight-through gradient"
    )
    select: Literal["learned", "magnitude"] = Field(
        default="learned", description="what is removed: by learned masks, or by weights' norms"
    )
    sparsity_warmup: float = Field(
        default=WARM_UP, gt=0, le=1, description="share of the steps over which the target rises"
    )
    mask_learning_rate: float | None = Field(
        default=None,
        gt=0,
        le=10,
        description="of the masks; 0.02 if not given, more where the target rises in few steps",
    )
    finetune_steps: int | None = Field(
        default=None,
        ge=0,
        le=100_000_000,
        description="steps of training after removal; a quarter of the steps if not given",
    )

    @property
    def mask_rate(self) -> float:
        """The masks' learning rate: one can close in half of the target's rise; 0.02 to 1."""
        if self.mask_learning_rate is not None:
            return self.mask_learning_rate
        needed = _TRAVEL / (_TRAVEL_SHARE * self.sparsity_warmup * self.steps)
        return min(_HIGHEST_MASK_RATE, max(_LEAST_MASK_RATE, needed))

    @property
    def stages(self) -> tuple[int, int]:
        """Steps with masks, and after removal. Without masks to learn all come after removal."""
        after = self.steps // 4 if self.finetune_steps is None else self.finetune_steps
        return (self.steps, after) if self.select == "learned" else (0, self.steps + after)


def label(params: Params) -> str:
    """For example structured80, structured80-head-noste or structured72.5-magnitude."""
    parts = [f"structured{100 * params.sparsity:.6g}"]
    parts += ["head"] * (params.units == "head")
    if params.select == "magnitude":
        parts.append("magnitude")
    elif params.no_ste:
        parts.append("noste")
    return "-".join(parts)


def unfit(params: Params, loaded: LoadedModel, audio: TrainingAudio) -> str | None:
    """Why the model cannot be pruned so, None where it can."""
    from asrcompress.compress.structured.layout import layout_of
    from asrcompress.compress.training.audio import untaught
    from asrcompress.core.checkpoint.slim.blocks import why_not_slim
    from asrcompress.core.errors import ModelError

    if loaded.is_encoder_decoder:
        return "its text comes from a decoder, and only encoders with a CTC head can be pruned"
    reason = why_not_slim(loaded.model)
    if reason is not None:
        return reason
    try:
        layout_of(loaded.model)
    except ModelError:
        return "its blocks were pruned before; prune the original, to the smaller size"
    if params.precision == "fp16" and params.select == "learned" and not params.no_ste:
        # fp16 scales the loss by tens of thousands, and masks' gradients are cut off at 1
        return "precision fp16 cannot learn masks: it scales gradients that are cut off; use bf16"
    return untaught(params, audio)


def train(params: Params, context: TrainingContext) -> Trained:
    """The pruned model after its training.

    Raises:
        InputError: a recording cannot be read, or transcripts are asked for and lacking.
        OutputError: the training's folder cannot be used.
        ModelError: the model's blocks do not fit, or the loss is no longer a number.
    """
    from asrcompress.compress.structured.plain_form import make_plain, plain_form
    from asrcompress.compress.structured.removal import remove
    from asrcompress.compress.student.build import block_parameters
    from asrcompress.compress.training.loop import Training
    from asrcompress.compress.training.trained import Trained
    from asrcompress.core.checkpoint.slim.blocks import structure_of

    training = Training(params, context, sum(params.stages))
    student = context.original().model
    before, count = structure_of(student), block_parameters(student)
    masks = _masks(params, training, student, context.seed)
    structure = remove(student.cpu(), masks)
    _recover(params, training, student)
    record = training.record(
        "structured",
        (count, block_parameters(student)),
        training.divergence(student),
        before=before,
    )
    student.cpu().eval()
    form = plain_form(structure, cast("Any", student).config)
    if form is None:
        return Trained(module=student, record=record, structure=structure)
    plain = make_plain(student, form)
    return Trained(plain.module, record, config=form.config, origin=plain.origin)


def _masks(
    params: Params, training: Training, student: torch.nn.Module, seed: int
) -> tuple[BlockMasks, ...]:
    """What is to be removed; where masks are learned, the student's weights are learned too."""
    from asrcompress.compress.structured.magnitude import choose_by_magnitude
    from asrcompress.compress.structured.objective import PruningObjective
    from asrcompress.compress.training.pair import Pair

    if params.select == "magnitude":
        return choose_by_magnitude(student, params.units, params.sparsity)
    steps, _ = params.stages
    objective = PruningObjective(Pair(training.teacher, student), params, steps, seed)
    training.learn("prune", objective, steps)
    objective.attached.remove()
    return objective.chosen()


def _recover(params: Params, training: Training, student: torch.nn.Module) -> None:
    """Train what is left; not where the divergence asked for is met already."""
    from asrcompress.compress.structured.objective import RecoveryObjective
    from asrcompress.compress.training.pair import Pair

    _, steps = params.stages
    if steps and not training.stopped_early:
        objective = RecoveryObjective(Pair(training.teacher, student), params)
        training.learn("recover", objective, steps)
