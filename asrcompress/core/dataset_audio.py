"""The audio of a data set's rows written as files, once each, beside a manifest of them."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.audio import SUFFIXES
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.files import write_json_lines
from asrcompress.core.rows import TEXT_COLUMNS, Row, first_of, json_rows

_MANIFEST = "manifest.jsonl"
# Columns that mean something about the audio file in a manifest, and something else here.
_TAKEN = frozenset({"audio_filepath", "text", "id", "offset", "duration", "channel"})
_MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"FORM": ".aiff"}


@dataclass(frozen=True, slots=True)
class Extraction:
    """What to call the rows' files, where to put them, and how errors name the data set.

    base: what a path that comes without bytes is relative to.
    """

    where: str
    split: str
    folder: Path
    base: Path


def is_extracted(folder: Path) -> bool:
    """True where the manifest, which is written last, and every file that it names are there."""
    manifest = folder / _MANIFEST
    if not manifest.is_file():
        return False
    names = (Path(row["audio_filepath"]) for _, row in json_rows(manifest))
    return all(name.is_absolute() or (folder / name).is_file() for name in names)


def extract(rows: Any, to: Extraction) -> None:
    """Write each recording of a `datasets.Dataset` that is not there yet, then the manifest.

    Raises:
        InputError: no audio column, or a text that is none.
        OutputError: the folder cannot be written.
    """
    audio_column = _audio_column(rows, to.where)
    text_column = first_of(TEXT_COLUMNS, rows.column_names)
    ids = [str(value) for value in rows["id"]] if "id" in rows.column_names else []
    has_ids = len(set(ids)) == len(rows)
    made = []
    for index, row in enumerate(_decoded(rows, audio_column)):
        audio = row.pop(audio_column) or {}
        identifier = f"{to.split}-{index:06d}"
        text = row.pop(text_column) if text_column else None
        if text is not None and not isinstance(text, str):
            raise InputError("bad text", where=f"{to.where} row {index}", got=repr(text))
        made.append(
            {
                "audio_filepath": _audio_file(audio, identifier, to),
                "text": text,
                "id": ids[index] if has_ids else identifier,
                **_columns(row, has_ids=has_ids),
            }
        )
    write_json_lines(to.folder / _MANIFEST, made)


def _audio_column(rows: Any, where: str) -> str:
    """The column with an Audio feature, or that is a struct of bytes and path."""
    import datasets

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
            where=where,
            got=f"columns {', '.join(found or rows.column_names)}",
            expected="one with Audio features",
        )
    return str(found[0])


def _decoded(rows: Any, audio_column: str) -> Iterator[Row]:
    """The rows as dictionaries: audio as its bytes, the names of classes instead of numbers."""
    import datasets

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


def _audio_file(audio: Row, stem: str, to: Extraction) -> str:
    """The file with a row's audio, written if it is not there; the path that the row gives else."""
    data, given = audio.get("bytes"), audio.get("path") or ""
    if data is None:
        return str(to.base / given) if given else f"{stem}.missing"
    suffix = Path(given).suffix.lower()
    if suffix not in SUFFIXES:
        suffix = _MAGIC.get(bytes(data[:4]), ".mp3")
    path = to.folder / f"{stem}{suffix}"
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
