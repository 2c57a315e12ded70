"""Small corpora and libraries for the tests: voices of modulated noise, rooms that decay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from asrcompress.core.corpus import Corpus, Utterance, read_corpus

RATE_HZ = 16_000
REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def voice(seed: int, duration_s: float = 0.4, level: float = 0.1) -> npt.NDArray[np.float32]:
    """(time,) float32: noise whose loudness swings four times a second, as syllables do."""
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    swing = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time_s)
    return (level * swing * generator.standard_normal(len(time_s))).clip(-1, 1).astype(np.float32)


def write_corpus(folder: Path, utterances: int = 6, speakers: int = 3) -> Path:
    """A folder in NeMo form; utterance k is said by speaker k modulo `speakers`."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(utterances):
        name = f"u{number}.wav"
        soundfile.write(folder / name, voice(number), RATE_HZ, subtype="FLOAT")
        row = {"audio_filepath": name, "text": f"word {number}", "speaker": f"s{number % speakers}"}
        rows.append({**row, "device": "phone"})
    manifest = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(manifest, encoding="utf-8")
    return folder


def corpus(folder: Path, utterances: int = 6, speakers: int = 3) -> Corpus:
    return read_corpus(write_corpus(folder, utterances, speakers))


def utterance(path: Path = Path("speech.wav"), name: str = "u") -> Utterance:
    return Utterance(id=name, path=path, duration_s=1.0)


def write_noises(folder: Path, **seconds_of_type: float) -> Path:
    """`<folder>/<type>/0.wav` of white noise, as long as asked."""
    for number, (kind, seconds) in enumerate(seconds_of_type.items()):
        (folder / kind).mkdir(parents=True)
        samples = np.random.default_rng(100 + number).standard_normal(round(seconds * RATE_HZ))
        soundfile.write(folder / kind / "0.wav", 0.1 * samples, RATE_HZ, subtype="FLOAT")
    return folder


def decay(rt60_s: float, duration_s: float = 0.6, delay_s: float = 0.01) -> npt.NDArray[np.float64]:
    """A response (time,): direct sound after `delay_s`, then noise that falls 60 dB in RT60."""
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(7).standard_normal(len(time_s)) * 10 ** (-3 * time_s / rt60_s)
    response = np.concatenate([np.zeros(round(delay_s * RATE_HZ)), 0.1 * tail])
    response[round(delay_s * RATE_HZ)] = 0.9
    return response


def write_rooms(folder: Path) -> Path:
    """One response for each of `small` and `medium`."""
    for kind, rt60_s in (("small", 0.2), ("medium", 0.5)):
        (folder / kind).mkdir(parents=True)
        soundfile.write(folder / kind / "0.wav", decay(rt60_s), RATE_HZ, subtype="FLOAT")
    return folder
