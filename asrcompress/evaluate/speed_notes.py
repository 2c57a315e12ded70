"""What measured speeds mean for who ships the model: a line each, nothing that was not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.machine import Machine
from asrcompress.core.speed import Speed
from asrcompress.evaluate.weight_bits import bits_of

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint

_FASTER = 1.1  # less is within what two runs on a busy machine differ by
_NOISY = 1.5  # the 95th percentile over the median of one recording's times
_CROWDED = 0.3  # of the time: the figures then tell of the scheduler as much as of the model
_SPARSE = 0.05  # fewer zeros are no pruning
_SENTENCE_S = 10.0
_WITHOUT_DOT_PRODUCTS = (None, "AVX2", "AVX-512")  # words of Machine.int8_kernels


@dataclass(frozen=True, slots=True)
class Measured:
    """A model's speed, what it is, and how much its times varied (see Timings.spread)."""

    speed: Speed
    checkpoint: Checkpoint
    spread: float


@dataclass(frozen=True, slots=True)
class Run:
    """How it went. waited: the share of its time in which tasks had to wait for a processor."""

    is_interleaved: bool = True
    waited: float | None = None


@dataclass(frozen=True, slots=True)
class _Gain:
    """The baseline's figures over the model's; above 1 the model is smaller or faster."""

    smaller: float | None
    throughput: float
    batch_1: float

    @property
    def is_faster(self) -> bool:
        return max(self.throughput, self.batch_1) >= _FASTER

    @property
    def speeds(self) -> str:
        return f"{self.throughput:.2f}x the throughput, {self.batch_1:.2f}x the speed at batch 1"


def notes_of(
    measured: Mapping[str, Measured],
    baseline: str | None,
    machine: Machine,
    run: Run,
) -> tuple[str, ...]:
    """The lines, those about the whole run first."""
    notes = [*_of_the_run(measured, run)]
    if baseline is not None:
        for name, found in measured.items():
            if name != baseline:
                gain = _gain(found.speed, measured[baseline].speed)
                notes += _of_one(name, found, gain, machine)
    return tuple(notes)


def _of_the_run(measured: Mapping[str, Measured], run: Run) -> Iterator[str]:
    if not run.is_interleaved:
        yield (
            "Measured one model after the other, not in turns: together they may not fit into "
            "this machine's memory. What slowed the machine down meanwhile hit some alone."
        )
    if run.waited is not None and run.waited > _CROWDED:
        yield (
            f"Disturbed: in {run.waited:.0%} of the time there was more work than processors. "
            "Measure again with nothing else running."
        )
        return
    name, worst = max(measured.items(), key=lambda item: item[1].spread)
    if worst.spread > _NOISY:
        yield (
            f"Noisy: of {name}, one in 20 times of the same recording was over "
            f"{worst.spread:.1f}x the usual one. Measure again with nothing else running."
        )


def _of_one(name: str, found: Measured, gain: _Gain, machine: Machine) -> Iterator[str]:
    is_torch = found.checkpoint.runtime == "torch"
    on_cpu = found.speed.device == "cpu"
    if is_torch and bits_of(found.checkpoint) and not gain.is_faster:
        is_smaller = gain.smaller is not None and gain.smaller > 1
        size = f"{gain.smaller:.1f}x smaller, " if is_smaller else ""
        verdict = "smaller, not faster" if is_smaller else "not faster"
        instead = "; --runtime openvino computes in 8 bits" if on_cpu else ""
        yield (
            f"{name}: {found.speed.precision} weights in PyTorch: {size}{gain.speeds} here: "
            f"{verdict}{instead}"
        )
    zeros = _unstructured_zeros(found.checkpoint)
    if is_torch and zeros >= _SPARSE and not gain.is_faster:
        yield f"{name}: {zeros:.0%} of weights pruned without structure: {gain.speeds}: no faster"
    lacks_dot_products = machine.isa_readable and machine.int8_kernels in _WITHOUT_DOT_PRODUCTS
    if not is_torch and on_cpu and "8-bit" in found.speed.precision and lacks_dot_products:
        yield (
            f"{name}: this processor multiplies 8-bit numbers without dot products (VNNI, AMX, "
            f"ARM's): {gain.speeds}, which tells nothing of processors that have them"
        )


def _gain(speed: Speed, baseline: Speed) -> _Gain:
    size, before = speed.sizes.disk_bytes, baseline.sizes.disk_bytes
    return _Gain(
        smaller=before / size if size and before else None,
        throughput=speed.throughputs[0].rtfx / baseline.throughputs[0].rtfx,
        batch_1=_sentence_ms(baseline) / _sentence_ms(speed),
    )


def _sentence_ms(speed: Speed) -> float:
    """The median latency of the recordings nearest a sentence's length."""
    nearest = min(speed.latencies, key=lambda one: abs(one.audio_s - _SENTENCE_S))
    return nearest.p50_ms


def _unstructured_zeros(checkpoint: Checkpoint) -> float:
    """The share of zeros among the weights that are left."""
    manifest = checkpoint.manifest
    return 0.0 if manifest is None else manifest.ledger.sparsity or 0.0
