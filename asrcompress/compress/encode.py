"""One weight under one decision: the tensors that are stored, and the values they stand for.

Sources: Pimentel et al. (2023), section 2.2; Oujabour et al. (2025), section IV-B; for `hqq` Badri
and Shaji, "Half-Quadratic Quantization of Large Machine Learning Models" (2023). The forms are
optimum-quanto's, and so is the quantisation to 4 and 2 bits.

- 8 bits: symmetric, one scale = max|w| / 127 per output row. Zeros stay zeros.
- 4 and 2 bits: ASYMMETRIC between minimum and maximum in groups of 128 weights of a row, with
  float32 scale and shift: 4.5 and 2.5 bits a weight. (The first paper says symmetric; its library
  does this.) The shift moves zero off the grid, so a pruned layer (1 % zeros or more) gets a whole
  number as shift instead, in one byte, and the range always includes zero: its zeros stay zeros.
- 16 bits: float16, rounded to nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asrcompress.compress.decision import Decision
from asrcompress.compress.smallest import Smallest

if TYPE_CHECKING:
    import torch

PRUNED = 0.01  # sparsity from which a layer's zeros are kept exact; float training leaves none
QUANTISED_BITS = (8, 4, 2)
FLOAT16_MAX = 65504.0
_INT8_MAX = 127


@dataclass(frozen=True, slots=True)
class Encoded:
    """A quantised weight: what is stored, by the name's last part, and how many weights are zero.

    grid: in words, for the ledger.
    """

    parts: dict[str, torch.Tensor]
    zeros: int
    grid: str


def pruned(weight: torch.Tensor, prunes: Sequence[Smallest]) -> torch.Tensor:
    """The weight with zeros where the prunes say, changed in place."""
    for prune in prunes:
        weight.masked_fill_(prune.mask(weight), 0.0)
    return weight


def encode(weight: torch.Tensor, decision: Decision) -> Encoded:
    """The quantised weight of a decision of 8, 4 or 2 bits.

    weight: float32, already pruned, more than one row.
    """
    if decision.bits == 8:
        data, scale = _symmetric(weight)
        zeros = weight.numel() - int(data.count_nonzero())
        return Encoded({"_data": data, "_scale": scale}, zeros, "symmetric, a scale per row")
    made, grid = _quantise(weight, decision)
    parts: dict[str, torch.Tensor] = {}
    made.save_to_state_dict(parts, "", False)
    return Encoded(parts, weight.numel() - int(made.dequantize().count_nonzero()), grid)


def dequantised(weight: torch.Tensor, decision: Decision) -> torch.Tensor:
    """The values that an artefact with this decision computes with.

    weight: float32, before the decision's own pruning; left as it is.
    """
    import torch

    values = pruned(weight.clone(), decision.prune)
    if decision.bits == 8:
        data, scale = _symmetric(values)
        return data * scale
    if decision.bits in QUANTISED_BITS:
        quantised, _ = _quantise(values, decision)
        dense: torch.Tensor = quantised.dequantize()
        return dense
    if decision.bits == 16 and fits_float16(values):
        return values.to(torch.float16).to(torch.float32)
    return values


def fits_float16(weight: torch.Tensor) -> bool:
    """Whether no value overflows to infinity as float16."""
    return not weight.numel() or float(weight.abs().max()) <= FLOAT16_MAX


def has_zeros(weight: torch.Tensor) -> bool:
    """Whether so many weights are zero that quantisation must keep them."""
    return weight.numel() - int(weight.count_nonzero()) >= PRUNED * weight.numel()


def _symmetric(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """int8 values and a scale per row, (rows, 1, ...): quanto's absmax grid bit for bit.

    Its own optimiser and quantiser make six passes with new memory for each, half of the time that
    compressing a large model takes. A row of zeros, which it divides by zero, stays zeros.
    """
    import torch

    rows = weight.reshape(weight.shape[0], -1)
    largest = torch.maximum(rows.amax(1), rows.amin(1).neg())  # aminmax takes ten times as long
    scale = (largest / _INT8_MAX).reshape(-1, *(1,) * (weight.dim() - 1))
    divisor = scale.where(scale > 0, 1.0)
    data = torch.div(weight, divisor).round_().clamp_(-_INT8_MAX - 1, _INT8_MAX)
    return data.to(torch.int8), scale


def _quantise(weight: torch.Tensor, decision: Decision) -> tuple[Any, str]:
    """quanto's tensor of 4 or 2 bits, and its grid in words."""
    from optimum.quanto import HqqOptimizer, MaxOptimizer, qtypes, quantize_weight

    from asrcompress.core.checkpoint.quantised import group_size
    from asrcompress.core.checkpoint.unpack import use_own_unpack

    use_own_unpack()
    if decision.quantised is not None:
        return decision.quantised, f"{decision.rounding}, a scale per group"
    qtype = qtypes[f"qint{decision.bits}"]
    if has_zeros(weight):
        optimizer, grid = _exact_zero(), "with exact zero, a scale per group"
    elif decision.rounding == "hqq":
        optimizer, grid = HqqOptimizer(), "hqq, a scale per group"
    else:
        optimizer, grid = MaxOptimizer(), "min-max, a scale per group"
    group = group_size(weight[0].numel())
    rows = weight.reshape(weight.shape[0], -1)  # a convolution's too: HQQ averages over one axis
    scale, shift = optimizer(rows, qtype=qtype, axis=0, group_size=group)
    if group is None:
        ones = (1,) * (weight.dim() - 1)
        scale, shift = scale.reshape(-1, *ones), shift.reshape(-1, *ones)
    return quantize_weight(weight, qtype, 0, scale=scale, shift=shift, group_size=group), grid


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
