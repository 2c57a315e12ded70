"""Speed as tidy CSV: one row for each model and measure, the unit in the measure's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asrcompress.core.speed import Speed
from asrcompress.report.speed_view import SpeedRow, SpeedView
from asrcompress.report.tidy import Value, csv_text, rounded
from asrcompress.report.view import View

COLUMNS = (
    "model",
    "runtime",
    "weights",
    "device",
    "threads",
    "measure",
    "batch_size",
    "audio_s",
    "value",
    "to_baseline",
)
_RTFX = "rtfx"


@dataclass(frozen=True, slots=True)
class _Measured:
    """One number; batch_size and audio_s None where they have no meaning for it."""

    measure: str
    value: float
    batch_size: int | None = None
    audio_s: float | None = None

    @property
    def place(self) -> tuple[str, int | None, float | None]:
        """What has to be the same in a baseline's number that it is held against."""
        return self.measure, self.batch_size, self.audio_s


def render(view: View) -> str:
    """A row for each number; to_baseline: the value over the baseline's in the same run.

    The heads alone where speed was not measured in a run.
    """
    return csv_text(COLUMNS, _rows(view.speed) if view.speed else ())


def _rows(view: SpeedView) -> Iterator[list[Value]]:
    baseline = view.table.speeds.get(view.baseline) if view.baseline else None
    reference = {found.place: found.value for found in _measured(baseline)} if baseline else {}
    for row in view.rows:
        speed = row.speed
        model = (row.name, speed.runtime, speed.precision, speed.device, speed.threads)
        for found in _measured(speed):
            base = reference.get(found.place)
            ratio = found.value / base if base else None
            if found.measure == _RTFX:
                ratio = _rtfx_ratio(row, (found.batch_size, view.main_batch_size))
            place = (found.measure, found.batch_size, rounded(found.audio_s))
            yield [*model, *place, rounded(found.value), rounded(ratio)]


def _rtfx_ratio(row: SpeedRow, sizes: Iterable[int | None]) -> float | None:
    """At its batch size; of a model that takes batch 1 alone, to the run's batches."""
    found = (row.ratios.get(size) for size in sizes if size is not None)
    return next((ratio for ratio in found if ratio is not None), None)


def _measured(speed: Speed) -> Iterator[_Measured]:
    for run in speed.throughputs:
        yield _Measured(_RTFX, run.rtfx, batch_size=run.batch_size)
    for row in speed.latencies:
        yield _Measured("latency_p50_ms", row.p50_ms, 1, row.audio_s)
        yield _Measured("latency_p95_ms", row.p95_ms, 1, row.audio_s)
    yield _Measured("load_s", speed.load_s)
    yield _Measured("memory_after_load_bytes", speed.memory_after_load_bytes)
    yield _Measured("peak_memory_bytes", speed.peak_memory_bytes)
    for name, size in speed.sizes.model_dump().items():
        if size is not None:
            yield _Measured(name, size)
    if speed.energy:
        yield _Measured("joules_per_audio_hour", speed.energy.joules_per_audio_hour)
