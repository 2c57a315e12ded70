"""The rows of manifests: JSON Lines, also compressed, and CSV or TSV tables."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os.path import commonpath, dirname, isabs, relpath, splitext
from pathlib import Path
from typing import Any, TextIO

from asrcompress.core.errors import InputError
from asrcompress.core.files import parse_json, read_text

JSON_SUFFIXES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
TABLE_SUFFIXES = (".csv", ".tsv")
TEXT_COLUMNS = ("text", "sentence", "transcription", "transcript", "normalized_text")
_LONGEST_LINE = 1 << 24  # characters; no row of a manifest is longer, a decompression bomb is
_DELIMITERS = (",", ";", "\t")  # of a .csv; spreadsheets in much of Europe write semicolons

Row = dict[str, Any]


def ids_of_paths(names: Iterable[str]) -> dict[str, str]:
    """An id for each path that a manifest names: the path without its ending.

    Absolute paths lose the folder that they all lie in, so that a corpus that moves keeps its
    ids, and with them its noises.
    """
    listed = list(dict.fromkeys(names))
    absolute = [name for name in listed if isabs(name)]
    try:
        common = commonpath([dirname(name) for name in absolute]) if absolute else ""
    except ValueError:  # on several drives
        common = ""
    return {
        name: splitext(relpath(name, common) if common and isabs(name) else name)[0]
        for name in listed
    }


def has_suffix(path: Path, suffixes: Sequence[str]) -> bool:
    """True for a file whose name ends in one of the suffixes."""
    return path.is_file() and path.name.lower().endswith(tuple(suffixes))


def json_rows(path: Path) -> Iterator[tuple[str, Row]]:
    """The objects of a JSON Lines file, each with its place `file:line`; blank lines left out.

    A name that ends in .gz is decompressed on the way. Memory holds one line.

    Raises:
        InputError: missing, unreadable, not UTF-8, or a line that is not a JSON object or has
            a number beyond the floats in it.
    """
    for where, line in _lines(path):
        if not line.strip():
            continue
        value = parse_json(line, where=where, finite=True)
        if not isinstance(value, dict):
            raise InputError(
                "not a JSON object", where=where, got=type(value).__name__, expected="{...}"
            )
        yield where, value


def first_json_row(path: Path) -> Row:
    """The first object of a JSON Lines file; empty where there is none, for `detect` to go by."""
    try:
        return next((row for _, row in json_rows(path)), {})
    except InputError:
        return {}


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    number = 0
    try:
        with _opened(path) as stream:
            while line := stream.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    raise InputError("a line too long for a manifest", where=f"{path}:{number}")
                yield f"{path}:{number}", line.rstrip("\n")
    except FileNotFoundError:
        raise InputError("no such file", where=path) from None
    except UnicodeDecodeError as error:
        raise InputError(
            "not a text file", where=f"{path}:{number + 1}", got=error.reason, expected="UTF-8"
        ) from None
    except (OSError, EOFError, zlib.error) as error:  # gzip raises all of them
        raise InputError("cannot read", where=path, got=error) from None


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header; `rows` reads on as it is gone through."""

    path: Path
    header: tuple[str, ...]
    rows: Iterator[tuple[str, Row]]


def read_table(path: Path) -> Table:
    """A CSV or TSV file: quoted as spreadsheets do it, or as Common Voice does, without quotes.

    Raises:
        InputError: not UTF-8, a column twice; and as the rows are read, one that does not fit.
    """
    lines = io.StringIO(read_text(path))
    first = lines.readline()
    lines.seek(0)
    is_tsv = path.suffix.lower() == ".tsv"
    delimiter = "\t" if is_tsv else max(_DELIMITERS, key=first.count)  # the comma where none is
    if _is_common_voice(first):
        reader = csv.reader(lines, delimiter="\t", strict=True, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = tuple(name.strip() for name in _next_row(reader, path) or ())
    twice = next((name for name, times in Counter(header).items() if times > 1), None)
    if twice is not None:
        raise InputError("a column twice", where=path, got=repr(twice))
    return Table(path, header, _table_rows(reader, header, path))


def first_of(names: Sequence[str], header: Sequence[str]) -> str | None:
    """The first of the names that is in the header, None where none is."""
    return next((name for name in names if name in header), None)


def _is_common_voice(first_line: str) -> bool:
    """Mozilla writes its .tsv without quoting: a sentence can begin with a quotation mark."""
    columns = first_line.rstrip("\n").split("\t")
    return {"client_id", "path", "sentence"} <= set(columns)


def _table_rows(reader: Any, header: Sequence[str], path: Path) -> Iterator[tuple[str, Row]]:
    while (cells := _next_row(reader, path)) is not None:
        if not cells:
            continue
        where = f"{path}:{reader.line_num}"
        if len(cells) != len(header):
            raise InputError(
                "a row that does not fit the header",
                where=where,
                got=f"{len(cells)} cells",
                expected=f"{len(header)}",
            )
        yield where, dict(zip(header, cells, strict=True))


def _next_row(reader: Any, path: Path) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise InputError("not a table", where=f"{path}:{reader.line_num}", got=error) from None
