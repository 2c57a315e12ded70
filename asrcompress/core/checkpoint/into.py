"""Artefacts of modules that are no checkpoint: filled into one like the original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.checkpoint.encodings import HALVES
from asrcompress.core.checkpoint.integrity import verify
from asrcompress.core.checkpoint.layout import weight_files
from asrcompress.core.checkpoint.quantised import dtype_name, fill
from asrcompress.core.checkpoint.weights import read_weights
from asrcompress.core.errors import ModelError
from asrcompress.core.manifest import MANIFEST_NAME, read_manifest

if TYPE_CHECKING:
    import torch


def load_into(module: torch.nn.Module, folder: Path) -> torch.nn.Module:
    """The module with the artefact's weights, changed in place and in eval mode.

    module: one as it was before it was compressed; its values do not matter. Half precision becomes
    float32, as in every model that is loaded.

    Raises:
        ModelError: the folder holds no artefact, or its weights are missing or elsewhere.
        IntegrityError: the artefact does not fit the module, or was altered.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise ModelError("not an artefact", where=folder, expected=f"a folder with {MANIFEST_NAME}")
    (path,) = weight_files(folder, manifest)
    tensors = read_weights([path])
    if manifest.is_plain:
        tensors = {name: tensor.to(_wide(tensor)) for name, tensor in tensors.items()}
    for tensor in (*module.parameters(), *module.buffers()):
        tensor.data = tensor.data.to(_wide(tensor))
    filled = fill(module, manifest, tensors, str(path))
    verify(path, manifest, filled)
    return filled


def _wide(tensor: torch.Tensor) -> torch.dtype:
    """The tensor's dtype, float32 for halves."""
    import torch

    return torch.float32 if dtype_name(tensor.dtype) in HALVES else tensor.dtype
