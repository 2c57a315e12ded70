"""Reading and writing files: the one place that does it, atomically and with clear errors."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError, OutputError

_BLOCK_BYTES = 1 << 20
# The file that marks each kind of our folders, and a key it has beside schema_version.
_MARKERS = {
    "asrcompress.json": "weights_sha256",
    "corpus.json": "libraries",
    "results.json": "cells",
}
_AUDIT_MARKER = "audit.json"
_CHOOSE_ANOTHER = "choose another with -o"
_MAX_JSON_BYTES = 256 << 20  # a results file of a large audit; beyond it the input is hostile


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        InputError: the file is missing or unreadable.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError("cannot read", where=path, got=error.strerror) from None
    return digest.hexdigest()


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
        InputError: the file is missing, unreadable or not UTF-8.
    """
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
    return parse_json(read_text(path), where=path)


def parse_json(text: str, *, where: object) -> Any:
    """The value in a JSON text; `where` names its origin in the error."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InputError("not valid JSON", where=where, got=str(error)) from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers, blank lines left out."""
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        value = parse_json(line, where=f"{path}:{number}")
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
    """Write a whole file or leave the old one: temporary file beside it, then rename.

    Raises:
        OutputError: the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
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
    write_text(path, "".join(lines))


def check_output(
    target: Path, *, overwrite: bool = False, inputs: Iterable[str | Path | None] = ()
) -> None:
    """Make sure, before long work, that a new folder can be put at `target`.

    inputs: what the work reads; those that are no existing paths (hub ids, None) do not count.

    Raises:
        OutputError: it equals, contains or lies in an input; it exists (and `overwrite` is not
            set, or it is no folder that this program made, or an audit's); or its parent cannot
            be written.
    """
    _refuse_inputs(target, inputs)
    if os.path.lexists(target):
        _refuse_existing(target, overwrite=overwrite)
        _refuse_precious(target)
    _check_parent(target)


def check_output_file(target: Path, *, overwrite: bool = False) -> None:
    """Make sure, before long work, that a file can be put at `target`.

    Raises:
        OutputError: it exists (and `overwrite` is not set, or it is a folder), or its parent
            cannot be written.
    """
    if os.path.lexists(target):
        _refuse_existing(target, overwrite=overwrite)
    if target.is_dir():
        raise OutputError(
            "a folder is there", where=target, expected="a file", next_step=_CHOOSE_ANOTHER
        )
    _check_parent(target)


def _refuse_inputs(target: Path, inputs: Iterable[str | Path | None]) -> None:
    place = Path(os.path.realpath(target))
    around_target = _identities(place)
    for given in inputs:
        source = None if given is None else Path(given).expanduser()
        if source is None or not os.path.exists(source):
            continue
        around_source = _identities(Path(os.path.realpath(source)))
        if around_source[0] in around_target or _identity(place) in around_source:
            raise OutputError(
                "the output would touch an input",
                where=target,
                got=f"{source} to read",
                expected="two folders apart",
                next_step=_CHOOSE_ANOTHER,
            )


def _identities(path: Path) -> list[tuple[int, int]]:
    """What tells a file or folder from every other, under any name: its own first, then parents."""
    found = (_identity(place) for place in (path, *path.parents))
    return [identity for identity in found if identity is not None]


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:  # not there yet
        return None
    return status.st_dev, status.st_ino


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if not overwrite:
        raise OutputError(
            "output exists", where=target, next_step=f"{_CHOOSE_ANOTHER}, or add --overwrite"
        )


def _refuse_precious(target: Path) -> None:
    """Only an empty folder, or one of our own that a command can make again, may be replaced."""
    if not target.is_dir():
        raise OutputError(
            "will not overwrite what is not a folder", where=target, next_step=_CHOOSE_ANOTHER
        )
    if (target / _AUDIT_MARKER).exists():
        raise OutputError(
            "will not overwrite an audit's folder", where=target, next_step=_CHOOSE_ANOTHER
        )
    if any(target.iterdir()) and not _is_ours(target):
        raise OutputError(
            "will not overwrite a folder that asrcompress did not make",
            where=target,
            expected=f"one with our {' or '.join(_MARKERS)}",
            next_step=_CHOOSE_ANOTHER,
        )


def _is_ours(folder: Path) -> bool:
    return any(_is_marker(folder / name, key) for name, key in _MARKERS.items())


def _is_marker(path: Path, key: str) -> bool:
    """Whether a file is what we write under its name; many programs have a results.json."""
    try:
        content = read_json(path)
    except InputError:
        return False
    if not isinstance(content, dict):
        return False
    return key in content and isinstance(content.get("schema_version"), int)


def _check_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise OutputError(
            "cannot write",
            where=target,
            got=error.strerror,
            next_step="choose a writable place with -o",
        ) from None


@contextmanager
def staged_folder(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A temporary folder that becomes `target` when the block ends well, and vanishes otherwise.

    The old target, if `overwrite` is set, is replaced only at the end.
    """
    check_output(target, overwrite=overwrite)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        yield staging
        os.chmod(staging, 0o777 & ~_umask())
        _sync_folder(staging)
        _swap_in(staging, target, overwrite=overwrite)
    except OSError as error:
        raise OutputError("cannot write", where=target, got=error.strerror or error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def _swap_in(staging: Path, target: Path, *, overwrite: bool) -> None:
    if not os.path.lexists(target):
        os.rename(staging, target)
        return
    check_output(target, overwrite=overwrite)
    retired = Path(tempfile.mkdtemp(prefix=f".{target.name}.old-", dir=target.parent))
    os.rename(target, retired / target.name)
    try:
        os.rename(staging, target)
    except OSError:
        os.rename(retired / target.name, target)
        raise
    finally:
        shutil.rmtree(retired, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
