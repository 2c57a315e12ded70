"""An uncompressed model as its tensors, read one by one, so that it is never whole in memory.

transformers hands out safetensors' memory-mapped tensors uncopied where their dtype is asked for.
So a module loaded that way tells, by the addresses of its tensors, which tensor of which file
became which (older names included), and each can be read again from a mapping of its own, whose
pages go when the tensor does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from asrcompress.core.checkpoint.encodings import HALVES
from asrcompress.core.checkpoint.load import LoadedModel, load_as_stored
from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.checkpoint.weights import read_weights, tensor_of

if TYPE_CHECKING:
    import torch


class Source(Protocol):
    """The structure of a model, and its state dict's tensors, read when asked for."""

    @property
    def module(self) -> torch.nn.Module:
        """The model; its values are not to be used but through `read`."""

    def read(self, key: str) -> torch.Tensor:
        """A tensor of the state dict, in the dtype it is stored in; not to be written to."""


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """A module that is in memory anyway, on whatever device."""

    module: torch.nn.Module

    def read(self, key: str) -> torch.Tensor:
        """See Source."""
        tensor: torch.Tensor = self.module.state_dict()[key].detach().cpu()
        return tensor


@dataclass(frozen=True, slots=True)
class FileSource:
    """A checkpoint's files; `places` is state-dict key to file and name there."""

    loaded: LoadedModel
    places: dict[str, tuple[Path, str]]

    @property
    def module(self) -> torch.nn.Module:
        """See Source."""
        return self.loaded.model

    def read(self, key: str) -> torch.Tensor:
        """See Source."""
        if key not in self.places:  # made while loading, for example zeros for what only trains
            return ModuleSource(self.module).read(key)
        return tensor_of(*self.places[key])


def open_source(checkpoint: Checkpoint, *, trust_remote_code: bool = False) -> FileSource:
    """The model of a checkpoint, none of its tensors read yet.

    Raises:
        ModelError: it is damaged, or does not transcribe.
    """
    tensors = {
        name: (path, tensor)
        for path in checkpoint.weight_files
        for name, tensor in read_weights([path]).items()
    }
    loaded = load_as_stored(
        checkpoint,
        {name: tensor for name, (_, tensor) in tensors.items()},
        trust_remote_code=trust_remote_code,
    )
    mapped = {
        _identity(tensor): (path, name)
        for name, (path, tensor) in tensors.items()
        if path.suffix == ".safetensors" and tensor.numel()
    }
    places = {}
    for key, tensor in loaded.model.state_dict().items():
        place = mapped.get(_identity(tensor)) or _place_of_half(key, tensor, tensors)
        if place is not None:
            places[key] = place
    return FileSource(loaded, places)


def _identity(tensor: torch.Tensor) -> tuple[object, ...]:
    """The same for tensors that hold the same values; a part of one begins where it begins."""
    return tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride()


def _place_of_half(
    key: str, loaded: torch.Tensor, tensors: dict[str, tuple[Path, torch.Tensor]]
) -> tuple[Path, str] | None:
    """Where a float32 tensor that was made from half precision is stored, under its own name."""
    path, stored = tensors.get(key, (None, loaded))
    if path is None or path.suffix != ".safetensors" or stored.shape != loaded.shape:
        return None
    is_half = dtype_name(stored.dtype) in HALVES
    return (path, key) if is_half and stored.float().equal(loaded) else None
