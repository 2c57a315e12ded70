"""Reading and writing files: the one place that does it, atomically and with clear errors."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError, OutputError

_HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a pair, or alone
_MOST_DIGITS = 300  # of a whole number that a float can hold: 1.8e308 at most
_BLOCK_BYTES = 1 << 20
_MAX_JSON_BYTES = 256 << 20  # a results file of a large audit; beyond it the input is hostile


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        InputError: the file is missing or unreadable.
    """
    digest = hashlib.sha256()
    refuse_special_file(path)
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError("cannot read", where=path, got=error.strerror) from None
    return digest.hexdigest()


def refuse_special_file(path: Path) -> None:
    """Make sure that a path is no pipe or device: one is waited for, the other never ends.

    Raises:
        InputError: it is one, or a name that no file can have.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError:  # a null character
        raise InputError("bad file name", where=path) from None
    except OSError:  # missing or out of reach: opening it says so
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError("not a file", where=path, got="a pipe or a device")


def version_of_file(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in ns: what a cache of a file's content is keyed with.

    Raises:
        InputError: no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise InputError("cannot read", where=path, got=error.strerror) from None
    return status.st_size, status.st_mtime_ns


def sha256_of_json(value: object) -> str:
    """The SHA-256 of a value's canonical JSON, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_text(path: Path) -> str:
    """A UTF-8 file's text, byte-order mark removed.

    Raises:
        InputError: the file is missing, unreadable, a pipe or not UTF-8.
    """
    refuse_special_file(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("no such file", where=path) from None
    except UnicodeDecodeError as error:
        raise InputError(
            "not a text file", where=path, got=f"byte {error.start} not UTF-8", expected="UTF-8"
        ) from None
    except OSError as error:
        raise InputError("cannot read", where=path, got=error.strerror) from None


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        InputError: the file is missing, too large or not JSON.
    """
    if path.is_file() and path.stat().st_size > _MAX_JSON_BYTES:
        raise InputError(
            "too large for JSON",
            where=path,
            got=f"{path.stat().st_size} bytes",
            expected=f"at most {_MAX_JSON_BYTES}",
        )
    text = read_text(path)
    value = parse_json(text, where=path)
    _refuse_halves(text, value, path)
    return value


def is_whole_json(path: Path) -> bool:
    """Whether a file that `write_json` wrote is there to its end; what it holds is not read."""
    end = b"}\n"
    try:
        with path.open("rb") as stream:
            stream.seek(-len(end), os.SEEK_END)
            return stream.read() == end
    except OSError:  # not there, or shorter
        return False


def parse_json(text: str, *, where: object, finite: bool = False) -> Any:
    """The value in a JSON text; `where` names its origin in the error.

    finite: refuse numbers beyond the floats too, such as 1e999 or one of 400 digits, for a reader
    who computes with whatever is there.
    """
    hooks: dict[str, Any] = {"parse_float": _finite, "parse_int": _short} if finite else {}
    try:
        return json.loads(text, parse_constant=_refuse_constant, **hooks)
    except (ValueError, RecursionError) as error:
        raise InputError("not valid JSON", where=where, got=str(error)) from None


def _refuse_halves(text: str, value: object, where: object) -> None:
    """JSON can spell half a character, and nothing with one in it can be written again."""
    if _HALF.search(text) is None:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("not a text", where=where, got="half a character (\\ud800)") from None
    except RecursionError:
        return  # nested too deeply for any form of ours


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


def _short(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers, blank lines left out."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        value = parse_json(line, where=f"{path}:{number}")
        _refuse_halves(line, value, f"{path}:{number}")
        if not isinstance(value, dict):
            raise InputError(
                "not a JSON object",
                where=f"{path}:{number}",
                got=type(value).__name__,
                expected='{"audio_filepath": ..., "text": ...}',
            )
        yield number, value


def to_json(value: object) -> str:
    """The text of a value as our JSON files hold it: readable, stable, one final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> None:
    """Write a whole file or leave the old one, as `write_pieces`."""
    write_pieces(path, [text.encode("utf-8")])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a whole file piece by piece: temporary file beside it, then rename.

    Whatever ends it before, an error of whoever makes the pieces too, leaves the old file.

    Raises:
        OutputError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                for piece in pieces:
                    stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o666 & ~umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError("cannot write", where=path, got=error.strerror) from None


def write_json(path: Path, value: object) -> None:
    """Write a JSON file atomically."""
    write_text(path, to_json(value))


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a JSON Lines file atomically, one object a line."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    write_pieces(path, (line.encode("utf-8") for line in lines))


def umask() -> int:
    """The permissions that new files of this process do not get."""
    current = os.umask(0)
    os.umask(current)
    return current
