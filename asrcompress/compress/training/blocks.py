"""The parts of a recogniser that a training looks at: its encoder's blocks and its front end."""

from __future__ import annotations

from typing import Any, cast

import torch

from asrcompress.core.errors import ModelError

_PLACES = ("encoder.layers", "encoder.encoder.layer")  # the second is SEW-D's


def encoder_blocks(model: torch.nn.Module) -> torch.nn.ModuleList:
    """The list of the encoder's transformer blocks.

    Raises:
        ModelError: no list of layers in the model has as many as its configuration says.
    """
    count = getattr(cast(Any, model).config, "num_hidden_layers", None)
    for name, module in model.named_modules():
        is_list = isinstance(module, torch.nn.ModuleList) and name.endswith(_PLACES)
        if is_list and len(cast(torch.nn.ModuleList, module)) == count:
            return cast(torch.nn.ModuleList, module)
    raise ModelError(
        "no encoder with a list of layers",
        where=type(model).__name__,
        expected="an encoder with as many layers as the configuration says",
    )


def front_end(model: torch.nn.Module) -> torch.nn.Module | None:
    """The convolutions over raw samples; None for a model that is given spectrograms."""
    base = getattr(model, str(getattr(model, "base_model_prefix", "")), model)
    found = getattr(base, "feature_extractor", None)
    return found if isinstance(found, torch.nn.Module) else None
