"""The ledger of a compression: each tensor of the original state dict, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asrcompress.compress.layers import Selection, compressible
from asrcompress.compress.weight_norm import DIRECTION
from asrcompress.core.ledger import Ledger, LedgerRow

if TYPE_CHECKING:
    import torch

_ACTIVATION_SCALES = ("input_scale", "output_scale")


@dataclass(frozen=True, slots=True)
class TensorBefore:
    """What the ledger must know of a tensor before a method replaces it."""

    name: str
    layer: str
    kind: str
    shape: tuple[int, ...]
    size_bytes: int


def tensors_of(module: torch.nn.Module) -> tuple[TensorBefore, ...]:
    """The module's state dict in its order, without the values."""
    kinds = {name: type(layer).__name__ for name, layer in module.named_modules()}
    rows = []
    for name, tensor in module.state_dict().items():
        layer = name.split(".parametrizations.")[0] if ".parametrizations." in name else ""
        layer = layer or name.rpartition(".")[0]
        kind = kinds[layer].removeprefix("Parametrized")
        rows.append(TensorBefore(name, layer, kind, tuple(tensor.shape), tensor.nbytes))
    return tuple(rows)


def ledger_of(
    before: tuple[TensorBefore, ...],
    module: torch.nn.Module,
    why: Mapping[str, str],
    selection: Selection,
) -> Ledger:
    """One row a tensor; the bytes after add up to the compressed state dict's."""
    after = module.state_dict()
    layers = dict(module.named_modules())
    candidates = set(compressible(module))
    return Ledger(
        rows=tuple(
            LedgerRow(
                name=row.name,
                kind=row.kind,
                shape_before=row.shape,
                shape_after=_values(row, layers).shape,
                qtype=_qtype(row, layers, after),
                sparsity=_sparsity(_values(row, layers)),
                bytes_before=row.size_bytes,
                bytes_after=_bytes_after(row, after),
                is_compressed=row.name in why,
                why=why.get(row.name) or _why_not(row, candidates, selection),
            )
            for row in before
        )
    )


def _values(row: TensorBefore, layers: Mapping[str, Any]) -> torch.Tensor:
    """The tensor's values as the model computes with them: dequantised, weight norm folded."""
    from optimum.quanto import QTensor

    from asrcompress.compress.weight_norm import folded_weight

    layer = layers[row.layer]
    if row.name.endswith(DIRECTION):
        return folded_weight(layer)
    value = layer
    for part in row.name.removeprefix(f"{row.layer}.").split("."):
        value = getattr(value, part)
    tensor: torch.Tensor = value.detach()
    return tensor.dequantize() if isinstance(tensor, QTensor) else tensor


def _sparsity(values: torch.Tensor) -> float:
    return 1.0 - int(values.count_nonzero()) / values.numel() if values.numel() else 0.0


def _qtype(row: TensorBefore, layers: Mapping[str, Any], after: Mapping[str, torch.Tensor]) -> str:
    if row.name in after:
        return str(after[row.name].dtype).removeprefix("torch.")
    return str(layers[row.layer].weight.qtype.name)


def _bytes_after(row: TensorBefore, after: Mapping[str, torch.Tensor]) -> int:
    """The tensor's bytes, or those of the parts that quantisation made of it."""
    if row.name in after:
        return after[row.name].nbytes
    scales = {f"{row.layer}.{scale}" for scale in _ACTIVATION_SCALES}
    return sum(
        tensor.nbytes
        for name, tensor in after.items()
        if name in scales or name.startswith(f"{row.name}.")
    )


def _why_not(row: TensorBefore, candidates: set[str], selection: Selection) -> str:
    if row.layer not in candidates or row.name.endswith(("bias", "original0")):
        return "no weight of a Linear or convolution"
    return selection.why_not(row.layer) or "not of a kind that the method compresses"
