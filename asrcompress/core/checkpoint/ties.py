"""Tensors of a state dict that are one and the same: a head that is its embedding, for example."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def aliases_of(module: torch.nn.Module) -> dict[str, str]:
    """State-dict key to the first key of the same parameter, for all keys but that first one."""
    first: dict[int, str] = {}
    aliases: dict[str, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        key = first.setdefault(id(parameter), name)
        if key != name:
            aliases[name] = key
    return aliases
