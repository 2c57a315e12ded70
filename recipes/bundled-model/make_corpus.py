"""Make the bundled test corpus: espeak-ng voices that the recogniser has never heard.

python make_corpus.py --out ../../asrcompress/bundled/corpus
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from clips import SAMPLE_RATE_HZ
from voices import ACCENTS, HELD_OUT_VARIANTS, TEN_WORDS, Voice, speak

SEED = 2026
LENGTHS = (2, 3, 4, 5, 6)  # words; every speaker says one utterance of each
GAPS_CS = (2, 16)  # added to espeak-ng's own pauses
EDGE_S = 0.15  # quiet kept before and after


def speakers(rng: np.random.Generator) -> list[Voice]:
    """One voice for each held-out variant: accents in turn, pitches spread."""
    pitches = rng.permutation(np.linspace(15, 85, len(HELD_OUT_VARIANTS)).astype(int))
    return [
        Voice(ACCENTS[index % len(ACCENTS)], variant, 0, int(pitch))
        for index, (variant, pitch) in enumerate(zip(HELD_OUT_VARIANTS, pitches, strict=True))
    ]


def sentence(words: int, rng: np.random.Generator) -> list[str]:
    """Words of the ten, no word twice running."""
    chosen: list[str] = []
    while len(chosen) < words:
        word = str(rng.choice(TEN_WORDS))
        if not chosen or chosen[-1] != word:
            chosen.append(word)
    return chosen


def utterance(voice: Voice, words: list[str], gap_cs: int) -> np.ndarray:
    """The words read as a list, (time,) float32, with ``EDGE_S`` of quiet around."""
    audio = speak(voice, ", ".join(words) + ".", gap_cs)
    loud = np.flatnonzero(np.abs(audio) > 0.01 * np.abs(audio).max())
    edge = int(EDGE_S * SAMPLE_RATE_HZ)
    audio = np.pad(audio[loud[0] : loud[-1] + 1], edge)
    return 0.5 * audio / np.abs(audio).max()


def main() -> None:
    """Write the audio and manifest.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    rows = []
    for speaker in speakers(rng):
        for index, words in enumerate(rng.permutation(LENGTHS)):
            voice = replace(speaker, rate_wpm=int(rng.integers(115, 215)))
            text = sentence(int(words), rng)
            audio = utterance(voice, text, int(rng.integers(*GAPS_CS)))
            name = f"{voice.variant.lower()}-{index}.opus"
            soundfile.write(
                out / name, audio, SAMPLE_RATE_HZ, format="OGG", subtype="OPUS",
                compression_level=0.9,
            )  # fmt: skip
            rows.append(
                {
                    "audio_filepath": name,
                    "text": " ".join(text),
                    "duration": round(len(audio) / SAMPLE_RATE_HZ, 3),
                    "speaker": voice.variant.lower(),
                    "accent": voice.accent,
                    "rate_wpm": voice.rate_wpm,
                }
            )
    (out / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
