"""Noises and rooms without any folder: coloured noise, babble of the corpus, simulated rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.corrupt.decay import measure_drr_db, measure_rt60
from asrcompress.corrupt.decoded import read_kept
from asrcompress.corrupt.level import Floats, fit_length, is_silent, power
from asrcompress.corrupt.simulate import EDGES_M, ROOMS_OF_A_CLASS, TALKERS, simulate_room
from asrcompress.corrupt.sources import SIMULATED_NOTE, Clip, Response, check_kind

CODE_VERSION = 2  # raise it with every change that changes a built-in noise or room
BABBLE = "babble"
COLOURS = {"white": 0.0, "pink": 0.5, "brown": 1.0}  # amplitude falls with frequency to this power

_LOWEST_HZ = 20.0  # no power below: it is inaudible, and would take up most of brown noise's
_VOICES = 6  # with fewer, speech is found in their gaps (Simpson & Cooke 2005)
_FEWEST_SPEAKERS = 2
_LONGEST_VOICE_S = 60.0  # of a recording of hours a minute is decoded
_FADE_FRAMES = SAMPLE_RATE_HZ // 100


@dataclass(frozen=True)
class BuiltinNoise:
    """White, pink and brown noise, and babble summed from the corpus's other speakers."""

    utterances: tuple[Utterance, ...]

    @property
    def is_simulated(self) -> bool:
        return True

    @property
    def kinds(self) -> tuple[str, ...]:
        """Babble is among them only where every speaker has two others."""
        return (*COLOURS, BABBLE) if self._has_babble else tuple(COLOURS)

    @cached_property
    def _said_by(self) -> dict[str, list[Utterance]]:
        """The utterances of each speaker; speakers and utterances sorted."""
        by_speaker: dict[str, list[Utterance]] = {}
        for utterance in sorted(self.utterances, key=lambda utterance: utterance.id):
            if utterance.speaker is not None:
                by_speaker.setdefault(utterance.speaker, []).append(utterance)
        return dict(sorted(by_speaker.items()))

    @cached_property
    def _has_babble(self) -> bool:
        all_named = all(utterance.speaker is not None for utterance in self.utterances)
        return all_named and len(self._said_by) > _FEWEST_SPEAKERS

    def describe(self) -> dict[str, Any]:
        return {"library": "built-in", "types": list(self.kinds), "note": SIMULATED_NOTE}

    def check(self, kind: str | None) -> None:
        if kind == BABBLE and not self._has_babble:
            raise InputError(
                "babble is summed from the corpus's other speakers",
                got=f"{len(self._said_by)} speakers named",
                expected=f"a speaker for every utterance, and {_FEWEST_SPEAKERS + 1} or more of "
                "them",
                next_step="give a folder of noise with --noise, or another type",
            )
        check_kind("noise type", kind, (*COLOURS, BABBLE), "built-in noises")

    def fingerprint(self, kind: str | None) -> object:
        return ["built-in", CODE_VERSION, kind]

    def draw(
        self, kind: str | None, utterance: Utterance, frames: int, generator: np.random.Generator
    ) -> Clip:
        """A noise of exactly `frames` samples."""
        chosen = kind or self.kinds[int(generator.integers(len(self.kinds)))]
        if chosen == BABBLE:
            return self._babble(utterance, frames, generator)
        noise = coloured_noise(frames, COLOURS[chosen], generator)
        return Clip(noise, chosen, f"builtin:{chosen}", 0.0)

    def _babble(self, utterance: Utterance, frames: int, generator: np.random.Generator) -> Clip:
        """Six voices of equal power, each from a random place of an utterance onwards.

        Files that cannot be read or are silent are passed over: the run reports them anyway.
        """
        total, voices = np.zeros(frames), []
        for voice in self._voices(utterance.speaker, generator):
            start = float(generator.random())
            samples = _voice(voice, start)
            if samples is None:
                continue
            turned = np.roll(samples, -int(start * len(samples)))
            total += fit_length(turned, frames, _FADE_FRAMES)
            voices.append(voice)
            if len(voices) == _VOICES:
                break
        if len({voice.speaker for voice in voices}) < _FEWEST_SPEAKERS:
            raise InputError("too few readable voices for babble", where=utterance.path)
        names = ",".join(voice.id for voice in voices)
        return Clip(total, BABBLE, f"builtin:babble({names})", 0.0)

    def _voices(self, speaker: str | None, generator: np.random.Generator) -> Iterator[Utterance]:
        """An utterance of each other speaker, in a random order of speakers; and so on again."""
        others = [said for name, said in self._said_by.items() if name != speaker]
        order = generator.permutation(len(others))
        for _ in range(_VOICES):
            for said in (others[place] for place in order):
                yield said[int(generator.random() * len(said))]


@dataclass(frozen=True, slots=True)
class SimulatedRooms:
    """Sixteen shoe-box rooms of each class with three talkers each, always the same ones."""

    @property
    def is_simulated(self) -> bool:
        return True

    def describe(self) -> dict[str, Any]:
        rooms = dict.fromkeys(EDGES_M, ROOMS_OF_A_CLASS)
        return {"library": "image-source rooms", "rooms": rooms, "note": SIMULATED_NOTE}

    def check(self, kind: str | None) -> None:
        check_kind("room", kind, tuple(EDGES_M), "simulated rooms")

    def fingerprint(self, kind: str | None) -> object:
        return ["simulated", CODE_VERSION, kind]

    def draw(self, kind: str | None, generator: np.random.Generator) -> Response:
        """One talker in one of the rooms, all equally likely."""
        chosen = kind or tuple(EDGES_M)[int(generator.integers(len(EDGES_M)))]
        number = int(generator.integers(ROOMS_OF_A_CLASS))
        return _simulated(chosen, number, int(generator.integers(TALKERS)))

    def draw_beside(self, response: Response, generator: np.random.Generator) -> Response | None:
        """Another talker's place in the same room."""
        match = _SIMULATED_ID.fullmatch(response.id)
        if match is None:
            return None
        others = [talker for talker in range(TALKERS) if talker != int(match["talker"])]
        talker = others[int(generator.integers(len(others)))]
        return _simulated(match["room"], int(match["number"]), talker)


_SIMULATED_ID = re.compile(r"simulated:(?P<room>\w+)-(?P<number>\d+)/talker-(?P<talker>\d+)")


@lru_cache(maxsize=len(EDGES_M) * ROOMS_OF_A_CLASS * TALKERS)
def _simulated(kind: str, number: int, talker: int) -> Response:
    room = simulate_room(kind, number, SAMPLE_RATE_HZ)
    samples = room.responses[talker]
    return Response(
        samples,
        kind,
        f"simulated:{kind}-{number:02d}/talker-{talker}",
        measure_rt60(samples, SAMPLE_RATE_HZ),
        measure_drr_db(samples, SAMPLE_RATE_HZ),
        room.target_rt60_s,
    )


def coloured_noise(
    frames: int,
    exponent: float,
    generator: np.random.Generator,
    sample_rate_hz: int = SAMPLE_RATE_HZ,
) -> Floats:
    """(frames,) float64 Gaussian noise of power 1, its amplitude spectrum 1 / f^exponent."""
    white = generator.standard_normal(frames)
    frequencies_hz = np.fft.rfftfreq(frames, 1 / sample_rate_hz)
    audible = frequencies_hz >= _LOWEST_HZ
    if not audible.any():
        return white
    shape = np.where(audible, np.maximum(frequencies_hz, _LOWEST_HZ) ** -exponent, 0.0)
    noise = np.fft.irfft(np.fft.rfft(white) * shape, frames)
    return np.asarray(noise / np.sqrt(power(noise)))


def _voice(utterance: Utterance, start: float) -> Floats | None:
    """An utterance at power 1; None where it cannot be read or is silent.

    Of one longer than a minute, a minute from `start` on, 0 to 1 of the way that leaves.
    """
    span = utterance.span
    if (spare_s := utterance.duration_s - _LONGEST_VOICE_S) > 0:
        span = replace(span, offset_s=span.offset_s + start * spare_s, duration_s=_LONGEST_VOICE_S)
    try:
        samples = read_kept(utterance.path, span)
    except InputError:
        return None
    return None if is_silent(samples) else samples / np.sqrt(power(samples))
