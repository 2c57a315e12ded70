"""Folders of audio: what the noises' and the rooms' have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any

from asrcompress.core.audio import audio_files
from asrcompress.core.errors import InputError
from asrcompress.corrupt.decoded import sha256_kept
from asrcompress.corrupt.level import Floats, is_silent

CODE_VERSION = 2  # raise it with every change of what is read from a library's file

# Folders of published archives, which say nothing of the sound: DNS challenge, OpenSLR 28.
ARCHIVE_FOLDERS = frozenset(
    {
        "datasets",
        "datasets_fullband",
        "impulse_responses",
        "noise",
        "noise_fullband",
        "pointsource_noises",
        "real_rirs_isotropic_noises",
        "rirs_noises",
        "simulated_rirs",
    }
)


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file of a library under its path in it, its noise type or room class, and its room."""

    id: str
    path: Path
    kind: str
    room_id: str | None = None


@dataclass(frozen=True)
class Folder:
    """The files of a library, and how many audio files in it are not of the library's sort."""

    root: Path
    files: tuple[LibraryFile, ...]
    left_out: int = 0

    @property
    def is_simulated(self) -> bool:
        return False

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted({file.kind for file in self.files}))

    @cached_property
    def _by_kind(self) -> dict[str, tuple[LibraryFile, ...]]:
        return {
            kind: tuple(file for file in self.files if file.kind == kind) for kind in self.kinds
        }

    def of_kind(self, kind: str | None) -> tuple[LibraryFile, ...]:
        return self.files if kind is None else self._by_kind.get(kind, ())

    def describe(self) -> dict[str, Any]:
        counts = Counter(file.kind for file in self.files)
        left_out = {"files_left_out": self.left_out} if self.left_out else {}
        return {
            "library": self.root.resolve().name,
            "files": dict(sorted(counts.items())),
            **left_out,
        }

    def fingerprint(self, kind: str | None) -> object:
        files = [[file.id, file.kind, sha256_kept(file.path)] for file in self.of_kind(kind)]
        return [CODE_VERSION, files]


def audio_in(root: Path, what: str) -> list[Path]:
    """All audio files below a folder.

    Raises:
        InputError: no such folder, or no audio in it.
    """
    if not root.is_dir():
        raise InputError(f"no such {what} folder", where=root)
    paths = list(audio_files(root))
    if not paths:
        raise nothing_in(root, what)
    return paths


def others(
    root: Path,
    paths: Iterable[Path],
    listed: Collection[Path],
    is_of_other_sort: Callable[[PurePath], bool],
) -> list[Path]:
    """The files that are not of the other sort, noises or responses, by its lists or its names.

    listed: those that the other sort's Kaldi lists name.
    """
    return [
        path
        for path in paths
        if path not in listed and not is_of_other_sort(root.name / path.relative_to(root))
    ]


def nothing_in(root: Path, what: str) -> InputError:
    return InputError(f"no {what} in the folder", where=root, expected="WAV or FLAC files")


def audible(file: LibraryFile, samples: Floats) -> Floats:
    """The samples.

    Raises:
        InputError: they are silent.
    """
    if is_silent(samples):
        raise InputError("silent file", where=file.path, next_step="remove it from the library")
    return samples
