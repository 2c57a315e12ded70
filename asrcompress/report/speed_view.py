"""Speed as every format shows it: each model against the baseline of the same run, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asrcompress.core.speed import Latency, Speed, SpeedTable, Throughput
from asrcompress.report.wording import NOT_AVAILABLE, count_of, list_names, number, runtime_words

_WHOLE_MS = 10  # from there on milliseconds have no decimals
LEGEND = (
    "RTFx = audio s / processing s, the median of the rounds; ms: from samples to text at batch 1, "
    "median (95th percentile)."
)
SETUP_NAMES = ("device", "threads")


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One model of the run, and how it stands to the run's baseline.

    disk_rate: baseline bytes / its bytes. ratios: its RTFx / the baseline's, by the run's batch
    sizes, where both were measured; a model that takes batch 1 alone heard the same recordings.
    """

    name: str
    speed: Speed
    is_baseline: bool
    disk_rate: float | None
    ratios: Mapping[int, float]

    def throughput(self, batch_size: int) -> Throughput | None:
        """Of batches of that size, or one by one where it takes no others; else None."""
        return _throughput(self.speed, batch_size)

    def rtfx(self, batch_size: int) -> float | None:
        """Audio seconds a second in that throughput; None where it was not measured."""
        found = self.throughput(batch_size)
        return found.rtfx if found else None

    def latency(self, audio_s: float) -> Latency | None:
        """Of recordings of that length; None where that was not measured."""
        return next((row for row in self.speed.latencies if row.audio_s == audio_s), None)

    @property
    def ran(self) -> str:
        """What computed it, and as far as it is told with which kernels, most first."""
        speed = self.speed
        words = (
            f"{runtime_words(speed.runtime)}, {speed.device}, {count_of(speed.threads, 'thread')}"
        )
        return f"{words}: {list_names(speed.kernels)}" if speed.kernels else words


@dataclass(frozen=True, slots=True)
class SpeedView:
    """A run's table, arranged for reading; rows in the order measured."""

    table: SpeedTable
    rows: tuple[SpeedRow, ...]

    @property
    def baseline(self) -> str | None:
        """The model that ratios are to; None where it was not in the run."""
        return self.table.baseline if self.table.baseline in self.table.speeds else None

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """What the run's batches were, the smallest first; see `_batch_sizes`."""
        return _batch_sizes(self.table)

    @property
    def lengths_s(self) -> tuple[float, ...]:
        """The lengths of audio that latency was measured with, the shortest first."""
        return tuple(sorted({found.audio_s for row in self.rows for found in row.speed.latencies}))

    @property
    def main_batch_size(self) -> int | None:
        """The batch size that most models have in common, the largest of several."""
        counts = {
            size: sum(bool(row.throughput(size)) for row in self.rows) for size in self.batch_sizes
        }
        return max(counts, key=lambda size: (counts[size], size), default=None)

    @property
    def main_ratios(self) -> dict[str, float]:
        """By model, where it was measured with the main batch size, as the baseline was."""
        size = self.main_batch_size
        if size is None:
            return {}
        return {row.name: row.ratios[size] for row in self.rows if size in row.ratios}

    @property
    def has_energy(self) -> bool:
        return any(row.speed.energy for row in self.rows)

    @property
    def differing(self) -> tuple[str, ...]:
        """Of device and threads, those that are not the same for all models."""
        values = {name: {getattr(row.speed, name) for row in self.rows} for name in SETUP_NAMES}
        return tuple(name for name, found in values.items() if len(found) > 1)

    @property
    def machine_line(self) -> str:
        """For example: 2 cores, AVX512-VNNI; models in turn, 5 rounds."""
        return f"Machine: {self.table.machine}; models in turn, {_rounds(self.table.rounds)}."

    @property
    def kernel_lines(self) -> tuple[tuple[str, str], ...]:
        """What ran, by model: (name, words)."""
        return tuple((row.name, row.ran) for row in self.rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What takes batch 1 alone and why, what the figures mean, and what of energy."""
        batches = [
            f"{row.name}: {row.speed.batch_note}" for row in self.rows if row.speed.batch_note
        ]
        found = [*batches, *self.table.notes, *self._energy_notes()]
        return tuple(dict.fromkeys(found))

    def _energy_notes(self) -> list[str]:
        """How energy was measured, by models where that differs; why it was not."""
        by_method: dict[str, list[str]] = {}
        for row in self.rows:
            if row.speed.energy:
                idle = f"above the {number(row.speed.energy.idle_watts)} W of the idle machine"
                by_method.setdefault(f"{row.speed.energy.method}, {idle}", []).append(row.name)
        who = {words: f" of {list_names(names)}" for words, names in by_method.items()}
        found = [
            f"Energy{who[words] if len(by_method) > 1 else ''}: {words}" for words in by_method
        ]
        return [*found, *([self.table.energy_note] if self.table.energy_note else [])]


def speed_view(table: SpeedTable) -> SpeedView | None:
    """The view of a run; None where no model was measured."""
    baseline = table.speeds.get(table.baseline) if table.baseline is not None else None
    rows = tuple(
        SpeedRow(
            name=name,
            speed=speed,
            is_baseline=name == table.baseline,
            disk_rate=_disk_rate(speed, baseline),
            ratios=_ratios(speed, baseline, _batch_sizes(table)),
        )
        for name, speed in table.speeds.items()
    )
    return SpeedView(table, rows) if rows else None


def milliseconds(latency: Latency | None) -> str:
    """The median, and in brackets the 95th percentile: 123 (145); 4.2 (5.0)."""
    if latency is None:
        return NOT_AVAILABLE
    return f"{_milliseconds(latency.p50_ms)} ({_milliseconds(latency.p95_ms)})"


def seconds(audio_s: float) -> str:
    """A length of audio for a column's head: 2 s, 3.52 s."""
    return f"{audio_s:.3g} s" if audio_s < 1000 else f"{audio_s:.0f} s"


def joules(speed: Speed) -> str:
    """Joules for an hour of audio, whole from 10 on."""
    if speed.energy is None:
        return NOT_AVAILABLE
    value = speed.energy.joules_per_audio_hour
    return number(value, 0 if abs(value) >= _WHOLE_MS else 1)


def _milliseconds(value: float) -> str:
    return number(value, 0 if value >= _WHOLE_MS else 1)


def _rounds(rounds: int) -> str:
    return count_of(rounds, "round")


def _disk_rate(speed: Speed, baseline: Speed | None) -> float | None:
    if baseline is None or baseline.sizes.disk_bytes is None or not speed.sizes.disk_bytes:
        return None
    return baseline.sizes.disk_bytes / speed.sizes.disk_bytes


def _throughput(speed: Speed, batch_size: int) -> Throughput | None:
    found = speed.throughputs
    exact = next((row for row in found if row.batch_size == batch_size), None)
    if exact is None and speed.batch_note is not None:
        return next((row for row in found if row.batch_size == 1), None)
    return exact


def _batch_sizes(table: SpeedTable) -> tuple[int, ...]:
    """Those of the models that take batches; of all where none does."""
    speeds = list(table.speeds.values())
    free = [speed for speed in speeds if speed.batch_note is None]
    return tuple(sorted({row.batch_size for speed in free or speeds for row in speed.throughputs}))


def _ratios(speed: Speed, baseline: Speed | None, sizes: tuple[int, ...]) -> dict[int, float]:
    """By batch size; those alone that both were measured with, and the baseline's was not 0."""
    if baseline is None:
        return {}
    pairs = {size: (_throughput(speed, size), _throughput(baseline, size)) for size in sizes}
    return {
        size: own.rtfx / reference.rtfx
        for size, (own, reference) in pairs.items()
        if own and reference and reference.rtfx
    }
