"""What to compress, how, and where to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.compress.plan import CompressOptions
from asrcompress.compress.scans import Scans
from asrcompress.compress.training.trained import TrainingPlace

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.compress.training.audio import TrainingAudio


@dataclass(frozen=True, slots=True)
class CompressRequest:
    """One compression.

    model: a name, or a module in memory. options: as `read_options` gives them. output: a folder,
    None for `default_output` in the current one. audio: what methods that measure listen to.
    training: what methods that train hear. place: where they train. scans: what earlier requests
    measured of the same model, for this one to use and add to.
    explain: put an analysis of every layer into the ledger. measure_zip: deflate the weight files
    for the zipped sizes, the slowest part for a large model.
    """

    model: str | torch.nn.Module
    options: CompressOptions
    output: Path | None = None
    audio: tuple[CalibrationAudio, ...] = ()
    training: TrainingAudio | None = None
    place: TrainingPlace = field(default_factory=TrainingPlace)
    scans: Scans = field(default_factory=Scans)
    explain: bool = False
    seed: int = 0
    overwrite: bool = False
    trust_remote_code: bool = False
    revision: str | None = None
    measure_zip: bool = True
