"""Impulse responses from the user's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples
from asrcompress.core.audio_stream import Span
from asrcompress.core.files import version_of_file
from asrcompress.corrupt.decay import measure_drr_db, measure_rt60
from asrcompress.corrupt.decoded import read_kept
from asrcompress.corrupt.folders import (
    ARCHIVE_FOLDERS,
    Folder,
    LibraryFile,
    audible,
    audio_in,
    nothing_in,
    others,
)
from asrcompress.corrupt.level import is_silent
from asrcompress.corrupt.listing import NOISE_LIST, RIR_LIST, listed_files, read_table
from asrcompress.corrupt.rooms import is_class_name, is_noise_path, room_class
from asrcompress.corrupt.sources import Response, check_kind

ROOM_COLUMNS = ("room", "room_id")

# Microphones of an array hear the same reflections at different times: their mean is a comb
# filter. Kaldi's wav-reverberate takes the first channel as well.
_FIRST_CHANNEL = Span(channel=0)
_CHANNEL_NOTE = "the first"


class _Measured(NamedTuple):
    rt60_s: float | None
    drr_db: float | None


@dataclass(frozen=True)
class RoomFolder(Folder):
    """The impulse responses of a folder by room class."""

    @cached_property
    def _by_id(self) -> dict[str, LibraryFile]:
        return {file.id: file for file in self.files}

    @cached_property
    def _by_room(self) -> dict[str, tuple[LibraryFile, ...]]:
        found: dict[str, list[LibraryFile]] = {}
        for file in self.files:
            if file.room_id is not None:
                found.setdefault(file.room_id, []).append(file)
        return {room_id: tuple(files) for room_id, files in found.items()}

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "channel": _CHANNEL_NOTE}

    def check(self, kind: str | None) -> None:
        check_kind("room", kind, self.kinds, self.root)

    def draw(self, kind: str | None, generator: np.random.Generator) -> Response:
        """One response, all equally likely.

        Raises:
            InputError: the file cannot be read, or it is silent.
        """
        files = self.of_kind(kind)
        return _response(files[int(generator.integers(len(files)))])

    def draw_beside(self, response: Response, generator: np.random.Generator) -> Response | None:
        """Another response of the same room, all equally likely.

        The room is what rir_list says (room-id), the manifest (room), or a folder of its own.

        Raises:
            InputError: the file cannot be read, or it is silent.
        """
        file = self._by_id[response.id]
        others = [other for other in self._by_room.get(file.room_id or "", ()) if other != file]
        return _response(others[int(generator.integers(len(others)))]) if others else None


def open_room_folder(root: Path) -> RoomFolder:
    """The responses in a folder: those a Kaldi rir_list names, or else all audio but noises.

    Raises:
        InputError: no such folder, no response in it, a list or manifest with mistakes, or an
            unknown class.
    """
    what = "impulse responses"
    paths = audio_in(root, what)
    listed, noises = listed_files(root, RIR_LIST), listed_files(root, NOISE_LIST)
    responses = list(listed) or others(root, paths, noises, is_noise_path)
    if not responses:
        raise nothing_in(root, what)
    rows = read_table(root)
    files = []
    for path in responses:
        relative = path.relative_to(root)
        row = rows.get(relative.as_posix(), {})
        files.append(_room_file(root, relative, row, listed.get(path, {}).get("room-id")))
    return RoomFolder(root, tuple(files), len(set(paths) - set(responses)))


def _room_file(
    root: Path, relative: PurePath, row: Mapping[str, str], listed_room: str | None
) -> LibraryFile:
    path = root / relative
    kind = room_class(root.name / relative, row, lambda: _measure(path).rt60_s)
    room = listed_room or next((row[name] for name in ROOM_COLUMNS if row.get(name)), None)
    room_id = f"{kind}/{room}" if room else _room_of_folder(relative)  # ids repeat across sizes
    return LibraryFile(relative.as_posix(), path, kind, room_id)


def _room_of_folder(relative: PurePath) -> str | None:
    """The folder, where it can be one room's: not the library itself, a class, or an archive's."""
    folder = relative.parent.name
    if not folder or is_class_name(folder) or folder.lower() in ARCHIVE_FOLDERS:
        return None
    return relative.parent.as_posix()


def _response(file: LibraryFile) -> Response:
    samples = audible(file, _samples(file.path))
    measured = _measure(file.path)
    return Response(
        samples.astype(np.float64), file.kind, file.id, measured.rt60_s, measured.drr_db
    )


def _samples(path: Path) -> Samples:
    return read_kept(path, _FIRST_CHANNEL)


def _measure(path: Path) -> _Measured:
    return _measure_version(path, version_of_file(path))


@lru_cache(maxsize=1 << 17)
def _measure_version(path: Path, version: tuple[int, int]) -> _Measured:
    del version  # it is in the cache's key only
    samples = _samples(path)
    if is_silent(samples):
        return _Measured(None, None)
    return _Measured(measure_rt60(samples, SAMPLE_RATE_HZ), measure_drr_db(samples, SAMPLE_RATE_HZ))
