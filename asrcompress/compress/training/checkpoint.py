"""A training's state on disk: whole or not there, and refused where it is another training's."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from asrcompress.core.errors import OutputError
from asrcompress.core.files import read_json, write_json

_IDENTITY = "training.json"
_FORM = 1


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The newest state of each stage of one training, in a folder of its own."""

    folder: Path

    def open(self, identity: str) -> None:
        """Make the folder, or go on with what is there.

        Raises:
            OutputError: it holds another training, something else, or cannot be written.
        """
        marker = self.folder / _IDENTITY
        found = read_json(marker) if marker.is_file() else None
        if found is None and self.folder.is_dir() and any(self.folder.iterdir()):
            raise OutputError(
                "not a training's folder", where=self.folder, expected=f"{_IDENTITY} in it"
            )
        if found is not None and found != {"form": _FORM, "identity": identity}:
            raise OutputError(
                "another training was begun here",
                where=self.folder,
                got="other options, audio, model or versions",
                next_step="remove that folder, or name another output",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(marker, {"form": _FORM, "identity": identity})
        except OSError as error:
            raise OutputError("cannot be written", where=self.folder, got=error.strerror) from None

    def save(self, stage: str, state: dict[str, Any]) -> None:
        """Replace a stage's state.

        Raises:
            OutputError: there is no room, or the folder cannot be written.
        """
        path = self._path(stage)
        partial = path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, RuntimeError) as error:
            partial.unlink(missing_ok=True)
            raise OutputError(
                "a training's state cannot be saved", where=path, got=str(error)[:200]
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
        """Remove the folder; nothing is left to resume."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, stage: str) -> Path:
        return self.folder / f"{stage}.pt"
