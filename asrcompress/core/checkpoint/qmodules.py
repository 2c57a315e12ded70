"""Layers with quantised weights: quanto's Linear, and the Conv1d and Embedding that it lacks.

They are not registered with quanto, whose `quantize` would then touch such layers of models that
have nothing to do with this program.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import torch

_OPTIONS_OF_CONV = (
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "padding_mode",
)
_OPTIONS_OF_EMBEDDING = ("num_embeddings", "embedding_dim", "padding_idx")


def is_quantisable(layer: torch.nn.Module) -> bool:
    """Whether `quantised_like` has a class for such a layer."""
    import torch

    return isinstance(layer, torch.nn.Linear | torch.nn.Conv1d | torch.nn.Embedding)


def make_quantised(module: torch.nn.Module, quantization: dict[str, dict[str, str]]) -> None:
    """Replace the named layers by quantised ones, on the meta device, to be filled by `assign`.

    A weight-normed layer gets one plain weight, the folded one.
    """
    for name, entry in quantization.items():
        module.set_submodule(name, quantised_like(module.get_submodule(name), entry["weights"]))


def quantised_like(layer: torch.nn.Module, qtype: str) -> torch.nn.Module:
    """An empty quantised layer of the same shape, on the meta device."""
    import torch
    from optimum.quanto.nn import QLinear

    classes = {
        torch.nn.Linear: QLinear,
        torch.nn.Conv1d: _conv1d_class(),
        torch.nn.Embedding: _embedding_class(),
    }
    return _like(layer, classes, weights=qtype)


def empty_like(layer: torch.nn.Module) -> torch.nn.Module:
    """An empty layer of the same shape with a plain weight, on the meta device."""
    import torch

    classes = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Embedding)
    return _like(layer, {base: base for base in classes})


def _like(layer: Any, classes: dict[type, Any], **more: str) -> torch.nn.Module:
    import torch

    base = next(base for base in classes if isinstance(layer, base))
    if base is torch.nn.Linear:
        sizes = {"in_features": layer.in_features, "out_features": layer.out_features}
    elif base is torch.nn.Conv1d:
        sizes = {option: getattr(layer, option) for option in _OPTIONS_OF_CONV}
    else:
        sizes = {option: getattr(layer, option) for option in _OPTIONS_OF_EMBEDDING}
    if base is not torch.nn.Embedding:
        sizes["bias"] = layer.bias is not None
    made: torch.nn.Module = classes[base](**sizes, **more, device="meta")
    return made.train(layer.training)


@cache
def _conv1d_class() -> Any:
    import torch
    from optimum.quanto.nn import QModuleMixin

    class QConv1d(QModuleMixin, torch.nn.Conv1d):  # type: ignore[misc]
        """A Conv1d whose weight is dequantised at each call."""

        def forward(self, input: torch.Tensor) -> torch.Tensor:
            output = self._conv_forward(input, self.weight.dequantize(), self.bias)
            return cast("torch.Tensor", output)

    return QConv1d


@cache
def _embedding_class() -> Any:
    import torch
    from optimum.quanto.nn import QModuleMixin

    class QEmbedding(QModuleMixin, torch.nn.Embedding):  # type: ignore[misc]
        """An Embedding whose table is dequantised, row by row at 8 bits, whole below."""

        bias = None  # the mixin asks for it

        def forward(self, input: torch.Tensor) -> torch.Tensor:
            table: Any = self.weight
            if table.qtype.bits == 8:
                return cast("torch.Tensor", table._data[input] * table._scale[input])
            return cast("torch.Tensor", table.dequantize()[input])

    return QEmbedding
