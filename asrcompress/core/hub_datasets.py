"""`hf:` data sets: from the Hugging Face hub, its offline cache or a local folder, never its code.

Audio is taken as the bytes that the data set holds and written once into a cache folder, beside a
NeMo manifest; from there on it is a corpus like any other.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.audio import SUFFIXES
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.files import sha256_of_json, write_json_lines
from asrcompress.core.rows import TEXT_COLUMNS, Row, first_of, json_rows
from asrcompress.core.utterance import Utterance

CACHE_VARIABLE = "ASRCOMPRESS_CACHE"
_MANIFEST = "manifest.jsonl"
_LAYOUT = 1  # of the cache folder; another number leaves the old folders alone
_FORM = "hf:NAME[:CONFIG[:SPLIT]]"
# Columns that mean something about the audio file in a manifest, and something else here.
_TAKEN = frozenset({"audio_filepath", "text", "id", "offset", "duration", "channel"})
_MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"FORM": ".aiff"}


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
    folder = cache_folder() / "datasets" / _fingerprint(builder, split)
    if not _is_complete(folder):
        _extract(_loaded(name, builder, split), split, folder, name)
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
    splits = [str(split) for split in (builder.info.splits or builder.config.data_files or ())]
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
    try:
        builder.download_and_prepare()
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
            next_step="download it (hf download --repo-type dataset) and give the folder itself",
        )
    return InputError("data set that cannot be used", where=where, got=cause, expected=_FORM)


def _fingerprint(builder: Any, split: str) -> str:
    """`hash` is of the data files: their revision on the hub, their time of change in a folder."""
    parts = [builder.dataset_name, builder.config.name, str(builder.config.version), builder.hash]
    return sha256_of_json([_LAYOUT, *parts, split])[:32]


def _is_complete(folder: Path) -> bool:
    """True where the manifest, which is written last, and every file that it names are there."""
    manifest = folder / _MANIFEST
    if not manifest.is_file():
        return False
    names = (Path(row["audio_filepath"]) for _, row in json_rows(manifest))
    return all(name.is_absolute() or (folder / name).is_file() for name in names)


def _extract(rows: Any, split: str, folder: Path, name: HubName) -> None:
    """Write each recording that is not there yet, then the manifest."""
    audio_column = _audio_column(rows, name)
    text_column = first_of(TEXT_COLUMNS, rows.column_names)
    ids = [str(value) for value in rows["id"]] if "id" in rows.column_names else []
    has_ids = len(set(ids)) == len(rows)
    made = []
    for index, row in enumerate(_decoded(rows, audio_column)):
        audio = row.pop(audio_column) or {}
        identifier = f"{split}-{index:06d}"
        text = row.pop(text_column) if text_column else None
        if text is not None and not isinstance(text, str):
            raise InputError("bad text", where=f"hf:{name.dataset} row {index}", got=repr(text))
        made.append(
            {
                "audio_filepath": _audio_file(audio, folder, identifier, name),
                "text": text,
                "id": ids[index] if has_ids else identifier,
                **_columns(row, has_ids=has_ids),
            }
        )
    write_json_lines(folder / _MANIFEST, made)


def _audio_column(rows: Any, name: HubName) -> str:
    """The column with an Audio feature, or that is a struct of bytes and path."""
    datasets = _library()
    found = [
        column
        for column, feature in rows.features.items()
        if isinstance(feature, datasets.Audio)
        or (isinstance(feature, dict) and feature.keys() == {"bytes", "path"})
    ]
    if len(found) > 1 and "audio" in found:
        return "audio"
    if len(found) != 1:
        raise InputError(
            "no audio column" if not found else "several audio columns",
            where=f"hf:{name.dataset}",
            got=f"columns {', '.join(found or rows.column_names)}",
            expected="one with Audio features",
        )
    return str(found[0])


def _decoded(rows: Any, audio_column: str) -> Iterator[Row]:
    """The rows as dictionaries: audio as its bytes, the names of classes instead of numbers."""
    datasets = _library()
    features = rows.features
    if isinstance(features[audio_column], datasets.Audio):
        rows = rows.cast_column(audio_column, datasets.Audio(decode=False))
    classes = {
        column: feature
        for column, feature in features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    for row in rows:
        for column, feature in classes.items():
            number = row[column]
            row[column] = None if number is None or number < 0 else feature.int2str(number)
        yield dict(row)


def _columns(row: Row, *, has_ids: bool) -> Row:
    """The plain values; those whose names a manifest keeps for itself as source_NAME."""
    columns = {}
    for column, value in row.items():
        if column == "id" and has_ids:
            continue
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        if value is None or isinstance(value, str | int | float | bool):
            columns[f"source_{column}" if column in _TAKEN else column] = value
    return columns


def _audio_file(audio: Row, folder: Path, stem: str, name: HubName) -> str:
    """The file with a row's audio, written if it is not there; the path that the row gives else."""
    data, given = audio.get("bytes"), audio.get("path") or ""
    if data is None:
        return str((name.folder or Path.cwd()) / given) if given else f"{stem}.missing"
    suffix = Path(given).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = _MAGIC.get(bytes(data[:4]), ".mp3")
    path = folder / f"{stem}{suffix}"
    if not path.is_file() or path.stat().st_size != len(data):
        _write_bytes(path, data)
    return path.name


def _write_bytes(path: Path, data: bytes) -> None:
    """The whole file or none: another process may be reading the same data set."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError("cannot write", where=path, got=error.strerror) from None
