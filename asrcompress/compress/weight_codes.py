"""Quantised weights as whole numbers with their scales, and a model with floats in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class WeightCodes:
    """A Linear layer's weight: w = (codes - zero) * scale, groups of a row sharing both.

    bits: 8, 4 or 2. codes: (out, groups, weights of a group), int8 at 8 bits, else uint8. scale:
    (out, groups, 1) float32. zero: the same shape, float32, whole or not; None is 0.
    """

    bits: int
    codes: npt.NDArray[np.int8] | npt.NDArray[np.uint8]
    scale: npt.NDArray[np.float32]
    zero: npt.NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(out, in)."""
        return self.codes.shape[0], self.codes.shape[1] * self.codes.shape[2]


def codes_of(model: torch.nn.Module) -> dict[str, WeightCodes]:
    """The codes of every quantised Linear layer, by its name."""
    import torch

    return {
        name: _codes(cast(Any, layer).weight)
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and _is_quantised(layer)
    }


def use_floats(model: torch.nn.Module) -> None:
    """Replace quantised layers by plain ones with the weights that they stand for, in place."""
    import torch

    from asrcompress.core.checkpoint.qmodules import empty_like

    for name, layer in list(model.named_modules()):
        if not _is_quantised(layer):
            continue
        made: Any = empty_like(layer)
        weight = cast(Any, layer).weight.dequantize().detach().float().contiguous()
        made.weight = torch.nn.Parameter(weight, requires_grad=False)
        if getattr(layer, "bias", None) is not None:
            made.bias = layer.bias
        model.set_submodule(name, made)


def _is_quantised(layer: torch.nn.Module) -> bool:
    from optimum.quanto.tensor import QTensor

    return isinstance(getattr(layer, "weight", None), QTensor)


def _codes(weight: Any) -> WeightCodes:
    """Of a weight of (out, in): quanto's own tensor."""
    rows = weight.shape[0]
    scale = weight._scale.detach().float().numpy()
    if weight.qtype.bits == 8:
        codes = weight._data.detach().numpy().reshape(rows, 1, -1)
        return WeightCodes(8, codes, scale.reshape(rows, 1, 1))
    data = weight._data
    data = data.unpack() if hasattr(data, "unpack") else data
    shift = weight._shift.detach()
    is_whole = not shift.dtype.is_floating_point
    zero = shift.float().numpy() if is_whole else shift.numpy() / np.where(scale == 0, 1, scale)
    groups = data.shape[0] // rows
    form = (rows, groups, -1)
    return WeightCodes(
        bits=weight.qtype.bits,
        codes=data.detach().numpy().astype(np.uint8).reshape(form),
        scale=scale.reshape(form),
        zero=zero.astype(np.float32).reshape(form),
    )
