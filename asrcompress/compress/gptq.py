"""Rounding to 4 and 2 bits that hears the audio: each error is made up for by the weights left.

Source: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained
Transformers" (2023), algorithm 1. A layer's columns are rounded one after another, and what a
column loses is spread over those not yet rounded so that the layer's outputs on the calibration
audio change least. With H = X^T X of the layer's inputs, damped by 1 % of its mean diagonal, and U
the upper Cholesky factor of its inverse, the error e_j = (w_j - q_j) / U_jj of column j is taken
off the later columns k as e_j U_jk (equations 2 and 3).

Deviations: X is what a layer gets in the uncompressed model, not behind layers that were rounded,
so that a layer's rounding is the same in every plan; the columns with the largest diagonal come
first, as in the authors' later code (act-order); scale and shift of each group are those that
min-max finds in the original weight, so that the form on disk is that of every other 4- and 2-bit
weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from asrcompress.compress.divergence import Reference, log_posteriors

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import Bits

_DAMPING = 0.01  # Frantar et al., section 4: 1 % of the mean diagonal
_BLOCK = 128  # columns whose errors are handed on together: section 3.3, lazy batch updates
_MOST_BYTES = 256 * 2**20  # of second moments at a time; a layer of 4096 inputs has 64 MB


class Feedback(NamedTuple):
    """How a layer's rounding errors are handed on: the order of its columns, and U in it."""

    order: torch.Tensor
    factor: torch.Tensor


def second_moments(
    module: torch.nn.Module, layers: Sequence[str], references: Iterable[Reference]
) -> dict[str, torch.Tensor]:
    """X^T X of each layer's inputs, (inputs, inputs) float32; none for one never so called."""
    import torch

    found: dict[str, torch.Tensor] = {}

    def adding(name: str) -> Callable[..., None]:
        def hook(_module: Any, args: tuple[Any, ...]) -> None:
            if not args:
                return
            rows = args[0].detach().reshape(-1, args[0].shape[-1]).float()
            found[name] = torch.addmm(found[name], rows.T, rows) if name in found else rows.T @ rows

        return hook

    with ExitStack() as hooks:
        for name in layers:
            layer = module.get_submodule(name)
            hooks.callback(layer.register_forward_pre_hook(adding(name)).remove)
        for reference in references:
            log_posteriors(module, reference.inputs)
    return found


def in_memory(inputs: dict[str, int]) -> Iterator[list[str]]:
    """The layers, by their numbers of inputs, in lots whose second moments fit into memory."""
    lot: list[str] = []
    size = 0
    for name, count in inputs.items():
        needed = 4 * count**2
        if lot and size + needed > _MOST_BYTES:
            yield lot
            lot, size = [], 0
        lot.append(name)
        size += needed
    if lot:
        yield lot


def feedback_of(moments: torch.Tensor) -> Feedback:
    """The feedback of a layer with these second moments; inputs that are always 0 do no harm."""
    import torch

    damped = moments.double()
    mean = float(damped.diagonal().mean()) or 1.0
    damped.diagonal().add_(_DAMPING * mean)
    order = damped.diagonal().argsort(descending=True)
    damped = damped[order][:, order]
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return Feedback(order, torch.linalg.cholesky(inverse, upper=True).float())


def round_with_feedback(weight: torch.Tensor, bits: Bits, feedback: Feedback) -> Any:
    """quanto's 4- or 2-bit tensor of a (outputs, inputs) float32 weight."""
    import torch
    from optimum.quanto import WeightQBitsTensor, qtypes

    from asrcompress.core.checkpoint.quantised import group_size

    columns = weight.shape[1]
    group = group_size(columns)
    scale, shift = _min_max(weight.reshape(-1, group or columns), 2**bits - 1)
    codes = _codes(weight, 2**bits - 1, (scale, shift), feedback)
    return WeightQBitsTensor(
        qtypes[f"qint{bits}"],
        0,
        group,
        weight.size(),
        weight.stride(),
        codes.reshape(-1, group or columns).to(torch.uint8),
        scale,
        shift,
    )


def _min_max(groups: torch.Tensor, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and shift of each group, (groups, 1), as quanto's MaxOptimizer finds them."""
    lowest, highest = groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)
    scale = (highest - lowest) / steps
    return scale.where(scale > 0, 1.0), -lowest  # a group of equal weights: any scale does


def _codes(
    weight: torch.Tensor,
    steps: int,
    grid: tuple[torch.Tensor, torch.Tensor],
    feedback: Feedback,
) -> torch.Tensor:
    """(outputs, inputs) whole numbers from 0 to `steps`; block by block of ordered columns."""
    import torch

    rows, columns = weight.shape
    order, factor = feedback
    group = columns // (grid[0].shape[0] // rows)
    scale, shift = (part.reshape(rows, -1)[:, order // group] for part in grid)
    left = weight[:, order]
    codes = torch.empty_like(left)
    for start in range(0, columns, _BLOCK):
        end = min(start + _BLOCK, columns)
        errors = torch.empty(rows, end - start)
        for j in range(start, end):
            code = ((left[:, j] + shift[:, j]) / scale[:, j]).round_().clamp_(0, steps)
            codes[:, j] = code
            error = (left[:, j] - (code * scale[:, j] - shift[:, j])) / factor[j, j]
            left[:, j:end] -= error[:, None] * factor[j, j:end]
            errors[:, j - start] = error
        left[:, end:] -= errors @ factor[start:end, end:]
    unordered = torch.empty_like(codes)
    unordered[:, order] = codes
    return unordered
