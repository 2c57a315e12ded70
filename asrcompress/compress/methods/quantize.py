"""Uniform post-training quantisation of Linear weights to 8, 4 or 2 bits with optimum-quanto.

Sources: Pimentel et al. (2023), section 2.2; Oujabour et al. (2025), section IV-B. Activations,
convolutions, embeddings, norms and biases stay float32, as in both papers.

- 8 bits: symmetric, one scale = max|w| / 127 per output row. Zeros stay zeros.
- 4 and 2 bits: ASYMMETRIC between minimum and maximum in groups of 128 weights of a row, with
  float32 scale and shift: 4.5 and 2.5 bits a weight. (The first paper says symmetric; its library
  does this.) The shift moves zero off the grid, so a pruned layer (1 % zeros or more) gets a whole
  number as shift instead, in one byte, and the range always includes zero: its zeros stay zeros.

Deviation: a Linear with a single output stays float32; quanto would scale it as one tensor and
cannot reload that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.layers import Selection

ORDER = 20
TRIGGER = "bits"
PRUNED = 0.01  # sparsity from which a layer's zeros are kept exact; float training leaves none


class Params(BaseModel):
    """How many bits a weight gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bits: Literal[8, 4, 2] = Field(description="bits of each Linear weight: 8, 4 or 2")


def label(params: Params) -> str:
    """For example int8."""
    return f"int{params.bits}"


def refusal(module: torch.nn.Module) -> str | None:
    """Why the module cannot be quantised, None where it can."""
    from optimum.quanto import QModuleMixin

    if any(isinstance(layer, QModuleMixin) for layer in module.modules()):
        return "its weights are quantised already"
    return None


def compress(module: torch.nn.Module, params: Params, selection: Selection) -> dict[str, str]:
    """Quantise in place; why, by name of each weight tensor quantised.

    Raises:
        InputError: the selection leaves nothing to quantise.
    """
    import torch
    from optimum.quanto import freeze, quantize

    from asrcompress.core.checkpoint.unpack import use_own_unpack

    use_own_unpack()
    found = selection.layers(module, (torch.nn.Linear,))
    layers = {name: layer for name, layer in found.items() if _outputs(layer) > 1}
    pruned = [name for name, layer in layers.items() if _sparsity(layer) >= PRUNED]
    dense = [name for name in layers if name not in set(pruned)]
    qtype = f"qint{params.bits}"
    if params.bits == 8:
        quantize(module, weights=qtype, include=list(layers))
    else:
        quantize(module, weights=qtype, include=dense)
        quantize(module, weights=qtype, include=pruned, optimizer=_exact_zero())
    with torch.no_grad():
        freeze(module)
    return {f"{name}.weight": f"{qtype} {_grid(params, name in pruned)}" for name in layers}


def _outputs(layer: Any) -> int:
    return int(layer.out_features)


def _sparsity(layer: Any) -> float:
    zeros = layer.weight.numel() - int(layer.weight.count_nonzero())
    return float(zeros / layer.weight.numel())


def _grid(params: Params, is_pruned: bool) -> str:
    if params.bits == 8:
        return "symmetric, a scale per row"
    return "with exact zero, a scale per group" if is_pruned else "min-max, a scale per group"


def _exact_zero() -> Any:
    """quanto's min-max optimiser with zero on the grid: integer shift, range that includes 0."""
    from optimum.quanto import MaxOptimizer

    class ExactZero(MaxOptimizer):  # type: ignore[misc]
        def __call__(self, base: torch.Tensor, **options: Any) -> Any:
            return super().__call__(base, **{**options, "zeropoint": True})

        def optimize(self, base: torch.Tensor, qtype: Any, axis: int) -> Any:
            across = list(range(1, base.ndim)) if axis == 0 else list(range(base.ndim - 1))
            lowest = base.amin(across, keepdim=True).clamp(max=0)
            highest = base.amax(across, keepdim=True).clamp(min=0)
            scale = (highest - lowest) / (2**qtype.bits - 1)
            scale[scale == 0] = 1.0  # a group of zeros: 0 / 0 has no place on any grid
            return scale, -lowest

    return ExactZero()
