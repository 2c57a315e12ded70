"""Tiny checkpoints whose feature extractor has layer norm: those that batches are used for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import ARCHITECTURES, write_processor

NAMES = {
    "wav2vec2": "Wav2Vec2",
    "hubert": "Hubert",
    "wavlm": "WavLM",
    "unispeech": "UniSpeech",
    "unispeech-sat": "UniSpeechSat",
}


def layer_norm_checkpoint(folder: Path, architecture: str, **options: Any) -> Path:
    """Write a tiny checkpoint of a family in its layer-norm form; `options` go to its config."""
    _, layer_norm = ARCHITECTURES["wav2vec2-layer-norm"]
    name = NAMES[architecture]
    config = getattr(transformers, f"{name}Config")(**{**layer_norm, **options})
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_transformers(), torch.random.fork_rng():
        torch.manual_seed(0)
        getattr(transformers, f"{name}ForCTC")(config).eval().save_pretrained(folder)
    write_processor(folder, "wav2vec2-layer-norm")
    return folder
