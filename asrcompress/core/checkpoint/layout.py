"""Which files of a folder are the weights, and which others loading needs."""

from __future__ import annotations

from pathlib import Path

from asrcompress.core.errors import ModelError
from asrcompress.core.files import read_json
from asrcompress.core.manifest import (
    MANIFEST_NAME,
    PLAIN_WEIGHTS_NAME,
    QUANTISED_WEIGHTS_NAME,
    ArtefactManifest,
)
from asrcompress.core.utterance import is_file

CONFIG_NAME = "config.json"
GENERATION_NAME = "generation_config.json"
PICKLED_WEIGHTS_NAME = "pytorch_model.bin"
FEATURE_FILES = ("preprocessor_config.json", "processor_config.json")
TOKENIZER_FILES = (
    "added_tokens.json",
    "merges.txt",
    "special_tokens_map.json",
    "spiece.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
)
# Where an auto_map may stand, which names the Python code of a checkpoint's own classes.
CODE_NAMING_FILES = (CONFIG_NAME, *FEATURE_FILES, "tokenizer_config.json")
SIDE_FILES = (CONFIG_NAME, GENERATION_NAME, *FEATURE_FILES, *TOKENIZER_FILES)
INDEX_SUFFIX = ".index.json"


def weight_files(folder: Path, manifest: ArtefactManifest | None) -> tuple[Path, ...]:
    """The files that hold the weights: the manifest's, else safetensors, else pickled ones.

    Raises:
        ModelError: there are none, or a shard that the index lists is missing.
    """
    if manifest is not None:
        more = (
            sorted(set(manifest.export.files) - {manifest.weights_file}) if manifest.export else ()
        )
        names = (manifest.weights_file, *more)
        return tuple(_listed(folder, name, by=MANIFEST_NAME) for name in names)
    for name in (PLAIN_WEIGHTS_NAME, PICKLED_WEIGHTS_NAME):
        if (folder / name).is_file():
            return (folder / name,)
        if (folder / (name + INDEX_SUFFIX)).is_file():
            return _shards(folder, name + INDEX_SUFFIX)
    raise ModelError(
        "no weights in the model's folder",
        where=folder,
        got=_what_is_there(folder),
        expected=f"{PLAIN_WEIGHTS_NAME} or {PICKLED_WEIGHTS_NAME}",
    )


def side_files(folder: Path, *, with_code: bool) -> tuple[Path, ...]:
    """The configuration, processor and tokenizer files; Python code too for a model of its own."""
    names = [*SIDE_FILES]
    if with_code:
        names += sorted(path.name for path in folder.glob("*.py"))
    return tuple(folder / name for name in names if (folder / name).is_file())


def _shards(folder: Path, index: str) -> tuple[Path, ...]:
    content = read_json(folder / index)
    weight_map = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(weight_map, dict) or not weight_map:
        raise ModelError("not an index of shards", where=folder / index, expected="a weight_map")
    names = sorted({str(name) for name in weight_map.values()})
    return tuple(_listed(folder, name, by=index) for name in names)


def _listed(folder: Path, name: str, *, by: str) -> Path:
    if Path(name).name != name:
        raise ModelError("weights outside the model's folder", where=folder / by, got=name)
    if not is_file(folder / name):
        raise ModelError(
            f"a weight file that {by} lists is missing",
            where=folder / name,
            next_step="copy or download the model again",
        )
    return folder / name


def _what_is_there(folder: Path) -> str:
    if (folder / QUANTISED_WEIGHTS_NAME).is_file():
        return f"{QUANTISED_WEIGHTS_NAME} without its {MANIFEST_NAME}"
    others = [*folder.glob("*.h5"), *folder.glob("*.msgpack"), *folder.glob("*.onnx")]
    return ", ".join(sorted(path.name for path in others)) or "none"
