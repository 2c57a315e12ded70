"""What a training left to be read: on what, how long, and its curves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from asrcompress.core.bounds import Count, Finite, Magnitude
from asrcompress.core.structure import Structure

MASKS = ("attention", "query_key", "value_output", "feed_forward", "intermediate")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingCorpus(_Model):
    """What was learned from.

    transcripts: whether they were used. augmentation: in words, for example "noise at 0-20 dB in
    half of the utterances". held_out: utterances never trained on, which divergence is measured on.
    """

    name: str
    utterances: Count
    duration_s: Magnitude
    speakers: Count | None
    sha256: str
    transcripts: bool
    augmentation: str
    held_out: Count


class Curves(_Model):
    """Series over steps, all of the length of `steps`; None where one was not measured.

    Names: loss; its terms (hidden, cosine, logits, ctc, sparsity); expected_sparsity and
    target_sparsity; learning_rate; divergence (nats a frame, on the held-out utterances).
    """

    steps: tuple[Count, ...]
    series: dict[str, tuple[Finite | None, ...]]

    @model_validator(mode="after")
    def _as_long_as_steps(self) -> Curves:
        if any(len(values) != len(self.steps) for values in self.series.values()):
            raise ValueError("every series must have one value a step")
        return self


class MaskCurves(_Model):
    """Means of the masks' probability of being kept: for each of MASKS, (steps, blocks) in [0, 1].

    attention and feed_forward are the whole sublayers' single masks; query_key, value_output and
    intermediate are means over their dimensions. Source: Wang et al. (2023), Figure 3.
    """

    steps: tuple[Count, ...]
    means: dict[str, tuple[tuple[Finite, ...], ...]]

    @model_validator(mode="after")
    def _rectangular(self) -> MaskCurves:
        for rows in self.means.values():
            if len(rows) != len(self.steps) or len({len(row) for row in rows}) > 1:
                raise ValueError("every mask must have one mean a step and block")
        return self


class TrainingRecord(_Model):
    """One training. seconds_a_step: the median of wall time, on what `device` names.

    stopped: why it ended. block_parameters: of the transformer blocks alone, before and after.
    before: the blocks' structure before, for structured pruning. layers_kept: the teacher's layers
    that the student began from, counted from 1, for distillation.
    """

    method: str
    corpus: TrainingCorpus
    steps_asked: Count
    steps_done: Count
    stopped: Literal["all steps done", "divergence goal met"]
    batch_s: Magnitude
    seconds_a_step: Magnitude
    processes: Count
    device: str
    precision: str
    block_parameters: tuple[Count, Count]
    divergence: Finite | None = Field(
        description="nats a frame on the held-out utterances, of the final model"
    )
    curves: Curves
    masks: MaskCurves | None = None
    before: Structure | None = None
    layers_kept: tuple[Count, ...] = ()
