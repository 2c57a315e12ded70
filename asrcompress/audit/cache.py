"""What an audit has already done, by content: artefacts, corrupted corpora, hypotheses, costs,
speeds.

A key is the hash of everything a result depends on (bytes of the model and of the audio, methods,
effects, decoding, versions), so a stale result cannot be met and a missing one is simply made.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from pydantic import BaseModel, ValidationError

from asrcompress.audit.locks import Locks
from asrcompress.core.errors import AsrcompressError, OutputError
from asrcompress.core.files import read_json, write_json

MARKER_NAME = "cache.json"
DIGESTS_NAME = "digests.json"  # hashes of files that are as they were
CELL_VERSION = 4  # raise it when a change of code changes hypotheses
# Where pieces are, by the kind of task that makes them.
FOLDERS = {
    "calibration": "calibration",
    "artefacts": "artefact",
    "corpora": "corpus",
    "cells": "cell",
    "costs": "cost",
    "speeds": "speed",
    "failures": "failure",
}


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of finished pieces, each written whole or not at all."""

    folder: Path

    def artefact(self, key: str) -> Path:
        """Where a compressed checkpoint's folder is, or is to be."""
        return self.folder / "artefacts" / key

    def corpus(self, key: str) -> Path:
        """Where a corrupted corpus's folder is, or is to be."""
        return self.folder / "corpora" / key

    def cell(self, key: str) -> Path:
        """Where a cell's hypotheses are, or are to be."""
        return self.folder / "cells" / f"{key}.json"

    def cost(self, key: str) -> Path:
        """Where an artefact's measured cost is, or is to be."""
        return self.folder / "costs" / f"{key}.json"

    def speed(self, key: str) -> Path:
        """Where all artefacts' measured speeds are, or are to be."""
        return self.folder / "speeds" / f"{key}.json"

    def piece(self, kind: str, key: str) -> Path:
        """Where a piece of that kind of task is, or is to be."""
        folder = next(folder for folder, made in FOLDERS.items() if made == kind)
        is_file = kind in ("cell", "cost", "speed", "failure")
        return self.folder / folder / (f"{key}.json" if is_file else key)

    def failure(self, task: str) -> Path:
        """Where it is remembered that a task failed, by the task's id."""
        return self.folder / "failures" / f"{task}.json"

    @property
    def locks(self) -> Locks:
        """What keeps processes that share the cache from making the same piece at once."""
        return Locks(self.folder / "locks")

    @property
    def calibration(self) -> Path:
        """Where noisy versions of the calibration audio are, or are to be."""
        return self.folder / "calibration"

    def check(self) -> None:
        """Make sure that the folder is a cache, or can become one.

        Raises:
            OutputError: it holds something else, or cannot be read.
        """
        try:
            found = {path.name for path in self.folder.iterdir()}
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unusable(self.folder, error) from None
        if found and not found & {MARKER_NAME, DIGESTS_NAME, *FOLDERS}:
            raise OutputError(
                "not a cache",
                where=self.folder,
                got=f"{sorted(found)[0]} in it",
                expected="a new folder, or the cache of an audit",
                next_step="choose another with --cache",
            )

    def prepare(self) -> None:
        """Make the folder, and mark it as a cache.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(self.folder, error) from None
        if not self.is_there():
            write_json(self.folder / MARKER_NAME, {"schema_version": 1, "what": "audit cache"})

    def is_there(self) -> bool:
        """Whether the folder is a cache of finished pieces, so that some of it may be removed."""
        return (self.folder / MARKER_NAME).is_file()

    def remove_leftovers(self) -> int:
        """Delete what interrupted runs left unfinished, not what another process works on.

        Returns:
            How many bytes that were.
        """
        return sum(self._remove_leftover(path, kind) for path, kind in self.leftovers())

    def leftovers(self) -> Iterator[tuple[Path, str]]:
        """What is unfinished in the cache, with the id of the task that it is of."""
        for folder, kind in FOLDERS.items():
            for path in sorted((self.folder / folder).glob(".*")):
                key = path.name[1:].partition(".")[0]
                yield path, key if folder == "failures" else f"{kind}-{key}"

    def _remove_leftover(self, path: Path, task: str) -> int:
        with self.locks.if_free(task) as is_free:
            size = size_bytes(path) if is_free else 0
            if is_free:
                remove(path)
        return size


def _unusable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        "cannot use the cache",
        where=folder,
        got=error.strerror,
        next_step="choose another with --cache",
    )


def size_bytes(path: Path) -> int:
    """What a file or a folder takes; links in it are not followed."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size if os.path.lexists(path) else 0
    inside = (Path(place) / name for place, _, names in os.walk(path) for name in names)
    return sum(one.lstat().st_size for one in inside if os.path.lexists(one))


def remove(path: Path) -> None:
    """Delete a file, a link as such, or a folder; what is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


Form = TypeVar("Form", bound=BaseModel)


def read_cached(path: Path, form: type[Form]) -> Form | None:
    """What is cached at a path; None where there is nothing, or nothing of that form."""
    if not path.is_file():
        return None
    try:
        return form.model_validate(read_json(path))
    except (AsrcompressError, ValidationError):
        return None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold an audit's output folder, so that two audits never write into it at once.

    Raises:
        OutputError: another audit holds it, or it cannot be written.
    """
    import fcntl

    stream = _open_lock(folder)
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.close()
        is_held = error.errno in (errno.EWOULDBLOCK, errno.EACCES)
        raise OutputError(
            "another audit is writing here" if is_held else "cannot lock the output folder",
            where=folder,
            got=None if is_held else error.strerror,
            next_step="wait for it, or choose another folder with -o",
        ) from None
    try:
        yield
    finally:
        stream.close()


def _open_lock(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.fdopen(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666), "r+")
    except OSError as error:
        raise OutputError(
            "cannot write",
            where=folder,
            got=error.strerror,
            next_step="choose a writable place with -o",
        ) from None
