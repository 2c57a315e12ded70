"""Where a model is: a local folder, the bundled one, or a repository on the Hugging Face hub."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from asrcompress.core.checkpoint.download import download
from asrcompress.core.checkpoint.layout import CONFIG_NAME, side_files, weight_files
from asrcompress.core.errors import ModelError
from asrcompress.core.files import read_json, sha256_of_file, sha256_of_json
from asrcompress.core.manifest import MANIFEST_NAME, ArtefactManifest, Runtime, read_manifest

BUNDLED = "bundled:model"
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_FILE_SUFFIXES = (".bin", ".json", ".onnx", ".pt", ".pth", ".safetensors", ".txt", ".yaml", ".yml")
_EXPECTED = f"a folder with {CONFIG_NAME}, {BUNDLED}, or a hub id such as facebook/wav2vec2-base"


@dataclass(frozen=True)
class Checkpoint:
    """A model's folder and the files in it that loading needs; nothing is loaded yet.

    model: as the user named it. revision: the hub's commit, None for a local folder.
    other_files: configuration, processor and tokenizer. manifest: None for a plain checkpoint.
    """

    model: str
    folder: Path
    revision: str | None
    weight_files: tuple[Path, ...]
    other_files: tuple[Path, ...]
    manifest: ArtefactManifest | None
    config: dict[str, Any]

    @property
    def name(self) -> str:
        """The last part of the model's name, for default output names."""
        return name_of(self.model)

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type", "unknown"))

    @property
    def runtime(self) -> Runtime:
        """What computes it: PyTorch, unless its manifest says otherwise."""
        return "torch" if self.manifest is None else self.manifest.runtime

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether its configuration says that it has a decoder beside the encoder."""
        return bool(self.config.get("is_encoder_decoder", False))

    @property
    def disk_bytes(self) -> int:
        """Bytes of the files needed to load it; the manifest, which describes them, left out."""
        return sum(path.stat().st_size for path in (*self.weight_files, *self.other_files))

    @cached_property
    def _sha256(self) -> str:
        return self._sha256_by(sha256_of_file)

    def _sha256_by(self, digest_of: Callable[[Path], str]) -> str:
        files = (*self.weight_files, *self.other_files)
        return sha256_of_json({path.name: digest_of(path) for path in files})

    def sha256(self, digest_of: Callable[[Path], str] | None = None) -> str:
        """The hash of the weight, configuration and processor files' names and bytes.

        Neither the folder nor the manifest is in it: the same model elsewhere has the same hash.
        digest_of: the hash of one file from a memo; None reads every byte.
        """
        return self._sha256 if digest_of is None else self._sha256_by(digest_of)


def locate(model: str | Path, *, revision: str | None = None) -> Checkpoint:
    """The checkpoint that MODEL names: an existing folder wins, then `bundled:model`, then the hub.

    Raises:
        ModelError: there is none, or its folder lacks a configuration or weights.
    """
    folder, commit = _folder_of(model, revision)
    config = _config_of(folder)
    manifest = read_manifest(folder)
    return Checkpoint(
        model=str(model),
        folder=folder,
        revision=commit,
        weight_files=weight_files(folder, manifest),
        other_files=side_files(folder, with_code="auto_map" in config),
        manifest=manifest,
        config=config,
    )


def name_of(model: str | Path) -> str:
    """The last part of a model's name; nothing is looked up but whether it is a folder here."""
    path = Path(model).expanduser()
    if path.exists():
        return path.resolve().name
    return str(model).replace(":", "-").rstrip("/").rsplit("/", 1)[-1]


def _folder_of(model: str | Path, revision: str | None) -> tuple[Path, str | None]:
    name = str(model)
    path = Path(name).expanduser()
    is_local = isinstance(model, Path) or path.exists() or name == BUNDLED or _looks_like_path(name)
    if not is_local:
        folder = download(name, revision)
        return folder, folder.name
    if revision is not None:
        raise ModelError("only a model on the hub has revisions", where=name, got=revision)
    if name == BUNDLED and not path.exists():
        from asrcompress import bundled

        path = Path(next(iter(bundled.__path__))) / "model"
    if not path.is_dir():
        raise ModelError(
            "no such model" if not path.exists() else "a model is a folder",
            where=name,
            got="a file" if path.exists() else "no folder there",
            expected=_EXPECTED,
            next_step=_the_folder_instead(path),
        )
    return path, None


def _looks_like_path(name: str) -> bool:
    return (
        name.startswith((".", "/", "~"))
        or name.lower().endswith(_FILE_SUFFIXES)
        or not _HUB_ID.fullmatch(name)
    )


def _the_folder_instead(path: Path) -> str | None:
    if path.is_file() and (path.parent / CONFIG_NAME).is_file():
        return f"give its folder, {path.parent}"
    return None


def _config_of(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_NAME
    if not path.is_file():
        listed = sorted(entry.name for entry in folder.iterdir())[:5]
        raise ModelError(
            f"no {CONFIG_NAME} in the model's folder",
            where=folder,
            got=", ".join(listed) if listed else "an empty folder",
            expected="what transformers' save_pretrained writes",
            next_step=(
                "a module in memory was compressed to it: give load one to fill, with into"
                if (folder / MANIFEST_NAME).is_file()
                else None
            ),
        )
    config = read_json(path)
    if not isinstance(config, dict):
        raise ModelError("not a model's configuration", where=path, got=type(config).__name__)
    return config
