"""How fast models are on one machine, all measured in one interleaved run; units in the names."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.bounds import Count, Magnitude
from asrcompress.core.cost import Sizes
from asrcompress.core.files import read_json
from asrcompress.core.validation import validated

SPEED_NAME = "speed.json"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latency(_Model):
    """Milliseconds from samples to text at batch 1, of recordings of one length.

    p50_ms and p95_ms are percentiles over recordings and rounds; runs is how many there were.
    """

    audio_s: Magnitude
    runs: Count
    p50_ms: Magnitude
    p95_ms: Magnitude


class Throughput(_Model):
    """Audio seconds a second, with batches of that many recordings; the median of the rounds."""

    batch_size: Count
    audio_s: Magnitude
    rtfx: Magnitude


class EnergyUse(_Model):
    """Joules for an hour of audio, above what the idle machine takes.

    method: for example "RAPL package-0" or "NVML GPU 0".
    """

    method: str
    joules_per_audio_hour: float
    idle_watts: Magnitude


class Speed(_Model):
    """One model in the run.

    kernels: what computed its matrix products, most first. batch_note: why it takes batch 1 alone.
    """

    runtime: str
    kernels: tuple[str, ...] = ()
    device: str
    threads: Count
    precision: str = Field(description="of its weights, for example 8-bit, 4-bit, float32")
    load_s: Magnitude
    memory_after_load_bytes: Count
    peak_memory_bytes: Count
    sizes: Sizes
    latencies: tuple[Latency, ...]
    throughputs: tuple[Throughput, ...]
    batch_note: str | None = None
    energy: EnergyUse | None = None


class SpeedTable(_Model):
    """The run: models in the order given, measured in turn, round after round.

    machine: the processor and its 8-bit instructions, in words. notes: what the figures mean for
    who ships the model, a line each. energy_note: why no energy was measured, where it was asked.
    """

    schema_version: Literal[1] = 1
    machine: str
    rounds: Count
    baseline: str | None = None
    speeds: dict[str, Speed] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    energy_note: str | None = None


def read_speed(path: Path) -> SpeedTable | None:
    """The speeds beside the results at a file or in its folder; None where none were measured.

    Raises:
        InputError: the file is there but does not have its form.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / SPEED_NAME
    if not file.is_file():
        return None
    next_step = "measure again with evaluate --speed"
    return validated(SpeedTable, read_json(file), where=file, next_step=next_step)
