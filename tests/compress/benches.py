"""Weights, contexts and calibration audio for tests of methods that measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from asrcompress.compress.calibration import read_calibration
from asrcompress.compress.decision import CalibrationAudio, Context
from asrcompress.compress.predict import SizePredictor
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint import load, locate
from asrcompress.core.checkpoint.source import open_source
from asrcompress.core.manifest import Selection
from asrcompress.core.progress import Progress, silent

RATE_HZ = 16_000


def noise_audio(
    folder: Path, *, seconds: float = 1.0, count: int = 2, conditions: tuple[str, ...] = ("clean",)
) -> tuple[CalibrationAudio, ...]:
    """So many utterances of white noise under each condition."""
    paths = []
    for number, condition in enumerate(conditions):
        corpus = folder / f"corpus{number}"
        corpus.mkdir(parents=True, exist_ok=True)
        for utterance in range(count):
            drawn = np.random.default_rng([number, utterance]).normal(size=round(seconds * RATE_HZ))
            soundfile.write(corpus / f"u{utterance}.wav", 0.05 * drawn, RATE_HZ)
        paths.append((condition, corpus))
    return read_calibration(paths)


@dataclass(frozen=True)
class Setting:
    """What a method is given for one model."""

    weights: LayerWeights
    context: Context


def setting(
    model: str | Path,
    audio: tuple[CalibrationAudio, ...] = (),
    *,
    selection: Selection | None = None,
    progress: Progress = silent,
) -> Setting:
    """The weights and the context of a checkpoint, as compress makes them."""
    checkpoint = locate(str(model))
    weights = LayerWeights.of_source(open_source(checkpoint), selection or Selection())
    predictor = SizePredictor(weights)
    return Setting(
        weights,
        Context(
            original=lambda: load(checkpoint),
            file_bytes=predictor.file_bytes,
            audio=audio,
            seed=0,
            progress=progress,
        ),
    )
