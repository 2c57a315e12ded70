"""Writing an artefact's folder, and proving it before anyone can see it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import Checkpoint, LoadedModel, agrees, load, probe
from asrcompress.core.checkpoint.layout import CODE_NAMING_FILES, CONFIG_NAME
from asrcompress.core.errors import IntegrityError
from asrcompress.core.files import read_json, write_json
from asrcompress.core.manifest import (
    MANIFEST_NAME,
    PLAIN_WEIGHTS_NAME,
    QUANTISED_WEIGHTS_NAME,
    ArtefactManifest,
)
from asrcompress.core.output import staged_folder

if TYPE_CHECKING:
    import torch

_DTYPE_KEYS = ("dtype", "torch_dtype")


def save(
    compressed: LoadedModel,
    target: Path,
    describe: Callable[[Path], ArtefactManifest],
    *,
    overwrite: bool = False,
    trust_remote_code: bool = False,
) -> Artefact:
    """Write the compressed model to a new folder, reload it there, and only then show it.

    `describe` gives the manifest of the staged folder once its weight file is there. Python code
    that came with the checkpoint is left out, and no more named, where none of it was used.

    Raises:
        IntegrityError: the reload differs in a tensor or in the probe's logits; nothing is left.
        OutputError: the folder cannot be written.
    """
    with staged_folder(target, overwrite=overwrite) as folder:
        write_weights(compressed.model, folder / weights_name(compressed.model))
        _write_side_files(compressed.checkpoint, folder, with_code=compressed.runs_own_code)
        manifest = describe(folder)
        write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))
        _prove(compressed, folder, manifest, trust_remote_code=trust_remote_code)
    return Artefact(target, manifest)


def quantization_of(module: torch.nn.Module) -> dict[str, dict[str, str]]:
    """Which layers are quantised, and how; empty for a plain module."""
    from optimum.quanto import quantization_map

    found: dict[str, dict[str, str]] = quantization_map(module)
    return found


def weights_name(module: torch.nn.Module) -> str:
    """The weight file's name: an ordinary one only if an ordinary `from_pretrained` can load it."""
    return QUANTISED_WEIGHTS_NAME if quantization_of(module) else PLAIN_WEIGHTS_NAME


def write_weights(module: torch.nn.Module, path: Path) -> None:
    """Write the state dict as safetensors; a tensor that shares memory with another is copied."""
    from safetensors.torch import save_file

    tensors: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, value in module.state_dict().items():
        tensor = value.detach().cpu().contiguous()
        if tensor.data_ptr() in seen:
            tensor = tensor.clone()
        seen.add(tensor.data_ptr())
        tensors[name] = tensor
    save_file(tensors, str(path), metadata={"format": "pt"})


def _write_side_files(checkpoint: Checkpoint, folder: Path, *, with_code: bool) -> None:
    for path in checkpoint.other_files:
        if path.name == CONFIG_NAME or (path.suffix == ".py" and not with_code):
            continue
        shutil.copyfile(path, folder / path.name)
        if path.name in CODE_NAMING_FILES and not with_code:
            _remove_code_names(folder / path.name)
    # The weights are float32 now: a dtype left at float16 would make from_pretrained round them.
    config = checkpoint.config if with_code else _without_code(checkpoint.config)
    config = config | {key: "float32" for key in _DTYPE_KEYS if key in config}
    config.pop("transformers_weights", None)  # another weight file's name
    write_json(folder / CONFIG_NAME, config)


def _remove_code_names(path: Path) -> None:
    content = read_json(path)
    cleaned = _without_code(content)
    if cleaned != content:
        write_json(path, cleaned)


def _without_code(value: Any) -> Any:
    """The JSON value without any `auto_map`, at whatever depth."""
    if isinstance(value, dict):
        return {key: _without_code(inner) for key, inner in value.items() if key != "auto_map"}
    if isinstance(value, list):
        return [_without_code(inner) for inner in value]
    return value


def _prove(
    compressed: LoadedModel, folder: Path, manifest: ArtefactManifest, *, trust_remote_code: bool
) -> None:
    reloaded = load(folder, trust_remote_code=trust_remote_code)
    for name in differing_tensors(compressed.model, reloaded.model):
        raise IntegrityError("a tensor changed when it was saved and reloaded", where=name)
    if not agrees(probe(reloaded), manifest.probe):
        raise IntegrityError(
            "the reloaded model computes other logits",
            where=compressed.checkpoint.model,
            next_step="please report it with the model's name",
        )


def differing_tensors(a: torch.nn.Module, b: torch.nn.Module) -> tuple[str, ...]:
    """The names of tensors that are not the same bits in both state dicts."""
    first, second = a.state_dict(), b.state_dict()
    names = dict.fromkeys([*first, *second])
    return tuple(
        name
        for name in names
        if name not in first or name not in second or not _same_bits(first[name], second[name])
    )


def _same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    import torch

    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    flat = [tensor.cpu().contiguous().reshape(-1).view(torch.uint8) for tensor in (a, b)]
    return bool(torch.equal(*flat))
