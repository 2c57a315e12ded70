"""Join word clips into utterances, with every augmentation, ready for a training step."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import soxr
import torch
from augment import Wave, add_noise, colour_and_room, noise_pool
from clips import SAMPLE_RATE_HZ, Clip, ClipBank
from stretch import STRETCHED
from torch import Tensor

TOKENS = {letter: index for index, letter in enumerate("_^$?|ETAONIHSRDLUMWCFGYPBVK'XJQZ")}
SNR_RANGE_DB = 36
EDGE = SAMPLE_RATE_HZ // 100  # fades at joins, 10 ms
ROUND = SAMPLE_RATE_HZ * 32 // 100  # few batch lengths, so that compiled kernels are met again


@dataclass(frozen=True, slots=True)
class Mix:
    """What a step is made of."""

    max_words: int = 6
    seconds: float = 24.0
    espeak: float = 0.15
    arabic: float = 0.1
    stretched: float = 0.2
    noisy: float = 0.5
    lowest_snr_db: float = -2.0
    colour: float = 0.6
    same_speaker: float = 0.85
    drawn: int = 1  # utterances drawn for each one kept, so that those kept are of like length


@dataclass(frozen=True, slots=True)
class Batch:
    """Waves (batch, time) float32, normalised and zero padded; the words and where they are.

    ``spans`` rows are (utterance, first sample, last sample, word class).
    """

    waves: Tensor
    sizes: Tensor
    targets: Tensor
    target_sizes: Tensor
    texts: list[str]
    spans: Tensor


class UtteranceMaker:
    """Draws utterances from banks of clips; every draw comes from the generator given."""

    def __init__(self, banks: list[ClipBank], rng: np.random.Generator) -> None:
        self.by_speaker: dict[str, dict[str, list[tuple[ClipBank, Clip]]]] = {}
        for bank in banks:
            for clip in bank.clips:
                speakers = self.by_speaker.setdefault(clip.lang, defaultdict(list))
                speakers[clip.speaker].append((bank, clip))
        self.names = {lang: sorted(speakers) for lang, speakers in self.by_speaker.items()}
        self.weights = {}
        for lang, names in self.names.items():
            weight = np.array([len(self.by_speaker[lang][name]) for name in names]) ** 0.7
            self.weights[lang] = np.cumsum(weight / weight.sum())
        texts = {(c.lang == "ar", c.text) for bank in banks for c in bank.clips}
        self.classes = {key: index for index, key in enumerate(sorted(texts))}
        self.noises = noise_pool(banks[0], rng)

    def batch(self, mix: Mix, rng: np.random.Generator) -> Batch:
        """About ``mix.seconds`` of audio: utterances of one number of words, so of like length."""
        words = int(rng.integers(1, mix.max_words + 1))
        count = max(2, round(mix.seconds / (0.25 + 0.75 * words)))
        made = [self.utterance(words, mix, rng) for _ in range(count * mix.drawn)]
        if mix.drawn > 1:
            at = int(rng.integers(0, len(made) - count + 1))
            made = sorted(made, key=lambda one: len(one[0]))[at : at + count]
        sizes = [len(wave) for wave, _, _ in made]
        waves = np.zeros((count, -(-max(sizes) // ROUND) * ROUND), np.float32)
        spans, targets, texts = [], [], []
        for row, (wave, clips, bounds) in enumerate(made):
            waves[row, : len(wave)] = wave
            text = " ".join(clip.text for clip in clips)
            texts.append(text)
            targets.append([TOKENS[c] for c in text.upper().replace(" ", "|")])
            for clip, (on, off) in zip(clips, bounds, strict=True):
                spans.append((row, on, off, self.classes[clip.lang == "ar", clip.text]))
        return Batch(
            torch.from_numpy(waves),
            torch.tensor(sizes),
            torch.tensor([token for target in targets for token in target]),
            torch.tensor([len(target) for target in targets]),
            texts,
            torch.tensor(spans),
        )

    def utterance(
        self, words: int, mix: Mix, rng: np.random.Generator
    ) -> tuple[Wave, list[Clip], list[tuple[int, int]]]:
        """One wave of unit variance, its clips and each word's first and last sample."""
        chosen = self._choose(words, mix, rng)
        pieces, bounds, at = [], [], 0
        quiet = rng.random() < 0.5
        speed, gap_s = rng.uniform(0.85, 1.18), rng.uniform(0.02, 0.3)
        for bank, clip in chosen:
            gap = np.zeros(int(SAMPLE_RATE_HZ * rng.uniform(0.0, 2 * gap_s)), np.float32)
            piece, on, off = _cut(bank, clip, speed * rng.uniform(0.95, 1.05), rng)
            pieces += [gap, piece * np.float32(10 ** (rng.normal(0, 2.5) / 20))]
            bounds.append((at + len(gap) + on, at + len(gap) + off))
            at += len(gap) + len(piece)
        pieces.append(np.zeros(int(SAMPLE_RATE_HZ * rng.uniform(0.02, 0.4)), np.float32))
        wave = np.concatenate(pieces)
        if rng.random() < mix.colour:
            wave = colour_and_room(wave, rng)
        if rng.random() < mix.noisy:
            snr_db = mix.lowest_snr_db + SNR_RANGE_DB * rng.beta(1.4, 1.3)
            wave = add_noise(wave, self.noises, snr_db, rng)
        elif quiet:
            wave = add_noise(wave, self.noises, rng.uniform(30, 55), rng)
        wave = wave - wave.mean()
        wave /= np.sqrt(wave.var() + 1e-7)
        return wave.astype(np.float32), [clip for _, clip in chosen], bounds

    def _choose(
        self, words: int, mix: Mix, rng: np.random.Generator
    ) -> list[tuple[ClipBank, Clip]]:
        langs = ("espeak", "ar", STRETCHED, "en")
        parts = np.cumsum((mix.espeak, mix.arabic, mix.stretched))
        lang = langs[int(np.searchsorted(parts, rng.random()))]
        lang = lang if lang in self.by_speaker else "en"
        same = rng.random() < mix.same_speaker
        clips = self._speaker(lang, rng)
        chosen = []
        for _ in range(words):
            clips = clips if same else self._speaker(lang, rng)
            chosen.append(clips[int(rng.integers(len(clips)))])
        return chosen

    def _speaker(self, lang: str, rng: np.random.Generator) -> list[tuple[ClipBank, Clip]]:
        index = int(np.searchsorted(self.weights[lang], rng.random()))
        return self.by_speaker[lang][self.names[lang][min(index, len(self.names[lang]) - 1)]]


def _cut(
    bank: ClipBank, clip: Clip, speed: float, rng: np.random.Generator
) -> tuple[Wave, int, int]:
    """The clip cut around its word with random margins, played at ``speed``; word bounds."""
    reach = 0.35 if rng.random() < 0.3 else rng.choice((0.03, 0.12))
    first = max(0, clip.word_on - int(SAMPLE_RATE_HZ * rng.uniform(0.0, reach)))
    last = min(clip.size, clip.word_off + int(SAMPLE_RATE_HZ * rng.uniform(0.0, reach)))
    audio = bank.audio(clip)[first:last]
    audio = soxr.resample(audio, SAMPLE_RATE_HZ * speed, SAMPLE_RATE_HZ, quality="LQ")
    fade = np.linspace(0, 1, min(EDGE, len(audio) // 2), dtype=np.float32)
    audio[: len(fade)] *= fade
    audio[len(audio) - len(fade) :] *= fade[::-1]
    level = np.float32(0.1 / (np.sqrt(np.square(audio).mean()) + 1e-4))
    on, off = (clip.word_on - first) / speed, (clip.word_off - first) / speed
    return audio * level, max(0, int(on)), min(len(audio), int(off))
