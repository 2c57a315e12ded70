"""What a method that trains is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.core.progress import Progress, silent
from asrcompress.core.structure import Structure
from asrcompress.core.training_record import TrainingRecord

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.core.checkpoint import LoadedModel


@dataclass(frozen=True, slots=True)
class TrainingPlace:
    """Where a training runs, which changes nothing that is learned but rounding.

    folder: for its checkpoints, so that it can be resumed; None is beside the output, with
    ".training" behind its name. checkpoint_steps: how often one is written. device: as
    `resolve_device` takes it.
    """

    folder: Path | None = None
    checkpoint_steps: int = 500
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class TrainingContext:
    """What a training has at hand.

    original: loads the uncompressed model anew each time, float32, in eval mode. folder: of this
    training's checkpoints alone. identity: a hash of all that what is learned depends on.
    """

    original: Callable[[], LoadedModel]
    audio: TrainingAudio
    place: TrainingPlace
    folder: Path
    identity: str
    seed: int
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Trained:
    """A smaller module: float32, on the CPU, in eval mode.

    config: what differs in its configuration, for an ordinary `from_pretrained`. structure: where
    no configuration can express it. origin: state-dict key of the module to the key in the
    original it began as; the same name where it is not listed.
    """

    module: torch.nn.Module
    record: TrainingRecord
    config: Mapping[str, Any] = field(default_factory=dict)
    structure: Structure | None = None
    origin: Mapping[str, str] = field(default_factory=dict)
