"""Write train speakers' words joined into utterances: a corpus to prune and distil teachers on.

python connect.py --work WORK --count 2400 --out WORK/en-train

Only train clips take part. Words of one speaker are cut at their bounds and joined with gaps of
0.1 to 0.4 s, without noise; `manifest.jsonl` is in NeMo form, with texts and speakers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from clips import SAMPLE_RATE_HZ, Clip, ClipBank

GAP_S = (0.1, 0.4)
MARGIN = SAMPLE_RATE_HZ // 50  # 20 ms around a word's bounds


def connect(bank: ClipBank, count: int, folder: Path, seed: int) -> None:
    """Write the utterances of 2 to 6 words and their manifest."""
    rng = np.random.default_rng(seed)
    by_speaker: dict[str, list[Clip]] = {}
    for clip in bank.clips:
        if clip.lang == "en":
            by_speaker.setdefault(clip.speaker, []).append(clip)
    speakers = sorted(by_speaker)
    folder.mkdir(parents=True)
    rows = []
    for number in range(count):
        speaker = speakers[int(rng.integers(len(speakers)))]
        own = by_speaker[speaker]
        chosen = [own[int(rng.integers(len(own)))] for _ in range(int(rng.integers(2, 7)))]
        wave = _joined(bank, chosen, rng)
        name = f"{number:05d}.flac"
        soundfile.write(folder / name, wave, SAMPLE_RATE_HZ, subtype="PCM_16")
        rows.append(
            {
                "audio_filepath": name,
                "text": " ".join(clip.text for clip in chosen),
                "duration": round(len(wave) / SAMPLE_RATE_HZ, 3),
                "speaker": speaker,
            }
        )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")


def _joined(bank: ClipBank, chosen: list[Clip], rng: np.random.Generator) -> np.ndarray:
    """(time,) float32: the words with gaps between and around them."""
    pieces = [np.zeros(_gap(rng), np.float32)]
    for clip in chosen:
        first = max(0, clip.word_on - MARGIN)
        pieces += [bank.audio(clip)[first : clip.word_off + MARGIN]]
        pieces += [np.zeros(_gap(rng), np.float32)]
    return np.concatenate(pieces)


def _gap(rng: np.random.Generator) -> int:
    return int(SAMPLE_RATE_HZ * rng.uniform(*GAP_S))


def main() -> None:
    """Read the bank of train clips, write the corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="holds banks/ of prepare.py")
    parser.add_argument("--count", type=int, default=2400)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    bank = ClipBank.load(arguments.work / "banks", "train")
    connect(bank, arguments.count, arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
