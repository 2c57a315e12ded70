"""Noises to draw from by the thousand, at any rate, by several threads at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock
from typing import Protocol

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples, resample
from asrcompress.core.seeds import generator_for
from asrcompress.core.utterance import Utterance
from asrcompress.corrupt.builtin import BABBLE, COLOURS, BuiltinNoise, coloured_noise
from asrcompress.corrupt.decoded import duration_s
from asrcompress.corrupt.folders import LibraryFile
from asrcompress.corrupt.level import fit_length, is_silent
from asrcompress.corrupt.noise_folder import NoiseFolder, find_loudest_s
from asrcompress.corrupt.sound_bank import LIMIT_BYTES, SoundBank, draw_audible

BABBLES = 16  # different mixtures of six voices
BABBLE_S = 30.0
_FADE_S = 0.010  # as the effect noise has it
_FEWEST_VOICES = 3


class QuickNoise(Protocol):
    """Noises of any type."""

    def draw(self, frames: int, generator: np.random.Generator) -> Samples:
        """(frames,) float32, not silent: a stretch of a noise, looped where it is too short.

        Raises:
            InputError: a file cannot be read, or all are silent.
        """


class FolderNoise:
    """Stretches of a folder's noises, all files equally likely, as the effect noise draws them."""

    def __init__(
        self, folder: NoiseFolder, sample_rate_hz: int, *, limit_bytes: int = LIMIT_BYTES
    ) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._files = folder.files
        self._bank = SoundBank(folder.files, sample_rate_hz, limit_bytes=limit_bytes)

    def draw(self, frames: int, generator: np.random.Generator) -> Samples:
        def read(file: LibraryFile) -> Samples:
            place = float(generator.random())
            of = self._of_memory if self._bank.is_kept(file) else self._of_file
            return of(file, frames, place)

        return draw_audible(self._files, generator, read)

    def _of_memory(self, file: LibraryFile, frames: int, place: float) -> Samples:
        samples = self._bank.whole(file)
        spare = len(samples) - frames
        found = _stretch(samples, frames, place, self._sample_rate_hz)
        if spare <= 0 or not is_silent(found):
            return found
        start = min(max(0, int(np.argmax(np.abs(samples))) - frames // 2), spare)
        return samples[start : start + frames]

    def _of_file(self, file: LibraryFile, frames: int, place: float) -> Samples:
        """As of memory, reading no more of a long file than is needed."""
        needed_s = frames / self._sample_rate_hz
        spare_s = duration_s(file.path) - needed_s
        if spare_s <= 0:
            return _stretch(self._bank.whole(file), frames, place, self._sample_rate_hz)
        found = self._bank.part(file, place * spare_s, needed_s)
        if is_silent(found):
            offset_s = min(max(0.0, find_loudest_s(file) - needed_s / 2), spare_s)
            found = self._bank.part(file, offset_s, needed_s)
        return np.resize(found, frames)  # rounded times can give a sample more or less


class BuiltinQuickNoise:
    """White, pink and brown noise, and babble of a corpus's voices, equally likely."""

    def __init__(self, utterances: Sequence[Utterance], seed: int, sample_rate_hz: int) -> None:
        self._voices = BuiltinNoise(_with_speakers(utterances))
        self._seed, self._sample_rate_hz = seed, sample_rate_hz
        has_babble = len({u.speaker for u in self._voices.utterances}) >= _FEWEST_VOICES
        self.kinds = (*COLOURS, *((BABBLE,) if has_babble else ()))
        self._lock = Lock()
        self._babbles: dict[int, Samples] = {}

    def draw(self, frames: int, generator: np.random.Generator) -> Samples:
        import scipy.fft

        kind = self.kinds[int(generator.integers(len(self.kinds)))]
        if kind == BABBLE:
            samples = self._babble(int(generator.integers(BABBLES)))
            return _stretch(samples, frames, float(generator.random()), self._sample_rate_hz)
        fast = scipy.fft.next_fast_len(frames, real=True)  # a prime takes ten times as long
        noise = coloured_noise(fast, COLOURS[kind], generator, self._sample_rate_hz)
        return noise[:frames].astype(np.float32)

    def _babble(self, number: int) -> Samples:
        """One of the mixtures, always the same of that number; made when first asked for."""
        with self._lock:
            if number not in self._babbles:
                generator = generator_for(self._seed, "babble to train with", number)
                frames = round(BABBLE_S * SAMPLE_RATE_HZ)
                listener = replace(self._voices.utterances[0], speaker=None)  # hears every voice
                clip = self._voices.draw(BABBLE, listener, frames, generator)
                made = clip.samples.astype(np.float32)
                self._babbles[number] = resample(made, SAMPLE_RATE_HZ, self._sample_rate_hz)
            return self._babbles[number]


def _stretch(samples: Samples, frames: int, place: float, sample_rate_hz: int) -> Samples:
    """(frames,) float32 of a noise from a place in [0, 1) on; a short one goes round."""
    if len(samples) > frames:
        start = int(place * (len(samples) - frames))
        return samples[start : start + frames]
    fade = min(round(_FADE_S * sample_rate_hz), len(samples) // 2)
    start = int(place * (len(samples) - fade))
    return fit_length(samples, frames, fade, start).astype(np.float32)


def _with_speakers(utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """The utterances, each as if of its own speaker where fewer than three are named."""
    named = {utterance.speaker for utterance in utterances} - {None}
    if len(named) >= _FEWEST_VOICES and all(u.speaker is not None for u in utterances):
        return tuple(utterances)
    return tuple(replace(utterance, speaker=f"\0{utterance.id}") for utterance in utterances)
