"""Distillation: a student of fewer and narrower layers learns to say what its teacher says.

Peng et al., "Shrinking Bigfoot: Reducing wav2vec 2.0 footprint" (2021), teach a smaller wav2vec 2.0
what the large one says. Here the student begins as some of the teacher's own layers, evenly spaced
(Gandhi et al., "Distil-Whisper", 2023, section 3), and hears its hidden states as well as its
posteriors (Chang et al., "DistilHuBERT", 2022, Eq. 1). No transcripts are needed; where there are
some, the CTC loss may be added.

The student is an ordinary model of the teacher's class: its configuration says fewer layers and a
narrower feed-forward, and a plain `from_pretrained` loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from asrcompress.compress.training.params import TrainingParams

if TYPE_CHECKING:
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.compress.training.trained import Trained, TrainingContext
    from asrcompress.core.checkpoint import LoadedModel

ORDER = 5
TRIGGER = "method"


class Params(TrainingParams):
    """The student's size, and how it is taught."""

    method: Literal["distill"] = Field(
        default="distill", description="teach a smaller student what the model says"
    )
    layers: int | None = Field(
        default=None, ge=1, description="how many of the model's layers the student has, if not all"
    )
    ffn: int | None = Field(
        default=None, ge=1, description="its feed-forward layers' width, if not the model's"
    )

    @model_validator(mode="after")
    def _is_smaller(self) -> Params:
        if self.layers is None and self.ffn is None:
            raise ValueError("layers, ffn or both, to say how small the student is")
        return self


def label(params: Params) -> str:
    """For example distill12, distill12-ffn2048 or distill-ffn2048."""
    narrower = "" if params.ffn is None else f"-ffn{params.ffn}"
    return f"distill{params.layers or ''}{narrower}"


def unfit(params: Params, loaded: LoadedModel, audio: TrainingAudio) -> str | None:
    """Why there is no such student of the model, None where there is one."""
    from asrcompress.compress.student.build import refusal
    from asrcompress.compress.training.audio import untaught

    manifest = loaded.checkpoint.manifest
    if manifest is not None and manifest.structure is not None:
        return "its layers were pruned to different widths; distil the original"
    return refusal(loaded.model, params.layers, params.ffn) or untaught(params, audio)


def train(params: Params, context: TrainingContext) -> Trained:
    """The student after its training.

    Raises:
        InputError: a recording cannot be read, or transcripts are asked for and lacking.
        OutputError: the training's folder cannot be used.
        ModelError: there is no such student, or the loss is no longer a number.
    """
    from asrcompress.compress.student.build import block_parameters, build_student
    from asrcompress.compress.student.objective import DistillObjective
    from asrcompress.compress.training.loop import Training
    from asrcompress.compress.training.pair import Pair
    from asrcompress.compress.training.trained import Trained

    training = Training(params, context, params.steps)
    teacher = training.teacher
    built = build_student(teacher.model, params.layers, params.ffn)
    sizes = (block_parameters(teacher.model), block_parameters(built.module))
    objective = DistillObjective(Pair(teacher, built.module), built.layers_kept, params)
    training.learn("distill", objective, params.steps)
    divergence = training.divergence(built.module)
    record = training.record("distill", sizes, divergence, layers_kept=built.layers_kept)
    return Trained(
        module=built.module.cpu().eval(),
        record=record,
        config=_whole(built.config, teacher.checkpoint.config),
        origin=built.origin,
    )


def _whole(changes: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The changes; those inside a configuration's part as that part, changed."""
    return {
        key: {**config.get(key, {}), **value} if isinstance(value, Mapping) else value
        for key, value in changes.items()
    }
