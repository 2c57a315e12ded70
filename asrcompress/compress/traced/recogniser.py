"""A whole CTC model as it is traced: tensors in, logits out, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.utils import parametrize

from asrcompress.core.checkpoint.slim.attention import SlimAttention
from asrcompress.core.checkpoint.slim.blocks import why_not_slim
from asrcompress.core.checkpoint.slim.feature_encoder import FastFeatureEncoder, why_not_fast
from asrcompress.core.checkpoint.slim.positions import FastPositions
from asrcompress.core.checkpoint.slim.reshape import use_own_attention

PREFIX = "model."  # before the names of the model's modules, in the names of a traced one


class TracedRecogniser(torch.nn.Module):
    """The model with its inputs by position, since graphs have no keyword arguments."""

    def __init__(self, model: torch.nn.Module, inputs: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(inputs)

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        """(batch, frames, tokens) logits."""
        logits: torch.Tensor = self.model(**dict(zip(self.names, tensors, strict=True))).logits
        return logits


class _Positions(torch.nn.Module):
    """The stock convolution of positions, without the products of spectra that graphs lack."""

    def __init__(self, fast: FastPositions) -> None:
        super().__init__()
        self.conv, self.padding, self.activation = fast.conv, fast.padding, fast.activation

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(batch, frames, channels) of (batch, frames, channels)."""
        convolved = self.padding(self.conv(hidden_states.transpose(1, 2)))
        activated: torch.Tensor = self.activation(convolved)
        return activated.transpose(1, 2)


def prepare(model: Any, encoder_form: Callable[[Any], torch.nn.Module], *, has_mask: bool) -> None:
    """Give the model the parts that trace and run well, in place; results stay but for rounding.

    encoder_form: makes the convolutions over audio of the stock ones, where they are of a kind
    that this package knows. has_mask: whether the graph is to take a mask of padding.
    """
    for parent in list(model.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, FastPositions):
                setattr(parent, name, _Positions(part))
            elif isinstance(part, FastFeatureEncoder) or why_not_fast(part) is None:
                setattr(parent, name, encoder_form(part))
    if why_not_slim(model) is None:
        use_own_attention(model)
    if not has_mask:
        _leave_masks_out(model)
    for part in model.modules():
        if parametrize.is_parametrized(part, "weight"):
            parametrize.remove_parametrizations(part, "weight")
    _use_traceable_mask(model)


def _leave_masks_out(model: Any) -> None:
    """A model without padding has no mask, but tracing makes one of nothing but ones."""
    for part in model.modules():
        if isinstance(part, SlimAttention):
            part.register_forward_pre_hook(_without_mask, with_kwargs=True)


def _without_mask(
    module: Any,  # noqa: ARG001 - the form of a hook
    given: tuple[Any, ...],
    named: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return given, {**named, "attention_mask": None}


def _use_traceable_mask(model: Any) -> None:
    """The stock mask of frames writes at places found in the data, which graphs do badly."""
    base = getattr(model, model.base_model_prefix, None)
    if base is None or not hasattr(base, "_get_feature_vector_attention_mask"):
        return

    def mask_of(
        frames: int, attention_mask: torch.Tensor, add_adapter: bool | None = None
    ) -> torch.Tensor:
        more = {} if add_adapter is None else {"add_adapter": add_adapter}
        own = base._get_feat_extract_output_lengths(attention_mask.sum(-1), **more)
        places = torch.arange(frames, device=attention_mask.device)
        mask: torch.Tensor = places[None] < own[:, None]
        return mask

    base._get_feature_vector_attention_mask = mask_of
