"""A CSV or TSV table with a header, Hugging Face's audiofolder metadata.csv among them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from os.path import splitext
from pathlib import Path

from asrcompress.core.corpus import Utterance, make_utterance
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text

_SUFFIXES = (".csv", ".tsv")
_NAMES = ("metadata.csv", "manifest.csv", "manifest.tsv")
_AUDIO_COLUMNS = ("file_name", "audio_filepath", "file", "path")
_TEXT_COLUMNS = ("text", "transcription", "sentence", "transcript")


def detect(place: Path) -> bool:
    """True for a .csv or .tsv file, or a folder that has a metadata or manifest table."""
    return _table_at(place) is not None


def read(place: Path) -> Iterator[Utterance]:
    """The utterances of the table; relative paths are relative to it."""
    table = _table_at(place)
    if table is None:
        raise InputError("no table", where=place, expected=" or ".join(_NAMES))
    delimiter = "\t" if table.suffix == ".tsv" else ","
    rows = csv.DictReader(io.StringIO(read_text(table)), delimiter=delimiter, strict=True)
    try:
        yield from _utterances(rows, table)
    except csv.Error as error:
        raise InputError(
            "not a table", where=f"{table}:{rows.reader.line_num}", got=error
        ) from None


def _utterances(rows: csv.DictReader[str], table: Path) -> Iterator[Utterance]:
    header = list(rows.fieldnames or ())
    audio_column = _first_of(_AUDIO_COLUMNS, header)
    if audio_column is None:
        raise InputError(
            "no column names the audio",
            where=table,
            got=f"columns {', '.join(header) or 'none'}",
            expected=f"one of {', '.join(_AUDIO_COLUMNS)}",
        )
    text_column = _first_of(_TEXT_COLUMNS, header)
    for row in rows:
        where = f"{table}:{rows.line_num}"
        name = row.pop(audio_column, None)
        if not name or None in row or None in row.values():
            raise InputError("a row that does not fit the header", where=where)
        text = row.pop(text_column) if text_column else None
        if "duration" not in row and row.get("seconds"):
            row["duration"] = row.pop("seconds")
        yield make_utterance(
            table.parent / name,
            where=where,
            columns=row,
            identifier=row.get("id") or splitext(name)[0],
            text=text,
        )


def _first_of(names: tuple[str, ...], header: list[str]) -> str | None:
    return next((name for name in names if name in header), None)


def _table_at(place: Path) -> Path | None:
    if place.is_dir():
        found = (place / name for name in _NAMES)
        return next((path for path in found if path.is_file()), None)
    return place if place.suffix in _SUFFIXES else None
