"""The state dict of a model as the engine walks it: a row a tensor, without the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from asrcompress.compress.weight_norm import DIRECTION, MAGNITUDE
from asrcompress.core.checkpoint.encodings import HALVES
from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.checkpoint.ties import aliases_of

if TYPE_CHECKING:
    import torch

Role = Literal["weight", "magnitude", "direction", "other"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of the state dict.

    layer: the module it belongs to. role: what it is to that module's weight. alias_of: the key
    that holds the same tensor. memory_bytes: as loaded, half precision in float32.
    """

    key: str
    layer: str
    kind: str
    role: Role
    shape: tuple[int, ...]
    memory_bytes: int
    alias_of: str | None


def entries_of(module: torch.nn.Module) -> tuple[Entry, ...]:
    """All tensors, in the state dict's order."""
    named = module.named_modules(remove_duplicate=False)  # as the state dict has them
    kinds = {name: type(layer).__name__ for name, layer in named}
    aliases = aliases_of(module)
    found = []
    for key, tensor in module.state_dict().items():
        layer, role = _place(key)
        size = 4 if dtype_name(tensor.dtype) in HALVES else tensor.element_size()
        found.append(
            Entry(
                key=key,
                layer=layer,
                kind=kinds[layer].removeprefix("Parametrized"),
                role=role,
                shape=tuple(tensor.shape),
                memory_bytes=size * tensor.numel(),
                alias_of=aliases.get(key),
            )
        )
    return tuple(found)


def _place(key: str) -> tuple[str, Role]:
    if key.endswith(f".{MAGNITUDE}"):
        return key.removesuffix(f".{MAGNITUDE}"), "magnitude"
    if key.endswith(f".{DIRECTION}"):
        return key.removesuffix(f".{DIRECTION}"), "direction"
    layer, _, leaf = key.rpartition(".")
    return layer, "weight" if leaf == "weight" else "other"
