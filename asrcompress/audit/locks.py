"""Locks between the processes that share a cache; each ends with its process, however that ends."""

from __future__ import annotations

import errno
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.errors import OutputError

_POLL_S = 0.2  # short beside any piece of work, long beside a look at a lock
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Locks:
    """A folder of lock files. A file that nobody holds means nothing."""

    folder: Path

    @contextmanager
    def held(self, name: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold a name alone; `waiting` is called again and again while another process has it.

        Raises:
            OutputError: the folder cannot be written.
            Exception: what `waiting` raises to give up.
        """
        descriptor = self._take(name, waiting)
        try:
            yield
        finally:
            (self.folder / name).unlink(missing_ok=True)  # while it is held: see `_is_current`
            os.close(descriptor)

    @contextmanager
    def machine(self, waiting: Callable[[], None], *, is_alone: bool) -> Iterator[None]:
        """Work on this machine beside others that share it, or alone, when it is measured."""
        name = f"machine-{_UNSAFE.sub('-', socket.gethostname())}"
        descriptor = self._take(name, waiting, is_shared=not is_alone)
        try:
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def if_free(self, name: str) -> Iterator[bool]:
        """Whether no process holds the name; if so, it is held while the block lasts."""
        path = self.folder / name
        if not self.folder.is_dir():  # nobody has ever held one
            yield True
            return
        descriptor = _try(path)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                path.unlink(missing_ok=True)
                os.close(descriptor)

    def _take(self, name: str, waiting: Callable[[], None], *, is_shared: bool = False) -> int:
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            while (descriptor := _try(path, is_shared=is_shared)) is None:
                waiting()
                time.sleep(_POLL_S)
        except OSError as error:
            raise OutputError(
                "cannot lock in the cache",
                where=path,
                got=error.strerror,
                next_step="choose a writable folder with --cache",
            ) from None
        return descriptor


def _try(path: Path, *, is_shared: bool = False) -> int | None:
    """The open lock; None where another process holds it.

    A file system without locks has nothing to wait for: pieces are written whole even so.
    """
    import fcntl

    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            return descriptor
        os.close(descriptor)
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return None
        raise
    if not _is_current(descriptor, path):
        os.close(descriptor)
        return None
    return descriptor


def _is_current(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at the path: its last holder removed it on leaving."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
