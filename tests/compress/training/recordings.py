"""Seeded noise as a corpus to learn from, of whatever lengths a test asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.params import TrainingParams
from asrcompress.core.seeds import generator_for
from asrcompress.core.utterance import Utterance

RATE_HZ = 16_000


def noise_corpus(folder: Path, durations_s: Sequence[float], **more: Any) -> TrainingAudio:
    """A FLAC file of noise for each duration; more: what else the audio has, such as augment."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, duration_s in enumerate(durations_s):
        path = folder / f"{number}.flac"
        samples = 0.1 * generator_for(number, "noise").standard_normal(round(duration_s * RATE_HZ))
        soundfile.write(path, np.clip(samples, -1, 1), RATE_HZ)
        speaker, text = f"s{number % 3}", "yes no up down"[: 3 + number % 12].strip()
        found.append(Utterance(f"u{number}", path, duration_s, text=text, speaker=speaker))
    own: dict[str, Any] = {"augment": None, "augmentation": "none", "sha256": "0" * 64, **more}
    return TrainingAudio("noise", tuple(found), **own)


def quick(**changes: Any) -> TrainingParams:
    """Parameters for a training of a few quick steps."""
    return TrainingParams(**{"steps": 12, "batch_seconds": 1.2, "learning_rate": 1e-3, **changes})
