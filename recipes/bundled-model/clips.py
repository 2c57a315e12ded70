"""Decode the word clips once, find each word in its clip, and keep all of them in one array."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
HOP = SAMPLE_RATE_HZ // 100  # 10 ms energy frames
RANGE_DB = 28.0  # a word reaches from its peak down to here ...
ABOVE_FLOOR_DB = 9.0  # ... but stays this far above the clip's own background


@dataclass(frozen=True, slots=True)
class Clip:
    """One spoken word: where its samples lie in the bank and where the word lies in the clip."""

    lang: str
    split: str
    speaker: str
    text: str
    start: int
    size: int
    word_on: int
    word_off: int


@dataclass(frozen=True, slots=True)
class ClipBank:
    """All clips: ``samples`` is one int16 array, ``clips`` says which part is which."""

    samples: NDArray[np.int16]
    clips: list[Clip]

    def audio(self, clip: Clip) -> NDArray[np.float32]:
        """The clip's samples, (time,) float32 in [-1, 1]."""
        part = self.samples[clip.start : clip.start + clip.size]
        return part.astype(np.float32) / 32768.0

    def save(self, folder: Path, name: str) -> None:
        """Write ``name.npy`` and ``name.json`` into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{name}.npy", self.samples)
        (folder / f"{name}.json").write_text(json.dumps([asdict(clip) for clip in self.clips]))

    @classmethod
    def load(cls, folder: Path, name: str) -> ClipBank:
        """Read what ``save`` wrote; samples stay memory-mapped."""
        rows = json.loads((folder / f"{name}.json").read_text())
        return cls(np.load(folder / f"{name}.npy", mmap_mode="r"), [Clip(**row) for row in rows])


def find_word(audio: NDArray[np.float32]) -> tuple[int, int]:
    """First and last sample of the word in a clip of (time,) samples, by frame energy."""
    frames = len(audio) // HOP
    if frames < 8:
        return 0, len(audio)
    power = np.square(audio[: frames * HOP]).reshape(frames, HOP).mean(1)
    level_db = 10 * np.log10(np.convolve(power, np.ones(3) / 3, "same") + 1e-9)
    peak_db, floor_db = level_db.max(), np.percentile(level_db, 10)
    threshold_db = min(peak_db - 10.0, max(peak_db - RANGE_DB, floor_db + ABOVE_FLOOR_DB))
    loud = np.flatnonzero(level_db > threshold_db)
    on, off = int(loud[0]) * HOP, (int(loud[-1]) + 1) * HOP
    return (on, off) if off - on >= 10 * HOP else (0, len(audio))


def build_bank(parts: list[tuple[Clip, NDArray[np.float32]]]) -> ClipBank:
    """A bank of (clip, samples) pairs; start, size and word bounds are filled in here."""
    clips, arrays, start = [], [], 0
    for clip, audio in parts:
        on, off = find_word(audio)
        clips.append(
            Clip(clip.lang, clip.split, clip.speaker, clip.text, start, len(audio), on, off)
        )
        arrays.append(np.clip(np.round(audio * 32767), -32768, 32767).astype(np.int16))
        start += len(audio)
    return ClipBank(np.concatenate(arrays), clips)


def read_clips(speech: Path, splits: tuple[str, ...]) -> ClipBank:
    """The recorded words of ``speech/manifest.tsv`` in the given splits; test is refused."""
    if "test" in splits:
        raise ValueError("splits: got 'test', expected train or dev; test clips are for scoring")
    parts = []
    with (speech / "manifest.tsv").open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["split"] in splits:
                audio, _ = soundfile.read(speech / row["file"], dtype="float32")
                clip = Clip(row["lang"], row["split"], row["speaker"], row["text"], 0, 0, 0, 0)
                parts.append((clip, audio))
    return build_bank(parts)
