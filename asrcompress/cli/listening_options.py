"""The options of compress about audio: what methods measure on, and what they train on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_AUDIO, _TRAINING = "Audio", "Training"

Audio = Annotated[
    Path | None,
    typer.Option(
        "--audio",
        metavar="CORPUS",
        help="Recordings, transcribed or not: --method trains on them, --mixed measures on them.",
        rich_help_panel=_AUDIO,
    ),
]
CalibrationSnr = Annotated[
    str,
    typer.Option(
        "--calibration-snr",
        metavar="DB[,DB]",
        help="Noisy versions of --audio that --mixed measures on besides; '' for none.",
        rich_help_panel=_AUDIO,
    ),
]
CalibrationNoise = Annotated[
    Path | None,
    typer.Option(
        "--calibration-noise",
        metavar="FOLDER",
        help="Noises for them; default built-in.",
        rich_help_panel=_AUDIO,
    ),
]
CalibrationSeconds = Annotated[
    float,
    typer.Option(
        "--calibration-seconds",
        min=1.0,
        help="At most so much of --audio is measured on.",
        rich_help_panel=_AUDIO,
    ),
]
AugmentNoise = Annotated[
    Path | None,
    typer.Option(
        "--augment-noise",
        metavar="FOLDER",
        help="Noises to train with; default built-in.",
        rich_help_panel=_TRAINING,
    ),
]
AugmentRir = Annotated[
    Path | None,
    typer.Option(
        "--augment-rir",
        metavar="FOLDER",
        help="Impulse responses to train with; default simulated rooms.",
        rich_help_panel=_TRAINING,
    ),
]
TrainingDevice = Annotated[
    str | None,
    typer.Option(
        "--device",
        help="Where to train: cpu, cuda, cuda:N, mps, or auto (a GPU if there is one).",
        show_default="auto",
        rich_help_panel=_TRAINING,
    ),
]
CheckpointSteps = Annotated[
    int | None,
    typer.Option(
        "--checkpoint-steps",
        min=1,
        help="How often the training is saved, to go on from after an interruption.",
        show_default="500",
        rich_help_panel=_TRAINING,
    ),
]
