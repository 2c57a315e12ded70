"""Tiny modules with more layers than two, so that some can be left out."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from asrcompress.core.checkpoint import quiet_transformers
from tests.checkpoints import _ALL, config_of_tiny


def deeper_module(architecture: str, layers: int) -> Any:
    """A module with a CTC head and so many layers, in eval mode."""
    config = config_of_tiny(architecture)
    getattr(config, "encoder_config", config).num_hidden_layers = layers
    with torch.random.fork_rng(), quiet_transformers():
        torch.manual_seed(3)
        return getattr(transformers, f"{_ALL[architecture][0]}ForCTC")(config).eval()
