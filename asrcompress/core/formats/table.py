"""A CSV or TSV table with a header, Common Voice's among them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.rows import (
    TABLE_SUFFIXES,
    TEXT_COLUMNS,
    first_of,
    has_suffix,
    ids_of_paths,
    read_table,
)
from asrcompress.core.utterance import Utterance, audio_path, is_file, make_utterance

_NAMES = ("metadata.csv", "manifest.csv", "manifest.tsv")
_AUDIO_COLUMNS = ("audio_filepath", "file", "path", "filename", "wav_filename", "audio")
_AUDIOFOLDERS_COLUMN = "file_name"
_COMMON_VOICE_COLUMNS = {"client_id", "path", "sentence"}
_COMMON_VOICE_FOLDER = "clips"


def detect(place: Path) -> Evidence:
    """A .csv or .tsv file, or a folder with one that is named; surely with a column of audio."""
    tables = _tables_at(place)
    if not tables:
        return Evidence.NONE
    is_audiofolders = tables[0].name == _NAMES[0]
    others = () if is_audiofolders else (_AUDIOFOLDERS_COLUMN,)
    if first_of((*others, *_AUDIO_COLUMNS), _header(tables[0])):
        return Evidence.CONTENT
    if place.is_dir():
        return Evidence.NONE if is_audiofolders else Evidence.NAME
    return Evidence.SUFFIX


def read(place: Path) -> Iterator[Utterance]:
    """The utterances of the table; relative paths are relative to it, or to clips/ beside it."""
    tables = _tables_at(place)
    if len(tables) > 1:
        raise InputError(
            "several tables",
            where=place,
            got=", ".join(path.name for path in tables),
            next_step="give the path of one",
        )
    if not tables:
        raise InputError("no table", where=place, expected=" or ".join(_NAMES))
    table = read_table(tables[0])
    audio_column = first_of((_AUDIOFOLDERS_COLUMN, *_AUDIO_COLUMNS), table.header)
    if audio_column is None:
        raise InputError(
            "no column names the audio",
            where=table.path,
            got=f"columns {', '.join(filter(None, table.header)) or 'none'}",
            expected=f"one of {', '.join((_AUDIOFOLDERS_COLUMN, *_AUDIO_COLUMNS))}",
        )
    text_column = first_of(TEXT_COLUMNS, table.header)
    rows = list(table.rows)
    ids = ids_of_paths(row[audio_column] for _, row in rows)
    for where, row in rows:
        name = row.pop(audio_column)
        if not name:
            raise InputError(f"no {audio_column}", where=where, expected="a path")
        text = row.pop(text_column) if text_column else None
        if "duration" not in row and row.get("seconds"):
            row["duration"] = row.pop("seconds")
        yield make_utterance(
            _audio_at(table.path.parent, name),
            where=where,
            columns=row,
            identifier=row.get("id") or ids[name],
            text=text,
        )


def _audio_at(folder: Path, name: str) -> Path:
    path = audio_path(folder, name)
    clip = audio_path(folder / _COMMON_VOICE_FOLDER, name)
    return clip if not is_file(path) and is_file(clip) else path


def _tables_at(place: Path) -> list[Path]:
    """The file itself; in a folder the one with a usual name, else all of Common Voice's."""
    if not place.is_dir():
        return [place] if has_suffix(place, TABLE_SUFFIXES) else []
    for name in _NAMES:
        if (place / name).is_file():
            return [place / name]
    if not (place / _COMMON_VOICE_FOLDER).is_dir():
        return []
    found = sorted(place.glob("*.tsv"))
    return [path for path in found if set(_header(path)) >= _COMMON_VOICE_COLUMNS]


def _header(path: Path) -> tuple[str, ...]:
    try:
        return read_table(path).header
    except InputError:  # reading says why
        return ()
