"""Score published teachers on one group of sets.

python score.py --data DATA --work WORK --sets dev
python score.py --data DATA --work WORK --sets test --out results.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from evaluate import connected_set
from layouts import LAYOUTS
from measure import load, wer
from transformers import AutoProcessor

SETS = {"dev": ("en10-dev", "ar40-dev"), "test": ("en10-test", "en35-test", "ar40-test")}


def score(folder: Path, data: Path, sets: tuple[str, ...]) -> dict[str, object]:
    """Parameters and the WER of each set, in per cent, from the published files."""
    model = load(folder, "fp32")
    processor = AutoProcessor.from_pretrained(folder)
    rates = {name: wer(model, processor, connected_set(data, name)) for name in sets}
    return {
        "parameters": sum(value.numel() for value in model.parameters()),
        "wer_percent": rates,
    }


def main() -> None:
    """Print the scores of the teachers that are there, and write them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="holds teacher-<model>/")
    parser.add_argument("--models", nargs="+", choices=tuple(LAYOUTS), default=tuple(LAYOUTS))
    parser.add_argument("--sets", choices=tuple(SETS), default="dev")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = {}
    for name in options.models:
        folder = options.work / f"teacher-{name}"
        results[folder.name] = score(folder, options.data, SETS[options.sets])
        print(folder.name, json.dumps(results[folder.name]), flush=True)
    if options.out:
        content = {
            "decoding": "greedy CTC, corpus-level WER, one utterance at a time",
            "teachers": results,
        }
        options.out.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
