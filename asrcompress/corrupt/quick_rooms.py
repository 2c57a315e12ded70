"""Impulse responses to draw from by the thousand, at any rate, by several threads at once."""

from __future__ import annotations

from threading import Lock
from typing import Protocol

import numpy as np

from asrcompress.core.audio import Samples
from asrcompress.corrupt.room_folder import RoomFolder
from asrcompress.corrupt.simulate import EDGES_M, ROOMS_OF_A_CLASS, TALKERS, simulate_room
from asrcompress.corrupt.sound_bank import LIMIT_BYTES, SoundBank, draw_audible


class QuickRooms(Protocol):
    """Impulse responses of any room."""

    def draw(self, generator: np.random.Generator) -> Samples:
        """(time,) float32, not silent.

        Raises:
            InputError: a file cannot be read, or all are silent.
        """


class FolderRooms:
    """A folder's impulse responses, all equally likely."""

    def __init__(
        self, folder: RoomFolder, sample_rate_hz: int, *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self._files = folder.files
        self._bank = SoundBank(folder.files, sample_rate_hz, channel=0, limit_bytes=limit_bytes)

    def draw(self, generator: np.random.Generator) -> Samples:
        return draw_audible(self._files, generator, self._bank.whole)


class SimulatedQuickRooms:
    """Sixteen rooms of each class with three talkers each, other ones than those to test in."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._lock = Lock()
        self._rooms: dict[tuple[str, int], tuple[Samples, ...]] = {}

    def draw(self, generator: np.random.Generator) -> Samples:
        kind = tuple(EDGES_M)[int(generator.integers(len(EDGES_M)))]
        number = ROOMS_OF_A_CLASS + int(generator.integers(ROOMS_OF_A_CLASS))
        return self._room(kind, number)[int(generator.integers(TALKERS))]

    def _room(self, kind: str, number: int) -> tuple[Samples, ...]:
        with self._lock:  # the simulation has settings that are the whole program's
            if (kind, number) not in self._rooms:
                room = simulate_room(kind, number, self._sample_rate_hz)
                made = tuple(response.astype(np.float32) for response in room.responses)
                self._rooms[kind, number] = made
            return self._rooms[kind, number]
