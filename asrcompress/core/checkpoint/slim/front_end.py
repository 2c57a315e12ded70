"""The wav2vec2 family's convolutions at the speed of matrix products, on a CPU."""

from __future__ import annotations

from typing import Any

import torch

from asrcompress.core.checkpoint.slim.feature_encoder import FastFeatureEncoder, why_not_fast
from asrcompress.core.checkpoint.slim.positions import FastPositions, has_fast_positions


def use_fast_front_end(model: torch.nn.Module) -> None:
    """Exchange the parts that turn audio into the transformer's input for faster ones, in place.

    Names and values in the state dict stay, and so do results but for rounding: where gradients,
    another device or dtype, a quantised weight or a hook asks for it, the stock computation runs.
    Parts of another kind than the wav2vec2 family's stay as they are.
    """
    for parent, name, part in _parts(model):
        if why_not_fast(part) is None:
            setattr(parent, name, FastFeatureEncoder(part))
        elif has_fast_positions(part):
            setattr(parent, name, FastPositions(part))


def _parts(model: torch.nn.Module) -> list[tuple[torch.nn.Module, str, Any]]:
    return [
        (parent, name, part) for parent in model.modules() for name, part in parent.named_children()
    ]
