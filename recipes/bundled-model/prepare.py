"""Decode the recorded words and render the synthetic ones, once.

python prepare.py --data DATA --work WORK
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clips import read_clips
from stretch import stretch_bank
from voices import TEN_WORDS, render_words

VOICES = 320
SEED = 20


def main() -> None:
    """Write the clip banks (train, dev, their stretched copies, espeak) into WORK."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds speech/")
    parser.add_argument("--work", type=Path, required=True, help="where the banks go")
    options = parser.parse_args()
    train = read_clips(options.data / "speech", ("train",))
    train.save(options.work, "train")
    dev = read_clips(options.data / "speech", ("dev",))
    dev.save(options.work, "dev")
    stretch_bank(train, SEED).save(options.work, "train-stretched")
    stretch_bank(dev, SEED).save(options.work, "dev-stretched")
    words = {clip.text for clip in train.clips if clip.lang == "en"}
    others = tuple(sorted(words - set(TEN_WORDS)))
    render_words(others, VOICES, SEED).save(options.work, "espeak")


if __name__ == "__main__":
    main()
