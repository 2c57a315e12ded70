"""Greedy recognition and word errors, and the connected test sets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import jiwer
import soundfile
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class SpeechSet:
    """Waves of unit variance, (time,) float32 each, and their lower-case transcripts."""

    waves: list[Tensor]
    texts: list[str]


def connected_set(data: Path, name: str) -> SpeechSet:
    """``data/connected/<name>``."""
    return manifest_set(data / "connected" / name / "manifest.jsonl")


def manifest_set(manifest: Path) -> SpeechSet:
    """The utterances of a NeMo manifest, paths relative to it."""
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    waves = []
    for row in rows:
        audio, _ = soundfile.read(manifest.parent / row["audio_filepath"], dtype="float32")
        wave = torch.from_numpy(audio)
        waves.append((wave - wave.mean()) / (wave.var(correction=0) + 1e-7).sqrt())
    return SpeechSet(waves, [row["text"].lower() for row in rows])


def greedy(logits: Tensor) -> str:
    """(frames, 32) logits to words: best token per frame, repeats merged, blanks dropped."""
    tokens = torch.unique_consecutive(logits.argmax(-1)).tolist()
    return " ".join("".join(VOCABULARY[token] for token in tokens).split())


VOCABULARY = ["", "", "", "", " ", *"etaonihsrdlumwcfgypbvk'xjqz"]


def word_errors(references: list[str], hypotheses: list[str]) -> tuple[int, int]:
    """Errors and reference words over the whole set."""
    out = jiwer.process_words(references, hypotheses)
    words = out.hits + out.substitutions + out.deletions
    return out.substitutions + out.deletions + out.insertions, words
