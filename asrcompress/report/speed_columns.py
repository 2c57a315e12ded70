"""The columns of a speed table, in words, the same for a terminal, a comment and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asrcompress.core.speed import Throughput
from asrcompress.report.speed_view import SpeedRow, SpeedView, joules, milliseconds, seconds
from asrcompress.report.wording import NOT_AVAILABLE, megabytes, number, runtime_words, times


@dataclass(frozen=True, slots=True)
class SpeedColumn:
    """A head, in lines where it has several, with a cell for each model.

    values: the numbers behind the cells, to sort by; None for a column of names.
    """

    head: str
    cells: tuple[str, ...]
    values: tuple[float | None, ...] | None = None


def speed_columns(view: SpeedView) -> tuple[SpeedColumn, ...]:
    """Runtime, RTFx by batch size, bytes, latency by length, loading, memory, energy."""
    return tuple(_columns(view))


def _columns(view: SpeedView) -> Iterator[SpeedColumn]:
    yield _names(view, "runtime", lambda row: runtime_words(row.speed.runtime))
    yield _names(view, "weights", lambda row: row.speed.precision)
    for size in view.batch_sizes:
        yield from _throughput(view, size)
    yield from _disk(view)
    for audio_s in view.lengths_s:
        yield _latency(view, audio_s)
    yield from _loading(view)
    if view.has_energy:
        yield SpeedColumn(
            "J per hour\nof audio",
            tuple(joules(row.speed) for row in view.rows),
            tuple(
                e.joules_per_audio_hour if (e := row.speed.energy) else None for row in view.rows
            ),
        )
    for name in view.differing:
        yield SpeedColumn(name, tuple(str(getattr(row.speed, name)) for row in view.rows))


def _throughput(view: SpeedView, size: int) -> Iterator[SpeedColumn]:
    found = [row.throughput(size) for row in view.rows]
    yield SpeedColumn(
        f"RTFx\nbatch {size}",
        tuple(_rtfx_words(run, size) for run in found),
        tuple(run.rtfx if run else None for run in found),
    )
    if view.baseline is not None:
        yield _numbers(view, f"batch {size}\nto baseline", times, lambda row: row.ratios.get(size))


def _rtfx_words(run: Throughput | None, size: int) -> str:
    """With its own batch size where that is another: 20.0 at 1."""
    if run is None:
        return NOT_AVAILABLE
    return number(run.rtfx) + (f" at {run.batch_size}" if run.batch_size != size else "")


def _disk(view: SpeedView) -> Iterator[SpeedColumn]:
    found = [row.speed.sizes.disk_bytes for row in view.rows]
    yield SpeedColumn("disk\nMB", tuple(map(megabytes, found)), tuple(found))
    if view.baseline is not None:
        yield _numbers(view, "rate\n(disk)", times, lambda row: row.disk_rate)


def _latency(view: SpeedView, audio_s: float) -> SpeedColumn:
    found = [row.latency(audio_s) for row in view.rows]
    return SpeedColumn(
        f"ms\nfor {seconds(audio_s)}",
        tuple(map(milliseconds, found)),
        tuple(row.p50_ms if row else None for row in found),
    )


def _loading(view: SpeedView) -> Iterator[SpeedColumn]:
    yield _numbers(view, "load\ns", number, lambda row: row.speed.load_s)
    for head, name in (
        ("loaded\nMB", "memory_after_load_bytes"),
        ("peak\nMB", "peak_memory_bytes"),
    ):
        found = [getattr(row.speed, name) for row in view.rows]
        yield SpeedColumn(head, tuple(map(megabytes, found)), tuple(found))


def _names(view: SpeedView, head: str, words: Callable[[SpeedRow], str]) -> SpeedColumn:
    return SpeedColumn(head, tuple(map(words, view.rows)))


def _numbers(
    view: SpeedView,
    head: str,
    words: Callable[[float | None], str],
    value: Callable[[SpeedRow], float | None],
) -> SpeedColumn:
    found = tuple(map(value, view.rows))
    return SpeedColumn(head, tuple(map(words, found)), found)
