"""espeak-ng voices: which train, which are held out for the bundled corpus, and how to speak."""

from __future__ import annotations

import io
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from clips import SAMPLE_RATE_HZ, Clip, ClipBank, build_bank
from numpy.typing import NDArray

TEN_WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
ACCENTS = (
    "en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan",
    "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc",
)  # fmt: skip
# Never rendered for training: the bundled test corpus speaks with these alone.
HELD_OUT_VARIANTS = (
    "Alicia", "Andy", "Diogo", "edward", "f3", "Gene2", "Henrique", "john",
    "klatt3", "linda", "m4", "Mario", "max", "pablo", "shelby", "steph2",
)  # fmt: skip
TRAIN_VARIANTS = (
    "adam", "Alex", "Andrea", "Annie", "antonio", "aunty", "belinda", "benjamin", "boris",
    "caleb", "david", "Denis", "ed", "edward2", "Gene", "gustave", "announcer", "Hugo", "iven",
    "iven2", "iven3", "iven4", "Jacky", "kaukovalta", "Lee", "marcelo", "Marco", "Michael",
    "michel", "miguel", "Mike", "Nguyen", "paul", "pedro", "quincy", "RicishayMax",
    "RicishayMax2", "RicishayMax3", "rob", "robert", "robosoft", "robosoft3", "robosoft5",
    "steph", "steph3", "Tweaky", "zac", "anika", "AnxiousAndy", "f1", "f2", "f4", "f5",
    "grandpa", "grandma", "klatt", "klatt2", "klatt4", "klatt5", "m1", "m2", "m3", "m5", "m6",
    "m7", "m8", "norbert", "sandro", "travis", "victor", "croak", "whisper", "whisperf",
)  # fmt: skip
ENDINGS = (".", ",", "?", "!")  # each gives espeak-ng another intonation


@dataclass(frozen=True, slots=True)
class Voice:
    """One espeak-ng speaker: language, variant, words per minute and pitch in 0-99."""

    accent: str
    variant: str
    rate_wpm: int
    pitch: int

    @property
    def name(self) -> str:
        """The speaker label."""
        return f"espeak-{self.accent}-{self.variant}-{self.rate_wpm}-{self.pitch}"


def speak(voice: Voice, text: str, gap_cs: int = 0) -> NDArray[np.float32]:
    """``text`` in that voice: (time,) float32 in [-1, 1] at 16 kHz.

    ``gap_cs`` lengthens the pauses between words, in hundredths of a second at 175 words a minute.
    """
    command = [
        "espeak-ng", "-v", f"{voice.accent}+{voice.variant}", "-s", str(voice.rate_wpm),
        "-p", str(voice.pitch), "-g", str(gap_cs), "--stdout", text,
    ]  # fmt: skip
    wave = subprocess.run(command, check=True, capture_output=True).stdout
    audio, rate_hz = soundfile.read(io.BytesIO(wave), dtype="float32")
    return soxr.resample(audio, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)


def draw_voice(variants: tuple[str, ...], rng: np.random.Generator) -> Voice:
    """A random voice; rates and pitches spread over what people would still follow."""
    return Voice(
        str(rng.choice(ACCENTS)),
        str(rng.choice(variants)),
        int(rng.integers(105, 250)),
        int(rng.integers(5, 96)),
    )


def render_words(other_words: tuple[str, ...], count: int, seed: int) -> ClipBank:
    """``count`` training voices, each saying the ten words and five of ``other_words``."""
    rng = np.random.default_rng(seed)
    jobs = []
    for _ in range(count):
        voice = draw_voice(TRAIN_VARIANTS, rng)
        words = (*TEN_WORDS, *(str(word) for word in rng.choice(other_words, 5, replace=False)))
        jobs += [(voice, word, str(rng.choice(ENDINGS))) for word in words]
    with ThreadPoolExecutor(2) as pool:
        sounds = pool.map(lambda job: speak(job[0], job[1] + job[2]), jobs)
        parts = [
            (Clip("espeak", "train", voice.name, word, 0, 0, 0, 0), audio)
            for (voice, word, _), audio in zip(jobs, sounds, strict=True)
        ]
    return build_bank(parts)
