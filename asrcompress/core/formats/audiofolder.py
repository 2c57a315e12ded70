"""Hugging Face's audiofolder: metadata.csv or metadata.jsonl, in the folder or in each split's."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import splitext
from pathlib import Path

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.rows import (
    TEXT_COLUMNS,
    Row,
    first_json_row,
    first_of,
    json_rows,
    read_table,
)
from asrcompress.core.utterance import Utterance, audio_path, make_utterance

_NAMES = ("metadata.csv", "metadata.jsonl")
_PARQUET = "metadata.parquet"
_AUDIO_COLUMNS = ("file_name", "audio_file_name")  # the second where other files are named too


def detect(place: Path) -> Evidence:
    """A metadata file, in the folder, or in its sub-folders (splits); surely with file_name."""
    found = _metadata_at(place)
    if not found:
        return Evidence.NONE
    if found[0].parent != place and place.is_dir():
        return Evidence.TREE
    if found[0].name in _NAMES and first_of(_AUDIO_COLUMNS, _first_row(found[0])):
        return Evidence.CONTENT
    return Evidence.NAME


def read(place: Path) -> Iterator[Utterance]:
    """The utterances of all metadata files; paths are relative to the file that names them.

    Those of a split's sub-folder have the column `split`, and its name before their ids.
    """
    found = _metadata_at(place)
    if not found:
        raise InputError("no metadata", where=place, expected=" or ".join(_NAMES))
    for path in found:
        _refuse_what_is_not_read(path, place)
        split = path.parent.relative_to(place).as_posix() if path.parent != place.parent else "."
        for where, row in _rows(path):
            yield _utterance(row, where, path.parent, "" if split == "." else split)


def _utterance(row: Row, where: str, folder: Path, split: str) -> Utterance:
    column = first_of(_AUDIO_COLUMNS, tuple(row))
    name = row.pop(column) if column else None
    if not isinstance(name, str) or not name:
        raise InputError(
            "no column names the audio",
            where=where,
            got=f"columns {', '.join(row) or 'none'}" if column is None else repr(name),
            expected=f"a path in {' or '.join(_AUDIO_COLUMNS)}",
        )
    text_column = first_of(TEXT_COLUMNS, tuple(row))
    text = row.pop(text_column) if text_column else None
    if text is not None and not isinstance(text, str):
        raise InputError("bad text", where=where, got=repr(text), expected="a string")
    given = row.get("id")
    identifier = splitext(name)[0] if given in (None, "") else str(given)
    return make_utterance(
        audio_path(folder, name),
        where=where,
        columns={"split": split, **row} if split else row,
        identifier=f"{split}/{identifier}" if split else identifier,
        text=text,
    )


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    if path.suffix == ".jsonl":
        return json_rows(path)
    table = read_table(path)
    if first_of(_AUDIO_COLUMNS, table.header) is None:
        raise InputError(
            "no column names the audio",
            where=path,
            got=f"columns {', '.join(filter(None, table.header)) or 'none'}",
            expected=" or ".join(_AUDIO_COLUMNS),
        )
    return table.rows


def _first_row(path: Path) -> tuple[str, ...]:
    if path.suffix == ".jsonl":
        return tuple(first_json_row(path))
    try:
        return read_table(path).header
    except InputError:  # reading says why
        return ()


def _metadata_at(place: Path) -> list[Path]:
    """The file itself; the folder's own; else those of its sub-folders, as in data/test/."""
    names = (*_NAMES, _PARQUET)
    if not place.is_dir():
        return [place] if place.name in names and place.is_file() else []
    for pattern in ("", "*/", "*/*/"):
        found = sorted(path for name in names for path in place.glob(pattern + name))
        if found:
            return found
    return []


def _refuse_what_is_not_read(path: Path, place: Path) -> None:
    if path.name == _PARQUET:
        raise InputError(
            "metadata in Parquet", where=path, next_step="convert it to metadata.jsonl"
        )
    other = path.with_name(_NAMES[1 - _NAMES.index(path.name)])
    if path != place and other.is_file():
        raise InputError(
            "two metadata files",
            where=path.parent,
            got=f"{path.name} and {other.name}",
            next_step="give the path of one",
        )
