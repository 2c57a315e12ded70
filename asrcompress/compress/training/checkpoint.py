"""A training's state on disk: whole or not there, and refused where it is another training's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from asrcompress.core.errors import OutputError
from asrcompress.core.files import read_json, sha256_of_file, write_json

_IDENTITY = "training.json"
_STATE, _PARTIAL = ".pt", ".partial"
_DIGEST_BYTES = hashlib.sha256().digest_size
_BLOCK_BYTES = 1 << 20
_FORM = 2


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The newest state of each stage of one training, in a folder of its own."""

    folder: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The folder, made where it is missing, for one training alone while the block lasts.

        The lock ends with the process, however that ends.

        Raises:
            OutputError: another training runs in it, or it cannot be made.
        """
        self._make()
        lock = _locked(self.folder)
        try:
            yield
        finally:
            with suppress(OSError):  # where nothing was begun in it
                self.folder.rmdir()
            os.close(lock)

    def open(self, identity: str) -> None:
        """Make the folder, or go on with what is there.

        Raises:
            OutputError: it holds another training, something else, or cannot be written.
        """
        marker = self.folder / _IDENTITY
        found = read_json(marker) if marker.is_file() else None
        if found is None and self._has_anything_else():
            raise OutputError(
                "not a training's folder", where=self.folder, expected=f"{_IDENTITY} in it"
            )
        is_another = found is not None and found != {"form": _FORM, "identity": identity}
        if is_another and any(self.folder.glob(f"*{_STATE}")):  # else nothing was learned yet
            raise OutputError(
                "another training was begun here",
                where=self.folder,
                got="other options, audio, model or versions",
                next_step="remove that folder, or name another output",
            )
        self._make()
        try:
            write_json(marker, {"form": _FORM, "identity": identity})
        except OSError as error:
            raise OutputError("cannot be written", where=self.folder, got=error.strerror) from None

    def save(self, stage: str, state: dict[str, Any]) -> None:
        """Replace a stage's state.

        Raises:
            OutputError: there is no room, or the folder cannot be written.
        """
        path = self._path(stage)
        partial = path.with_suffix(_PARTIAL)
        try:
            with partial.open("wb") as file:
                torch.save(state, file)
            digest = bytes.fromhex(sha256_of_file(partial))
            with partial.open("ab") as file:
                file.write(digest)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            raise OutputError(
                "a training's state cannot be saved",
                where=path,
                got=_reason(error),
                next_step="make room; the same command goes on from the last one saved",
            ) from None

    def read(self, stage: str) -> dict[str, Any] | None:
        """A stage's newest state, None where it has not begun.

        Raises:
            OutputError: the file is damaged.
        """
        path = self._path(stage)
        if not path.is_file():
            return None
        try:
            _check(path)
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # noqa: BLE001 - whatever unpickling damaged bytes raises
            raise OutputError(
                "a training's state is damaged",
                where=path,
                got=type(error).__name__,
                next_step="remove it; the training begins anew",
            ) from None
        return state

    def remove(self) -> None:
        """Remove the states, and the folder if nothing else is in it; nothing is left to resume."""
        with suppress(OSError):
            for kind in (f"*{_STATE}", f"*{_PARTIAL}", f".{_IDENTITY}.*", _IDENTITY):
                for path in self.folder.glob(kind):
                    path.unlink()
            self.folder.rmdir()

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError("cannot be written", where=self.folder, got=error.strerror) from None

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}{_STATE}"

    def _has_anything_else(self) -> bool:
        """Whether there is more than what a process left that was killed while it began."""
        if not self.folder.is_dir():
            return False
        return any(not path.name.startswith(f".{_IDENTITY}.") for path in self.folder.iterdir())


def _locked(folder: Path) -> int:
    """What holds a lock on a folder until it is closed.

    Raises:
        OutputError: another has it.
    """
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise OutputError(
            "another training runs here",
            where=folder,
            next_step="wait for its end, or name another output",
        ) from None
    except OSError:  # a file system without locks: nothing can be told
        pass
    return descriptor


def _check(path: Path) -> None:
    """Compare the file with the SHA-256 behind it: torch itself reads changed values as they are.

    Raises:
        ValueError: they differ.
    """
    digest, left = hashlib.sha256(), path.stat().st_size - _DIGEST_BYTES
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
        if file.read() != digest.digest():
            raise ValueError("not what was written")


def _reason(error: BaseException) -> str:
    """What the system said, where PyTorch's writer raised errors of its own after it."""
    raised: BaseException | None = error
    while raised is not None:
        if isinstance(raised, OSError) and raised.strerror:
            return raised.strerror
        raised = raised.__context__
    return type(error).__name__
