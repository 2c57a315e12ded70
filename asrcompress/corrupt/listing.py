"""What a library folder says of its files: manifest.tsv or .csv, and Kaldi's lists."""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text

RIR_LIST, NOISE_LIST = "rir_list", "noise_list"
Options = dict[str, str]

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


def listed_files(root: Path, list_name: str) -> dict[Path, Options]:
    """The files that Kaldi's lists of a name, anywhere below a folder, say are there.

    A line holds options, here without their dashes (`room-id`, `noise-type`), and ends in a path.
    The path begins with the archive's folder, so its leading parts are dropped until it fits.

    Raises:
        InputError: a line that ends in a pipe or cannot be parsed, or a file that is not there.
    """
    found: dict[Path, Options] = {}
    for listing in _lists(root, list_name):
        paths = _Paths(root, listing.parent)
        for number, line in enumerate(read_text(listing).splitlines(), start=1):
            if line.strip():
                where = f"{listing}:{number}"
                options, place = _parse(line, list_name, where)
                found[paths.find(place, where)] = options
    return dict(sorted(found.items()))


def _lists(root: Path, list_name: str) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below.sort()
        if list_name in names:
            yield Path(folder, list_name)


def _parse(line: str, list_name: str, where: str) -> tuple[Options, str]:
    try:  # a list has 20,000 lines, and shlex is slow: only where it makes a difference
        words = shlex.split(line) if set(line) & set("'\"\\") else line.split()
    except ValueError as error:
        raise InputError(f"not a {list_name} line", where=where, got=str(error)) from None
    *before, place = words
    if place.endswith("|"):
        raise InputError(
            "a pipe is not run", where=where, got=place, expected="a path to an audio file"
        )
    names, values = before[::2], before[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise InputError(
            f"not a {list_name} line", where=where, got=line.strip(), expected="--option value path"
        )
    return {name[2:]: value for name, value in zip(names, values, strict=True)}, place


class _Paths:
    """Finds the files of a list: below the library or beside the list, with leading parts dropped.

    As many parts are dropped as in the line before, which is nearly always right.
    """

    def __init__(self, root: Path, beside: Path) -> None:
        self._bases = (root, beside)
        self._last = (0, root)

    def find(self, place: str, where: str) -> Path:
        path = PurePosixPath(place)
        if ".." not in path.parts:
            for dropped, base in self._tries(path):
                rest = path.parts[dropped:]
                if rest and rest[0] != path.root and (found := base.joinpath(*rest)).is_file():
                    self._last = (dropped, base)
                    return found
        raise InputError("no such audio file", where=where, got=place)

    def _tries(self, path: PurePosixPath) -> Iterator[tuple[int, Path]]:
        yield self._last
        for dropped in range(len(path.parts)):
            for base in self._bases:
                yield dropped, base
