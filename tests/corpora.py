"""Tiny corpora made of noise bursts, for every room's tests; no speech, but real audio files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

from asrcompress.core.seeds import generator_for

WORDS = ("yes", "no", "up", "down", "left", "right")


def tiny_corpus(folder: Path, *, speakers: int = 3, each: int = 2, seed: int = 0) -> Path:
    """Write a NeMo corpus of half-second recordings at 16 kHz with references and speakers."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for speaker in range(speakers):
        for number in range(each):
            name = f"s{speaker}-{number}"
            generator = generator_for(seed, name)
            time_s = np.arange(8000 + 800 * number) / 16_000
            envelope = 0.5 + 0.5 * np.sin(2 * np.pi * (3 + speaker) * time_s)
            samples = 0.3 * envelope * generator.standard_normal(time_s.size)
            soundfile.write(folder / f"{name}.wav", np.clip(samples, -1, 1), 16_000)
            text = " ".join(generator.choice(WORDS, size=3))
            rows.append({"audio_filepath": f"{name}.wav", "text": text, "speaker": f"s{speaker}"})
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
    return folder
