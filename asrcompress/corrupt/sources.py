"""Where noises and rooms come from: the contract, and the pair of them a run works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of
from asrcompress.corrupt.level import Floats

SIMULATED_NOTE = "simulated: not comparable with DNS4 or OpenSLR"


@dataclass(frozen=True, slots=True)
class Clip:
    """A noise: (time,) samples, as long as needed or shorter where the file is shorter."""

    samples: Floats
    kind: str
    id: str
    offset_s: float


@dataclass(frozen=True, slots=True)
class Response:
    """An impulse response: (time,) samples, its room class, and what was measured of it.

    rt60_s and drr_db (direct-to-reverberant ratio) are None where they cannot be measured;
    target_rt60_s, what a simulated room was made for, where nothing was simulated.
    """

    samples: Floats
    room: str
    id: str
    rt60_s: float | None
    drr_db: float | None = None
    target_rt60_s: float | None = None


class Source(Protocol):
    """What noises and rooms have in common."""

    @property
    def is_simulated(self) -> bool: ...

    def describe(self) -> dict[str, Any]:
        """What it is, as JSON for corpus.json."""

    def check(self, kind: str | None) -> None:
        """Raises InputError, listing the kinds there are, where `kind` is not among them."""

    def fingerprint(self, kind: str | None) -> object:
        """JSON that changes whenever a draw of that kind can change."""


class NoiseSource(Source, Protocol):
    """Noises by type; None is any type."""

    def draw(
        self, kind: str | None, utterance: Utterance, frames: int, generator: np.random.Generator
    ) -> Clip:
        """A noise for an utterance of `frames` samples at 16 kHz."""


class RoomSource(Source, Protocol):
    """Impulse responses by room class; None is any class."""

    def draw(self, kind: str | None, generator: np.random.Generator) -> Response:
        """A response at 16 kHz."""

    def draw_beside(self, response: Response, generator: np.random.Generator) -> Response | None:
        """Another response of the same room, for a noise in it; None where there is no other."""


@dataclass(frozen=True, slots=True)
class Libraries:
    """The noises and rooms of a run."""

    noise: NoiseSource
    rooms: RoomSource


def open_libraries(corpus: Corpus, noise: Path | None = None, rir: Path | None = None) -> Libraries:
    """The libraries in two folders; the built-in one for a folder that is not given.

    Raises:
        InputError: no such folder, or no audio in it.
    """
    from asrcompress.corrupt.builtin import BuiltinNoise, SimulatedRooms
    from asrcompress.corrupt.noise_folder import open_noise_folder
    from asrcompress.corrupt.room_folder import open_room_folder

    return Libraries(
        noise=BuiltinNoise(corpus.utterances) if noise is None else open_noise_folder(noise),
        rooms=SimulatedRooms() if rir is None else open_room_folder(rir),
    )


def check_kind(what: str, kind: str | None, known: Sequence[str], where: object) -> None:
    """Raises InputError with the kinds there are where `kind` is not one of them."""
    if kind is not None and kind not in known:
        raise InputError(
            f"no such {what}", where=where, got=repr(kind), expected=expected_one_of(kind, known)
        )
