"""Hashes of large files, remembered from run to run while the files stay as they are.

A hash is kept under what the file system says of the file: path, size, times of writing and of
change in ns, and inode. The time of change is the kernel's own, so no program that puts another
time of writing back gets the old hash. As in Git's index, a file that was written in the last
moments before it was hashed could be written again within the clock's step, so its hash is not
kept. The memo is only for naming what a result depends on; whether an artefact or a written file
is whole is always told from its bytes.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from asrcompress.core.errors import AsrcompressError, InputError
from asrcompress.core.files import read_json, sha256_of_file, write_text

RACY_NS = 2_000_000_000  # FAT keeps times in steps of 2 s, no other file system in longer ones

Signature = tuple[int, int, int, int]  # size, mtime_ns, ctime_ns, inode
_Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class _Memo(BaseModel):
    """The whole of a memo's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = Field(default=1, ge=1, le=1)
    files: Mapping[str, tuple[Signature, _Sha256]] = Field(default_factory=dict)


@dataclass(slots=True)
class Digests:
    """The hashes of files by path, in a file that several processes may share.

    file: None remembers nothing beyond this object. clock_ns: the time now, since the epoch.
    """

    file: Path | None = None
    clock_ns: Callable[[], int] = time.time_ns
    reads: int = 0
    _kept: dict[str, tuple[Signature, str]] | None = None
    _new: dict[str, tuple[Signature, str]] = field(default_factory=dict)

    def sha256(self, path: Path) -> str:
        """The SHA-256 of a file's bytes, in hexadecimal; the file is read only where it is new.

        Raises:
            InputError: the file is missing or unreadable.
        """
        name, before = os.path.abspath(path), _signature(path)
        known = self._known().get(name)
        if known is not None and before is not None and known[0] == before:
            return known[1]
        digest = sha256_of_file(path)
        self.reads += 1
        if before is not None and before == _signature(path) and not self._is_racy(before):
            self._known()[name] = self._new[name] = (before, digest)
        return digest

    def save(self) -> None:
        """Keep what was hashed beside what other processes have kept, if the folder is there.

        A memo that cannot be written is only lost time, and no error.
        """
        if self.file is None or not self._new or not self.file.parent.is_dir():
            return
        memo = _Memo(files={**_read(self.file), **self._new})
        try:
            write_text(self.file, memo.model_dump_json())
        except AsrcompressError:
            return
        self._new.clear()

    def _known(self) -> dict[str, tuple[Signature, str]]:
        if self._kept is None:
            self._kept = {} if self.file is None else _read(self.file)
        return self._kept

    def _is_racy(self, signature: Signature) -> bool:
        """Whether it may yet be written without any of its times changing, or the clock is off."""
        return self.clock_ns() - max(signature[1], signature[2]) < RACY_NS


def _read(file: Path) -> dict[str, tuple[Signature, str]]:
    """What is kept; nothing where the memo is not there or not of its form."""
    try:
        return dict(_Memo.model_validate(read_json(file)).files) if file.is_file() else {}
    except (AsrcompressError, ValidationError):
        return {}


def _signature(path: Path) -> Signature | None:
    """None for what is no file; reading it says so."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def digest_or_none(path: Path, digest_of: Callable[[Path], str]) -> str | None:
    """A file's hash; None where it is missing or unreadable, which reading it reports."""
    try:
        return digest_of(path)
    except InputError:
        return None
