"""Noises and impulse responses from the user's folders."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, audio_files, probe_audio, read_audio
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file, version_of_file
from asrcompress.corrupt.level import Floats, is_silent
from asrcompress.corrupt.listing import listed_responses, read_table
from asrcompress.corrupt.rooms import measure_rt60, room_class
from asrcompress.corrupt.sources import Clip, Response, check_kind

UNTYPED = "untyped"
_SPARE_S = 0.01  # read beyond the crop: a resampled crop may come out a sample short
_SCAN_S = 60.0  # a long noise is searched for sound in pieces of a minute


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file of a library under its path in it, and its noise type or room class."""

    id: str
    path: Path
    kind: str


@dataclass(frozen=True, slots=True)
class _Folder:
    root: Path
    files: tuple[LibraryFile, ...]

    @property
    def is_simulated(self) -> bool:
        return False

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted({file.kind for file in self.files}))

    def of_kind(self, kind: str | None) -> tuple[LibraryFile, ...]:
        return tuple(file for file in self.files if kind in (None, file.kind))

    def describe(self) -> dict[str, Any]:
        counts = Counter(file.kind for file in self.files)
        return {"library": self.root.resolve().name, "files": dict(sorted(counts.items()))}

    def fingerprint(self, kind: str | None) -> object:
        return [[file.id, file.kind, _hash_of(file.path)] for file in self.of_kind(kind)]


class NoiseFolder(_Folder):
    """The noise files of a folder by type."""

    def check(self, kind: str | None) -> None:
        check_kind("noise type", kind, self.kinds, self.root)

    def draw(
        self, kind: str | None, utterance: Utterance, frames: int, generator: np.random.Generator
    ) -> Clip:
        """One file, all equally likely, cut at a random offset where it is longer.

        Raises:
            InputError: the file cannot be read, or it is silent all through.
        """
        del utterance  # any file suits every utterance
        files = self.of_kind(kind)
        file = files[int(generator.integers(len(files)))]
        place = float(generator.random())
        needed_s = frames / SAMPLE_RATE_HZ + _SPARE_S
        slack_s = probe_audio(file.path).duration_s - needed_s
        if slack_s <= 0:
            return Clip(_audible(file, read_audio(file.path)), file.kind, file.id, 0.0)
        offset_s = place * slack_s
        crop = read_audio(file.path, offset_s=offset_s, duration_s=needed_s)
        if is_silent(crop[:frames]):
            offset_s = min(max(0.0, _loudest_s(file) - needed_s / 2), slack_s)
            crop = read_audio(file.path, offset_s=offset_s, duration_s=needed_s)
        return Clip(_audible(file, crop), file.kind, file.id, offset_s)


class RoomFolder(_Folder):
    """The impulse responses of a folder by room class."""

    def check(self, kind: str | None) -> None:
        check_kind("room", kind, self.kinds, self.root)

    def draw(self, kind: str | None, generator: np.random.Generator) -> Response:
        """One response, all equally likely.

        Raises:
            InputError: the file cannot be read, or it is silent.
        """
        files = self.of_kind(kind)
        file = files[int(generator.integers(len(files)))]
        samples, rt60_s = _response(file.path)
        return Response(_audible(file, samples), file.kind, file.id, rt60_s)


def open_noise_folder(root: Path) -> NoiseFolder:
    """The noises of `<root>/<type>/*`; a flat file's type is in manifest.tsv or .csv.

    Raises:
        InputError: no such folder, no audio in it, or a manifest with mistakes.
    """
    paths = _files_in(root, "noise")
    types = {name: row.get("type") for name, row in read_table(root).items()}
    names = [path.relative_to(root).as_posix() for path in paths]
    return NoiseFolder(
        root,
        tuple(
            LibraryFile(name, path, _type_of(name, types.get(name)))
            for name, path in zip(names, paths, strict=True)
        ),
    )


def open_room_folder(root: Path) -> RoomFolder:
    """The responses in a folder: those a Kaldi rir_list names, or else all audio in it.

    Raises:
        InputError: no such folder, no audio in it, a pipe in a rir_list, or an unknown class.
    """
    paths = listed_responses(root) or _files_in(root, "impulse responses")
    rows = read_table(root)
    return RoomFolder(root, tuple(_room_file(root, path, rows) for path in paths))


def _room_file(root: Path, path: Path, rows: Mapping[str, Mapping[str, str]]) -> LibraryFile:
    relative = path.relative_to(root)
    name = relative.as_posix()
    kind = room_class(root.name / relative, rows.get(name, {}), lambda: _response(path)[1])
    return LibraryFile(name, path, kind)


def _type_of(name: str, listed: str | None) -> str:
    folder, _, rest = name.partition("/")
    return folder if rest else listed or UNTYPED


def _files_in(root: Path, what: str) -> list[Path]:
    if not root.is_dir():
        raise InputError(f"no such {what} folder", where=root)
    paths = list(audio_files(root))
    if not paths:
        raise InputError(f"no {what} in the folder", where=root, expected="WAV or FLAC files")
    return paths


def _audible(file: LibraryFile, samples: Floats) -> Floats:
    if is_silent(samples):
        raise InputError("silent file", where=file.path, next_step="remove it from the library")
    return samples


def _loudest_s(file: LibraryFile) -> float:
    """Where the loudest sample of a long file is, in s."""
    pieces = math.ceil(probe_audio(file.path).duration_s / _SCAN_S)
    best, loudest_s = 0.0, 0.0
    for start_s in (piece * _SCAN_S for piece in range(pieces)):
        piece = np.abs(read_audio(file.path, offset_s=start_s, duration_s=_SCAN_S))
        if float(piece.max()) > best:
            best = float(piece.max())
            loudest_s = start_s + int(piece.argmax()) / SAMPLE_RATE_HZ
    return loudest_s


def _response(path: Path) -> tuple[Floats, float | None]:
    """A response at 16 kHz and its RT60 in s."""
    return _read_response(path, version_of_file(path))


@lru_cache(maxsize=64)
def _read_response(path: Path, version: tuple[int, int]) -> tuple[Floats, float | None]:
    """Read-only, as the cache shares it."""
    del version  # it is in the cache's key only
    samples = read_audio(path).astype(np.float64)
    samples.flags.writeable = False
    return samples, None if is_silent(samples) else measure_rt60(samples, SAMPLE_RATE_HZ)


def _hash_of(path: Path) -> str:
    return _hash_of_version(path, version_of_file(path))


@lru_cache(maxsize=1 << 17)
def _hash_of_version(path: Path, version: tuple[int, int]) -> str:
    del version  # it is in the cache's key only
    return sha256_of_file(path)
