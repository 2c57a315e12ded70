"""Speed of several models side by side, each in a process of its own, in one interleaved run.

All processes are alive together and one computes at a time: each recording is heard by one model
after the other before the next recording's turn, so that whatever slows the machine down slows all
of them. Times are taken in the process around what transcribing does: features, inference,
decoding.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.core.corpus import Corpus
from asrcompress.core.cost import Cost
from asrcompress.core.machine import machine
from asrcompress.core.precision import FLOAT32
from asrcompress.core.progress import Progress, silent
from asrcompress.core.speed import EnergyUse, Latency, Speed, SpeedTable, Throughput
from asrcompress.evaluate.child import Asked, Child, place_of
from asrcompress.evaluate.pressure import waited_s
from asrcompress.evaluate.recogniser import RecogniserOptions
from asrcompress.evaluate.speed_audio import write_recordings
from asrcompress.evaluate.speed_energy import Energy, open_energy
from asrcompress.evaluate.speed_notes import Measured, Run, notes_of
from asrcompress.evaluate.speed_plan import (
    SpeedOptions,
    SpeedPlan,
    Timings,
    percentiles,
    plan_of,
    turns,
)
from asrcompress.evaluate.weight_bits import precision_of

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint

SPEED_VERSION = 1  # a change of what is timed is a new version: cached speeds are then not used
CHILD = "asrcompress.evaluate.speed_process"
# A model's threads spin for some milliseconds after their work, waiting for more: they would take
# the next model's processor.
_SETTLE_S = 0.02
# Of the machine's, for all models together: none is measured while others are swapped out.
_MEMORY_SHARE = 0.6
# PyTorch and transformers imported, without a model (measured; Linux, x86-64).
_LIBRARIES_BYTES = 400 << 20


@dataclass(frozen=True, slots=True)
class SpeedJob:
    """Which models are measured with what.

    checkpoints: by the name in the table, in its order. batch_size: at most, where the model
    allows it. chunk_s: longer recordings are decoded in chunks; None asks the recogniser.
    """

    checkpoints: Mapping[str, Checkpoint]
    corpus: Corpus
    baseline: str | None = None
    how: RecogniserOptions = field(default_factory=RecogniserOptions)
    batch_size: int = 8
    chunk_s: float | None = None
    seed: int = 0


def measure_speed(
    job: SpeedJob, options: SpeedOptions | None = None, progress: Progress = silent
) -> SpeedTable:
    """Latency, throughput, load time and memory of the job's models, on this machine, now.

    Nothing else should run on the machine meanwhile. Models that do not fit into its memory
    together are measured one after the other, and the notes say so.

    Raises:
        NothingToEvaluateError: the corpus has no audio that can be read.
        AsrcompressError: whatever kept a process from measuring, in its own words.
    """
    options = options or SpeedOptions()
    job = replace(job, how=_with_threads(job.how))
    plan = plan_of(options, job.batch_size)
    names = list(job.checkpoints)
    groups = [names] if _fit_together(job) else [[name] for name in names]
    energy = open_energy(job.how.device) if options.energy else None
    with tempfile.TemporaryDirectory(prefix="asrcompress-speed-") as folder:
        files = write_recordings(job.corpus, plan.lengths_s, Path(folder), seed=job.seed)
        bench = _Bench(job, options, plan, files, energy, _Meter(progress, plan, options, names))
        watch = _Watch()
        measured = {name: found for group in groups for name, found in bench.measure(group).items()}
        run = Run(is_interleaved=len(groups) == 1, waited=watch.waited)
    return SpeedTable(
        machine=machine().line,
        rounds=options.rounds,
        baseline=job.baseline,
        speeds={name: measured[name].speed for name in names},
        notes=notes_of(measured, job.baseline, machine(), run),
        energy_note=None if energy is None else energy.note,
    )


def cost_of(speed: Speed) -> Cost:
    """The same measurement in the form of cost.json: its batch is what was timed."""
    throughput = speed.throughputs[0]
    return Cost(
        device=speed.device,
        threads=speed.threads,
        batch_size=throughput.batch_size,
        audio_s=throughput.audio_s,
        processing_s=throughput.audio_s / throughput.rtfx,
        load_s=speed.load_s,
        memory_after_load_bytes=speed.memory_after_load_bytes,
        peak_memory_bytes=speed.peak_memory_bytes,
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all models of a run are measured with."""

    job: SpeedJob
    options: SpeedOptions
    plan: SpeedPlan
    files: Sequence[Path]
    energy: Energy | None
    meter: _Meter

    def measure(self, names: Sequence[str]) -> dict[str, Measured]:
        """These models, in turns."""
        with ExitStack() as stack:
            children = {name: stack.enter_context(Child(self._asked(name))) for name in names}
            opened = {name: child.ask(self._opening(name)) for name, child in children.items()}
            timings = {name: Timings(self.plan) for name in names}
            self._rounds(children, timings)
            energies = {name: self._energy(child) for name, child in children.items()}
            ends = {name: child.ask({}) for name, child in children.items()}
        return {
            name: self._measured(
                name, timings[name], {**opened[name], **ends[name]}, energies[name]
            )
            for name in names
        }

    def _rounds(self, children: Mapping[str, Child], timings: Mapping[str, Timings]) -> None:
        """A round to warm up, then those that count."""
        for round_number in range(self.options.rounds + 1):
            for number, item in enumerate(self.plan.items):
                turn = round_number * len(self.plan.items) + number
                for name in turns([*children], turn):
                    time.sleep(_SETTLE_S)
                    answer = children[name].ask({"hear": item.recordings})
                    if round_number:
                        timings[name].add(number, answer["seconds"])
                    self.meter.heard()

    def _energy(self, child: Child) -> EnergyUse | None:
        if self.energy is None:
            return None
        batch = self.plan.batch
        return self.energy.of(child, batch.recordings, len(batch.recordings) * batch.audio_s)

    def _measured(
        self, name: str, timings: Timings, found: dict[str, Any], energy: EnergyUse | None
    ) -> Measured:
        checkpoint = self.job.checkpoints[name]
        batch = self.plan.batch
        audio_s = len(batch.recordings) * batch.audio_s
        dtype = self.job.how.dtype if checkpoint.runtime == "torch" else FLOAT32
        batch_size, batch_note = found.pop("batch_size"), found.pop("batch_note")
        speed = Speed(
            **found,
            precision=precision_of(checkpoint, dtype),
            latencies=tuple(
                _latency(length_s, timings) for length_s in sorted({*self.options.lengths_s})
            ),
            throughputs=(
                Throughput(batch_size=batch_size, audio_s=audio_s, rtfx=audio_s / timings.batch_s),
            ),
            batch_note=batch_note,
            energy=energy,
        )
        return Measured(speed, checkpoint, timings.spread)

    def _asked(self, name: str) -> Asked:
        model = self.job.checkpoints[name].model
        return Asked(CHILD, "speed", model, self.options.timeout_s, "leave it out without --speed")

    def _opening(self, name: str) -> dict[str, Any]:
        checkpoint, how = self.job.checkpoints[name], self.job.how
        if checkpoint.runtime != "torch":
            how = replace(how, dtype=FLOAT32, compile=False)  # PyTorch's alone
        return {
            "model": place_of(checkpoint.model),
            "options": asdict(how),
            "recordings": [str(file) for file in self.files],
            "batch_size": self.job.batch_size,
            "chunk_s": self.job.chunk_s,
        }


class _Watch:
    """From when it is made: how much of the time there was more work than processors."""

    def __init__(self) -> None:
        self._start_s, self._waited_s = time.monotonic(), waited_s()

    @property
    def waited(self) -> float | None:
        """The share so far; None where the system does not tell."""
        now_s = waited_s()
        if now_s is None or self._waited_s is None:
            return None
        return min(1.0, (now_s - self._waited_s) / (time.monotonic() - self._start_s))


class _Meter:
    """Progress in turns, of all models and rounds."""

    def __init__(
        self, progress: Progress, plan: SpeedPlan, options: SpeedOptions, names: Sequence[str]
    ) -> None:
        self._progress = progress
        self._total = len(plan.items) * (options.rounds + 1) * len(names)
        self._done = 0

    def heard(self) -> None:
        """One more turn is over."""
        self._done += 1
        self._progress("measuring speed", self._done, self._total)


def _latency(audio_s: float, timings: Timings) -> Latency:
    values_ms = timings.latencies_ms(audio_s)
    p50_ms, p95_ms = percentiles(values_ms)
    return Latency(audio_s=audio_s, runs=len(values_ms), p50_ms=p50_ms, p95_ms=p95_ms)


def _with_threads(how: RecogniserOptions) -> RecogniserOptions:
    """The same number for all: runtimes differ in what they would choose."""
    if how.threads is not None:
        return how
    here = machine()
    return replace(how, threads=min(here.physical_cores or here.usable_cores, here.usable_cores))


def _fit_together(job: SpeedJob) -> bool:
    """Whether the machine holds all models at once; one that does not tell is taken at its word."""
    memory = machine().memory_bytes
    if job.how.device.startswith("cuda"):
        memory = machine().gpus[0].memory_bytes if machine().gpus else memory
    needed = sum(found.disk_bytes + _LIBRARIES_BYTES for found in job.checkpoints.values())
    return memory is None or needed <= _MEMORY_SHARE * memory
