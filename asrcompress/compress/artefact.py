"""An artefact's folder: the files beside the weights, and the proof that it reloads."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from asrcompress.compress.engine import Written
from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load, probe
from asrcompress.core.checkpoint.integrity import differing_tensors
from asrcompress.core.checkpoint.layout import CODE_NAMING_FILES, CONFIG_NAME
from asrcompress.core.errors import IntegrityError
from asrcompress.core.files import read_json, write_json
from asrcompress.core.manifest import MANIFEST_NAME, ArtefactManifest

_DTYPE_KEYS = ("dtype", "torch_dtype")


def write_side_files(
    loaded: LoadedModel,
    folder: Path,
    dtypes: Iterable[str],
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Copy configuration and processor; code that came with the model only if it was used.

    changes: what a learned model's configuration has in place of the original's.
    """
    checkpoint, with_code = loaded.checkpoint, loaded.runs_own_code
    for path in checkpoint.other_files:
        if path.name == CONFIG_NAME or (path.suffix == ".py" and not with_code):
            continue
        shutil.copyfile(path, folder / path.name)
        if path.name in CODE_NAMING_FILES and not with_code:
            _remove_code_names(folder / path.name)
    config = _config(checkpoint, dtypes, with_code=with_code)
    write_json(folder / CONFIG_NAME, config | dict(changes or {}))


def write_manifest(folder: Path, manifest: ArtefactManifest) -> None:
    """Write asrcompress.json."""
    write_json(folder / MANIFEST_NAME, manifest.model_dump(mode="json"))


def prove(folder: Path, written: Written, *, trust_remote_code: bool) -> LoadedModel:
    """A fresh reload of the written artefact, whose tensors have the bits that were computed.

    Raises:
        IntegrityError: one has not.
    """
    reloaded = load(folder, trust_remote_code=trust_remote_code, verified=False)
    for name in differing_tensors(reloaded.model, written.tensors):
        raise IntegrityError(
            "a tensor changed when it was saved and reloaded",
            where=name,
            next_step="please report it with the model's name",
        )
    return reloaded


def with_probe(manifest: ArtefactManifest, reloaded: LoadedModel) -> ArtefactManifest:
    """The manifest with the reloaded model's logits of a fixed input."""
    return manifest.model_copy(update={"probe": probe(reloaded)})


def _config(checkpoint: Checkpoint, dtypes: Iterable[str], *, with_code: bool) -> dict[str, Any]:
    """A dtype left at float16 would make from_pretrained round what is float32 now."""
    config: dict[str, Any] = checkpoint.config if with_code else without_code(checkpoint.config)
    if set(dtypes) & {"float32", "float64"}:
        config = config | {key: "float32" for key in _DTYPE_KEYS if key in config}
    return {key: value for key, value in config.items() if key != "transformers_weights"}


def _remove_code_names(path: Path) -> None:
    content = read_json(path)
    cleaned = without_code(content)
    if cleaned != content:
        write_json(path, cleaned)


def without_code(value: Any) -> Any:
    """The JSON value without any `auto_map`, at whatever depth."""
    if isinstance(value, dict):
        return {key: without_code(inner) for key, inner in value.items() if key != "auto_map"}
    if isinstance(value, list):
        return [without_code(inner) for inner in value]
    return value
