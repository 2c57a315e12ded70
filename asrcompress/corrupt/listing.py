"""What a library folder says of its files: manifest.tsv or .csv, and Kaldi's rir_list."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text

_TABLES = {"manifest.tsv": "\t", "manifest.csv": ","}
_FILE_COLUMN = "file"


def read_table(root: Path) -> dict[str, dict[str, str]]:
    """The rows of a library's manifest by the file they are about; empty without a manifest.

    Raises:
        InputError: no `file` column, a row that does not fit, or a file that is not there.
    """
    name = next((name for name in _TABLES if (root / name).is_file()), None)
    if name is None:
        return {}
    reader = csv.DictReader(io.StringIO(read_text(root / name)), delimiter=_TABLES[name])
    if _FILE_COLUMN not in (reader.fieldnames or ()):
        raise InputError(
            "no column names the files", where=root / name, expected=f"a column {_FILE_COLUMN!r}"
        )
    found = {}
    for row in reader:
        where = f"{root / name}:{reader.line_num}"
        file = row.get(_FILE_COLUMN)
        if not file or None in row or None in row.values():
            raise InputError("a row that does not fit the header", where=where)
        if not (root / file).is_file():
            raise InputError("no such audio file", where=where, got=file)
        found[PurePosixPath(file).as_posix()] = row
    return found


def listed_responses(root: Path) -> list[Path]:
    """The files that the rir_list files anywhere below a folder name (OpenSLR 26 and 28).

    A line holds options and ends in a path. The path begins with the archive's folder, so its
    leading parts are dropped until it fits. Isotropic noises lie beside the responses there and
    are in no rir_list.

    Raises:
        InputError: a line that ends in a pipe or cannot be parsed, or a file that is not there.
    """
    found = set()
    for listing in sorted(root.rglob("rir_list")):
        for number, line in enumerate(read_text(listing).splitlines(), start=1):
            if line.strip():
                found.add(_path_in(line, root, listing.parent, f"{listing}:{number}"))
    return sorted(found)


def _path_in(line: str, root: Path, beside: Path, where: str) -> Path:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InputError("not a rir_list line", where=where, got=str(error)) from None
    if words[-1].endswith("|"):
        raise InputError(
            "a pipe is not run", where=where, got=words[-1], expected="a path to an audio file"
        )
    for candidate in _candidates(PurePosixPath(words[-1]), root, beside):
        if candidate.is_file() and candidate.resolve().is_relative_to(root.resolve()):
            return candidate
    raise InputError("no such audio file", where=where, got=words[-1])


def _candidates(path: PurePosixPath, root: Path, beside: Path) -> Iterator[Path]:
    for dropped in range(len(path.parts)):
        rest = PurePosixPath(*path.parts[dropped:])
        if not rest.is_absolute() and ".." not in rest.parts:
            yield root / rest
            yield beside / rest
