"""Making training audio harder: noise and rooms in half of what is heard.

Drawing and mixing are corrupt's; this chooses among them, so that compress need not know how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_json

if TYPE_CHECKING:
    import numpy as np

    from asrcompress.compress.training.audio import Augment
    from asrcompress.core.audio import Samples
    from asrcompress.core.utterance import Utterance
    from asrcompress.corrupt.quick_noise import QuickNoise
    from asrcompress.corrupt.quick_rooms import QuickRooms
    from asrcompress.corrupt.sources import Libraries

Augmenting = Literal["none", "noise", "rooms", "both"]
CODE_VERSION = 1  # raised when the same draws give other audio; part of keys
SHARE = 0.5  # of the audio is made harder; the rest keeps what the model does in the clean
_NOISE, _ROOM, _NOISE_IN_ROOM = range(3)
_KINDS = {"noise": (_NOISE,), "rooms": (_ROOM,), "both": (_NOISE, _ROOM, _NOISE_IN_ROOM)}
_LOWEST_DB, _HIGHEST_DB = -30.0, 60.0  # those of the effect noise


@dataclass(frozen=True, slots=True)
class AugmentationSource:
    """What audio is made harder with: folders, or built-in noises and rooms where there is none.

    utterances: those that are trained on, of whose voices babble is made.
    """

    augment: Augmenting
    snr_db: tuple[float, float]
    noise: Path | None
    rir: Path | None
    utterances: Sequence[Utterance]
    seed: int

    @property
    def has_noise(self) -> bool:
        return self.augment in ("noise", "both")

    @property
    def has_rooms(self) -> bool:
        return self.augment in ("rooms", "both")


class Augmentation(NamedTuple):
    """How audio is made harder, None for not at all; it in words; a hash of all it depends on."""

    augment: Augment | None
    words: str
    sha256: str


def read_snr_range(text: str) -> tuple[float, float]:
    """The lowest and highest SNR in dB of a text like "0,20", or a single one like "10".

    Raises:
        InputError: no numbers, more than two, out of bounds, or the highest first.
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) not in (1, 2) or not _LOWEST_DB <= found[0] <= found[-1] <= _HIGHEST_DB:
        raise InputError(
            "option 'augment_snr' cannot be used",
            got=repr(text),
            expected=f"the lowest and highest SNR, {_LOWEST_DB:g} to {_HIGHEST_DB:g} dB, like 0,20",
        )
    return found[0], found[-1]


def augmentation_of(source: AugmentationSource) -> Augmentation:
    """The augmentation with these sounds; they are decoded or made when they are first drawn.

    Raises:
        InputError: a folder cannot be used.
    """
    if source.augment == "none":
        return Augmentation(None, "none", sha256_of_json([CODE_VERSION, "none"]))
    from asrcompress.core.corpus import Corpus
    from asrcompress.corrupt import open_libraries

    noise = source.noise if source.has_noise else None
    rir = source.rir if source.has_rooms else None
    libraries = open_libraries(Corpus("", tuple(source.utterances)), noise, rir)
    used = [
        libraries.noise.fingerprint(None) if source.has_noise else None,
        libraries.rooms.fingerprint(None) if source.has_rooms else None,
    ]
    settings = [source.augment, SHARE, list(source.snr_db), source.seed]
    described = sha256_of_json([CODE_VERSION, settings, used])
    return Augmentation(_Harder(source, libraries), _in_words(source), described)


@dataclass(frozen=True, slots=True)
class _Sounds:
    """Noises and rooms at one sample rate."""

    noise: QuickNoise
    rooms: QuickRooms


@dataclass(frozen=True, slots=True)
class _Harder:
    """An `Augment`; several threads may use it at once."""

    source: AugmentationSource
    libraries: Libraries
    opened: dict[int, _Sounds] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __call__(
        self, samples: Samples, sample_rate_hz: int, generator: np.random.Generator
    ) -> Samples:
        """The samples as they are in half of the draws; else in a room, with noise, or both."""
        from asrcompress.corrupt.level import is_silent
        from asrcompress.corrupt.mixing import add_noise, put_in_room

        if generator.random() >= SHARE or is_silent(samples):
            return samples
        sounds, kinds = self._at(sample_rate_hz), _KINDS[self.source.augment]
        kind = kinds[int(generator.integers(len(kinds)))]
        early_power = None
        if kind != _NOISE:
            response = sounds.rooms.draw(generator)
            samples, early_power = put_in_room(samples, response, sample_rate_hz)
        if kind != _ROOM:
            snr_db = float(generator.uniform(*self.source.snr_db))
            noise = sounds.noise.draw(len(samples), generator)
            samples = add_noise(samples, noise, snr_db, early_power)
        return samples

    def _at(self, sample_rate_hz: int) -> _Sounds:
        with self.lock:
            if sample_rate_hz not in self.opened:
                self.opened[sample_rate_hz] = _sounds(self.source, self.libraries, sample_rate_hz)
            return self.opened[sample_rate_hz]


def _sounds(source: AugmentationSource, libraries: Libraries, sample_rate_hz: int) -> _Sounds:
    from asrcompress.corrupt.noise_folder import NoiseFolder
    from asrcompress.corrupt.quick_noise import BuiltinQuickNoise, FolderNoise
    from asrcompress.corrupt.quick_rooms import FolderRooms, SimulatedQuickRooms
    from asrcompress.corrupt.room_folder import RoomFolder

    noise: QuickNoise = BuiltinQuickNoise(source.utterances, source.seed, sample_rate_hz)
    rooms: QuickRooms = SimulatedQuickRooms(sample_rate_hz)
    if isinstance(libraries.noise, NoiseFolder):
        noise = FolderNoise(libraries.noise, sample_rate_hz)
    if isinstance(libraries.rooms, RoomFolder):
        rooms = FolderRooms(libraries.rooms, sample_rate_hz)
    return _Sounds(noise, rooms)


def _in_words(source: AugmentationSource) -> str:
    """For example noise at 0 to 20 dB, in rooms (simulated), or both, in half of the audio."""
    low, high = source.snr_db
    level = f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"
    words = []
    if source.has_noise:
        words.append(f"noise at {level} ({_named(source.noise, 'built-in')})")
    if source.has_rooms:
        words.append(f"rooms ({_named(source.rir, 'simulated')})")
    both = ", or both at once" if len(words) == 2 else ""
    return f"{', '.join(words)}{both}, in half of what is heard"


def _named(folder: Path | None, without: str) -> str:
    return without if folder is None else folder.resolve().name
