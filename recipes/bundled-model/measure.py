"""Measure an exported recogniser: test sets, quanto weights, added noise.

python measure.py --data DATA --model ../../asrcompress/bundled/model \
    --corpus ../../asrcompress/bundled/corpus --out results.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from evaluate import SpeechSet, connected_set, manifest_set, word_errors
from optimum.quanto import freeze, qint2, qint4, qint8, quantize
from torch import Tensor
from transformers import AutoModelForCTC, AutoProcessor

WEIGHTS = {"fp32": None, "qint8": qint8, "qint4": qint4, "qint2": qint2}
SNRS_DB = (20, 10, 5, 0)
SEED = 11


def load(folder: Path, weights: str) -> torch.nn.Module:
    """The model, its Linear layers quantized by quanto unless ``weights`` is fp32."""
    model = AutoModelForCTC.from_pretrained(folder).eval()
    if WEIGHTS[weights] is not None:
        quantize(model, weights=WEIGHTS[weights])
        freeze(model)
    return model


@torch.no_grad()
def wer(model: torch.nn.Module, processor: AutoProcessor, scored: SpeechSet) -> float:
    """Corpus-level WER of greedy recognition, one utterance at a time, in per cent."""
    said = []
    for wave in scored.waves:
        inputs = processor(wave.numpy(), sampling_rate=16_000, return_tensors="pt")
        tokens = model(**inputs).logits.argmax(-1)
        said.append(processor.batch_decode(tokens)[0].lower())
    errors, words = word_errors(scored.texts, said)
    return round(100 * errors / words, 2)


def noisy(scored: SpeechSet, noise: Tensor | None, snr_db: float) -> SpeechSet:
    """The set with white noise, or a stretch of ``noise``, at ``snr_db`` over each utterance."""
    rng = np.random.default_rng(SEED)
    waves = []
    for wave in scored.waves:
        if noise is None:
            added = torch.from_numpy(rng.standard_normal(len(wave)).astype(np.float32))
        else:
            at = int(rng.integers(0, len(noise) - len(wave)))
            added = noise[at : at + len(wave)]
        gain = (wave.square().mean() / added.square().mean()).sqrt() * 10 ** (-snr_db / 20)
        waves.append(wave + gain * added)
    return SpeechSet(waves, scored.texts)


def babble(data: Path) -> Tensor:
    """All recorded babble (never used in training) end to end."""
    files = sorted((data / "noise" / "human_voice").glob("*.flac"))
    return torch.cat([torch.from_numpy(soundfile.read(f, dtype="float32")[0]) for f in files])


def measure(options: argparse.Namespace) -> Iterator[tuple[str, str, float]]:
    """(set, condition, WER in per cent) for everything the README reports."""
    processor = AutoProcessor.from_pretrained(options.model)
    sets = {name: connected_set(options.data, name) for name in ("en10-test", "en35-test")}
    sets["bundled"] = manifest_set(options.corpus / "manifest.jsonl")
    for weights in WEIGHTS:
        model = load(options.model, weights)
        for name, scored in sets.items():
            yield name, weights, wer(model, processor, scored)
    model = load(options.model, "fp32")
    for kind, noise in {"white": None, "babble": babble(options.data)}.items():
        for name in ("en10-test", "bundled"):
            for snr_db in SNRS_DB:
                mixed = noisy(sets[name], noise, snr_db)
                yield name, f"{kind} {snr_db} dB", wer(model, processor, mixed)


def main() -> None:
    """Write the results as JSON, after printing each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for name, condition, value in measure(options):
        print(f"{name} {condition}: {value} %", flush=True)
        results.setdefault(name, {})[condition] = value
    model = AutoModelForCTC.from_pretrained(options.model)
    content = {
        "wer_percent": results,
        "parameters": sum(value.numel() for value in model.parameters()),
        "model_size_bytes": (options.model / "model.safetensors").stat().st_size,
        "decoding": "greedy CTC, corpus-level WER, one utterance at a time",
    }
    options.out.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
