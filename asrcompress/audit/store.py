"""Finished pieces of an audit behind a URL (`s3://`, `gs://`), for nodes that share no folder.

A piece is a file or a folder. Its files are put under temporary names and moved, and last comes its
list, `NAME.complete.json`, with the size and hash of each: without its list a piece is not there.
What is fetched is checked against that list, and stands in the node's own folder whole or not.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from asrcompress.core.errors import AsrcompressError, InputError, IntegrityError, OutputError
from asrcompress.core.files import parse_json, sha256_of_file, to_json, umask

_LIST_SUFFIX = ".complete.json"
_PROBE_NAME = ".probe"


class StoredFile(BaseModel):
    """One file of a stored piece: its place in a folder, and its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    size_bytes: int
    sha256: str


class PieceList(BaseModel):
    """Every file of a stored folder, in the order of their names; or the one file that it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_folder: bool
    files: tuple[StoredFile, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """A place that every node reaches, by URL. Names are relative, as in a cache's folder."""

    url: str

    def check(self) -> None:
        """Make sure that it can be written and read.

        Raises:
            AsrcompressError: it cannot, or what its kind of URL needs is not installed.
        """
        with self._told("cannot be used"):
            files, path = self._at(f"{_PROBE_NAME}-{uuid.uuid4().hex}")
            files.makedirs(posixpath.dirname(path), exist_ok=True)
            files.pipe_file(path, b"asrcompress")
            found = files.cat_file(path)
            files.rm_file(path)
        if found != b"asrcompress":
            raise IntegrityError("the store gives back other bytes than it got", where=self.url)

    def has(self, name: str) -> bool:
        """Whether the piece is there, whole."""
        with self._told("cannot be read", name):
            files, path = self._at(name)
            return bool(files.isfile(path + _LIST_SUFFIX))

    def publish(self, folder: Path, name: str) -> None:
        """Put the piece `name` of a local folder there, unless it is there already.

        Raises:
            AsrcompressError: there is no such piece, or it cannot be put there.
        """
        source = folder / name
        if not source.exists():
            raise InputError("no such piece to publish", where=source)
        if self.has(name):
            return
        with self._told("cannot be written", name):
            files, path = self._at(name)
            _put_piece(files, source, path)

    def fetch(self, name: str, folder: Path) -> bool:
        """Bring the piece to the same name in a local folder, whole; False where there is none.

        Raises:
            IntegrityError: its bytes are not those that were put there.
            AsrcompressError: it cannot be read, or the folder not be written.
        """
        target = folder / name
        if target.exists():
            return True
        if not self.has(name):
            return False
        with self._told("cannot be read", name):
            files, path = self._at(name)
            with _staging(target) as place:
                _get_piece(files, path, place)
                _settle(place, target)
        return True

    def _at(self, name: str) -> tuple[Any, str]:
        """The file system and the name's path on it."""
        _check_name(name, self.url)
        try:
            import fsspec
        except ImportError:
            raise InputError(
                "a cache behind a URL needs fsspec",
                where=self.url,
                next_step="pip install 'asrcompress[cluster]'",
            ) from None
        files, root = fsspec.core.url_to_fs(self.url)
        return files, posixpath.join(root.rstrip("/"), name)

    @contextmanager
    def _told(self, what: str, name: str = "") -> Iterator[None]:
        """Errors in one line: every kind of file system has classes of its own."""
        try:
            yield
        except AsrcompressError:
            raise
        except Exception as error:
            where = posixpath.join(self.url, name) if name else self.url
            raise OutputError(
                f"the store {what}", where=where, got=f"{type(error).__name__}: {error}"
            ) from error


def is_url(place: str) -> bool:
    """Whether a cache's place is a URL and no folder."""
    return "://" in place


def _check_name(name: str, where: str) -> None:
    """A name from a list in the store leads nowhere but into its folder."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise IntegrityError("a name that leads out of the store", where=where, got=repr(name))


def _put_file(files: Any, source: Path, path: str) -> None:
    temporary = f"{path}.{uuid.uuid4().hex}.part"
    files.makedirs(posixpath.dirname(path), exist_ok=True)
    try:
        files.put_file(str(source), temporary)
        files.mv(temporary, path)
    except BaseException:
        if files.exists(temporary):
            files.rm_file(temporary)
        raise


def _put_piece(files: Any, source: Path, path: str) -> None:
    """Its files, then its list; two writers put the same bytes, so neither disturbs the other."""
    rows = []
    for file in _files_of(source):
        name = file.relative_to(source).as_posix() if source.is_dir() else file.name
        _put_file(files, file, posixpath.join(path, name) if source.is_dir() else path)
        size_bytes = file.stat().st_size
        rows.append(StoredFile(name=name, size_bytes=size_bytes, sha256=sha256_of_file(file)))
    listed = PieceList(is_folder=source.is_dir(), files=tuple(rows))
    with tempfile.TemporaryDirectory() as scratch:
        local = Path(scratch) / "list.json"
        local.write_text(to_json(listed.model_dump(mode="json")), encoding="utf-8")
        _put_file(files, local, path + _LIST_SUFFIX)


def _files_of(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    return sorted(place for place in source.rglob("*") if place.is_file())


def _get_piece(files: Any, path: str, place: Path) -> None:
    listed = _list_of(files, path)
    if listed.is_folder:
        place.mkdir()
    for row in listed.files:
        origin = posixpath.join(path, row.name) if listed.is_folder else path
        target = place / row.name if listed.is_folder else place
        target.parent.mkdir(parents=True, exist_ok=True)
        files.get_file(origin, str(target))
        os.chmod(target, 0o666 & ~umask())
        if (target.stat().st_size, sha256_of_file(target)) != (row.size_bytes, row.sha256):
            raise IntegrityError(
                "stored bytes have changed", where=origin, next_step=f"delete {path}{_LIST_SUFFIX}"
            )


def _list_of(files: Any, path: str) -> PieceList:
    where = path + _LIST_SUFFIX
    try:
        text = files.cat_file(where).decode("utf-8")
        listed = PieceList.model_validate(parse_json(text, where=where))
    except (UnicodeDecodeError, ValidationError, InputError):
        raise IntegrityError("not the list of a stored piece", where=where) from None
    for row in listed.files:
        _check_name(row.name, where)
    return listed


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A hidden place beside the target, gone at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        yield place
    finally:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)


def _settle(place: Path, target: Path) -> None:
    """Move it to its name, unless another process of this node was faster."""
    try:
        os.replace(place, target)
    except OSError:
        if not target.exists():
            raise
