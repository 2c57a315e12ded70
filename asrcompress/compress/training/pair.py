"""A teacher and its student, hearing the same batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch

from asrcompress.compress.training.batches import Batch
from asrcompress.compress.training.blocks import encoder_blocks, front_end
from asrcompress.compress.training.objective import Outputs
from asrcompress.core.checkpoint import LoadedModel, quiet_transformers
from asrcompress.core.checkpoint.slim.blocks import why_not_slim
from asrcompress.core.checkpoint.slim.reshape import use_own_attention


class Pair:
    """The teacher is frozen; the convolutional front end is frozen in both, and one's serves both.

    Neither SpecAugment nor LayerDrop is done: they would change what is compared, not what is
    learned. Dropout is as the model's configuration says. The teacher gets our own attention where
    there is one: WavLM's stock one is slow, and ours says the same.
    """

    def __init__(self, teacher: LoadedModel, student: torch.nn.Module) -> None:
        self.teacher = teacher
        self.student = student
        teacher.model.requires_grad_(False)
        if why_not_slim(teacher.model) is None:
            use_own_attention(teacher.model)
        own_front_end = front_end(student)
        if own_front_end is not None:
            own_front_end.requires_grad_(False)
        config = cast(Any, student).config
        config.apply_spec_augment = False
        config.layerdrop = 0.0

    def hear(self, batch: Batch) -> tuple[Outputs, Outputs]:
        """The teacher's and the student's outputs, the student's with gradients."""
        teacher = self.teacher.model
        with torch.no_grad(), quiet_transformers():
            features = _features(teacher, batch.clean)
            with _overhearing(teacher, features):
                towards = outputs_of(teacher, batch.clean, batch.sizes)
            if batch.heard is not batch.clean:
                features = _features(teacher, batch.heard)
        with quiet_transformers(), _overhearing(self.student, features):
            return towards, outputs_of(self.student, batch.heard, batch.sizes)


def outputs_of(model: torch.nn.Module, inputs: dict[str, Any], sizes: torch.Tensor) -> Outputs:
    """What a model with a CTC head says to a batch; sizes: (batch,) samples without padding."""
    hidden: list[torch.Tensor] = []

    def before(_block: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden.append(args[0] if args else kwargs["hidden_states"])

    def after(_block: torch.nn.Module, _args: Any, output: Any) -> None:
        hidden.append(output[0] if isinstance(output, tuple) else output)

    blocks = encoder_blocks(model)
    hooks = [block.register_forward_hook(after) for block in blocks]
    hooks.append(blocks[0].register_forward_pre_hook(before, with_kwargs=True))
    try:
        logits = model(**inputs).logits
    finally:
        for hook in hooks:
            hook.remove()
    return Outputs(tuple(hidden), logits, _frames(model, inputs, sizes, logits.shape[1]))


def _frames(
    model: torch.nn.Module, inputs: dict[str, Any], sizes: torch.Tensor, most: int
) -> torch.Tensor:
    """(batch,) how many frames of each recording are real."""
    if bool((sizes == sizes[0]).all()):
        return torch.full_like(sizes, most)
    heard = sizes if "input_values" in inputs else inputs["attention_mask"].sum(dim=-1)
    lengths: torch.Tensor = cast(Any, model)._get_feat_extract_output_lengths(heard)
    return lengths.long().clamp(1, most)


def _features(model: torch.nn.Module, inputs: dict[str, Any]) -> torch.Tensor | None:
    """What the convolutional front end gives; None for a model without one."""
    convolutions = front_end(model)
    if convolutions is None:
        return None
    found: torch.Tensor = convolutions(inputs["input_values"])
    return found


@contextmanager
def _overhearing(model: torch.nn.Module, features: torch.Tensor | None) -> Iterator[None]:
    """While it lasts, the model's front end gives these features, whatever it is given."""
    convolutions = front_end(model)
    if convolutions is None or features is None:
        yield
        return
    convolutions.__dict__["forward"] = lambda _input_values: features
    try:
        yield
    finally:
        del convolutions.__dict__["forward"]
