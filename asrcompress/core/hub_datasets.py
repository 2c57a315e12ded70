"""`hf:` data sets: from the Hugging Face hub, its offline cache or a local folder, never its code.

Audio is taken as the bytes that the data set holds and written once into a cache folder, beside a
NeMo manifest; from there on it is a corpus like any other.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.dataset_audio import Extraction, extract, is_extracted
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_json, version_of_file
from asrcompress.core.utterance import Utterance

CACHE_VARIABLE = "ASRCOMPRESS_CACHE"
_LAYOUT = 1  # of the cache folder; another number leaves the old folders alone
_FORM = "hf:NAME[:CONFIG[:SPLIT]]"


@dataclass(frozen=True, slots=True)
class HubName:
    """A data set with its configuration and split, None where they are left out."""

    dataset: str
    config: str | None
    split: str | None

    @classmethod
    def of(cls, text: str) -> HubName:
        """What stands after `hf:`.

        Raises:
            InputError: not of the form.
        """
        parts = text.split(":")
        if not parts[0] or len(parts) > 3:
            raise InputError("bad data set", got=f"hf:{text}", expected=_FORM)
        config, split = ((*parts[1:], "", ""))[:2]
        return cls(parts[0], config or None, split or None)

    @property
    def folder(self) -> Path | None:
        """The local folder that it is, None for a name on the hub."""
        path = Path(self.dataset).expanduser()
        is_path = self.dataset.startswith((".", "/", "~")) or path.is_dir()
        return path.absolute() if is_path else None


def read_hub_dataset(text: str, format_name: str | None) -> tuple[str, tuple[Utterance, ...]]:
    """The name and the utterances of a data set, by what stands after `hf:`.

    HF_HUB_OFFLINE, HF_DATASETS_OFFLINE and HF_HOME count; a script of the data set is never run.

    Raises:
        InputError: the package `datasets` is missing; no such data set, configuration or split;
            a data set of several splits without a choice; or one without an audio column.
        OutputError: the cache folder cannot be written.
    """
    from asrcompress.core.formats import nemo

    name = HubName.of(text)
    if format_name is not None:
        raise InputError("--format is for files", got=f"hf:{text} and --format {format_name}")
    if name.folder is not None and not name.folder.is_dir():
        raise InputError("no such folder", where=name.folder, expected=_FORM)
    builder, split = _builder(name)
    folder = cache_folder() / "datasets" / _fingerprint(name, builder, split)
    if not is_extracted(folder):
        to = Extraction(f"hf:{name.dataset}", split, folder, base=name.folder or Path.cwd())
        extract(_loaded(name, builder, split), to)
    stem = Path(name.folder or name.dataset).name
    label = "-".join(part for part in (stem, name.config, split) if part)
    return label, tuple(nemo.read(folder))


def cache_folder() -> Path:
    """Where audio out of data sets is kept; the variable ASRCOMPRESS_CACHE moves it."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("asrcompress"))


def _builder(name: HubName) -> tuple[Any, str]:
    """The data set's builder and the split meant; nothing is downloaded but its description."""
    datasets = _library()
    try:
        builder = datasets.load_dataset_builder(str(name.folder or name.dataset), name.config)
    except _causes() as error:
        raise _unusable(name, error) from None
    splits = [str(split) for split in (builder.config.data_files or builder.info.splits or ())]
    if name.split is None and len(splits) == 1:
        return builder, splits[0]
    if name.split is None or (splits and name.split not in splits):
        raise InputError(
            "no such split" if name.split else "which split?",
            where=f"hf:{name.dataset}",
            got=None if name.split is None else repr(name.split),
            expected=f"one of {', '.join(splits)}" if splits else "a split",
            next_step=f"write it as hf:{name.dataset}:{name.config or builder.config.name}:SPLIT",
        )
    return builder, name.split


def _loaded(name: HubName, builder: Any, split: str) -> Any:
    again: dict[str, str] = {}
    if name.folder is not None:  # `datasets` would take what it prepared before, changed or not
        again = {"download_mode": "force_redownload", "verification_mode": "no_checks"}
    try:
        builder.download_and_prepare(**again)
        return builder.as_dataset(split=split)
    except _causes() as error:
        raise _unusable(name, error) from None


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise InputError(
            "hf: data sets need the package datasets",
            next_step="pip install 'asrcompress[datasets]'",
        ) from None
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    return datasets


def _causes() -> tuple[type[Exception], ...]:
    """What `datasets` raises for a data set that is not there or cannot be used."""
    return (OSError, ValueError, RuntimeError, ImportError, _library().exceptions.DatasetsError)


def _unusable(name: HubName, error: Exception) -> InputError:
    where = f"hf:{name.dataset}"
    cause = str(error).split("Example of usage")[0]
    if "scripts are no longer supported" in cause:
        return InputError(
            "a data set that is a script",
            where=where,
            got=cause,
            expected="data files",
            next_step="no code of a data set is run",
        )
    if "torchcodec" in f"{cause} {error.__cause__}":
        return InputError(
            "a data set of loose audio files",
            where=where,
            expected="audio inside Parquet files",
            next_step="give the folder itself, without hf:"
            if name.folder
            else "download it (hf download --repo-type dataset) and give the folder itself",
        )
    return InputError("data set that cannot be used", where=where, got=cause, expected=_FORM)


def _fingerprint(name: HubName, builder: Any, split: str) -> str:
    """`hash` is of the hub's revision; a local folder's files go by size and time of change."""
    parts = [builder.dataset_name, builder.config.name, str(builder.config.version), builder.hash]
    if name.folder is not None:
        files = sorted(Path(file) for file in (builder.config.data_files or {}).get(split, ()))
        parts += [[str(file), *version_of_file(file)] for file in files]
    return sha256_of_json([_LAYOUT, *parts, split])[:32]
