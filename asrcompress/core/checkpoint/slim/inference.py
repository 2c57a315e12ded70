"""When a module may take a short cut that stock modules do not take."""

from __future__ import annotations

from typing import Any

import torch


def is_plain_inference(module: torch.nn.Module, given: torch.Tensor) -> bool:
    """Whether only the output counts: float32 on a CPU, without gradients, hooks or compiling.

    Nor is it recorded for other inputs: a trace would keep the pieces of this one's length.
    """
    jit: Any = torch.jit
    if torch.compiler.is_compiling() or jit.is_tracing():
        return False
    if torch.is_autocast_enabled("cpu"):
        return False
    tensors = (given, *module.parameters())
    if any(t.device.type != "cpu" or t.dtype != torch.float32 for t in tensors):
        return False
    if any(p.is_inference() for p in module.parameters()):  # changes of them are not counted
        return False
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return False
    return not any(_is_hooked(part) for part in module.modules() if part is not module)


def _is_hooked(module: torch.nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)
