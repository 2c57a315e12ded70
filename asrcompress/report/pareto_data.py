"""WER against size and against speed: every artefact a point, those that no other beats a front.

The front is that of the WERs as measured; where intervals overlap, another sample of recordings
might have put other artefacts on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asrcompress.core.comparison import Interval
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.report.pareto import on_front
from asrcompress.report.view import ConditionRow, View
from asrcompress.report.wording import list_names, megabytes, number, times

_LEAST_POINTS = 2  # one is no choice


@dataclass(frozen=True, slots=True)
class Measure:
    """What WER is held against, by artefact; those without a value are missing.

    unit: megabytes, a ratio to the baseline's speed, or RTFx. source: what the values were
    measured in.
    """

    name: Literal["size", "speed"]
    title: str
    unit: Literal["MB", "x", "RTFx"]
    source: str
    values: Mapping[str, float]

    @property
    def is_more_better(self) -> bool:
        return self.name == "speed"

    def words(self, value: float) -> str:
        """For example 105.0 MB, 1.80x, RTFx 20.0."""
        if self.unit == "MB":
            return f"{megabytes(round(value * 1e6))} MB"
        return times(value) if self.unit == "x" else f"RTFx {number(value)}"

    def cost(self, value: float) -> float:
        """The value so that less is better."""
        return -value if self.is_more_better else value


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One artefact: its value, its WER with its interval, and whether no other beats it."""

    artefact: str
    is_baseline: bool
    value: float
    counts: ErrorCounts
    interval: Interval | None
    is_on_front: bool

    @property
    def wer(self) -> float:
        """Fronts hold defined rates only."""
        return self.counts.rate or 0.0


@dataclass(frozen=True, slots=True)
class Front:
    """One picture: a measure under a condition. left_out: artefacts without a WER or a value."""

    measure: Measure
    condition: str
    points: tuple[FrontPoint, ...]
    left_out: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The artefacts on the front, from the lowest WER."""
        return tuple(point.artefact for point in self.members)

    @property
    def members(self) -> tuple[FrontPoint, ...]:
        """The points on the front, from the lowest WER; equal ones in the results' order."""
        found = (point for point in self.points if point.is_on_front)
        return tuple(sorted(found, key=lambda point: point.wer))

    @property
    def line(self) -> str:
        """For example: Pareto front (WER under clean, size): fp32, int8-openvino, int4."""
        head = f"Pareto front (WER under {self.condition}, {self.measure.name})"
        missing = f"; not in it, as not measured: {list_names(self.left_out)}"
        return f"{head}: {list_names(self.names)}{missing if self.left_out else ''}"


def fronts_of(view: View) -> tuple[Front, ...]:
    """For the pictures: size and speed in the clean, and where the original does worst."""
    measures = measures_of(view)
    found = (_front(measure, row, view) for row in _shown(view) for measure in measures)
    return tuple(front for front in found if len(front.points) >= _LEAST_POINTS)


def size_fronts(view: View) -> tuple[Front, ...]:
    """Of size, under every condition; the same for the same results, whatever the machine."""
    found = (_front(_size(view), row, view) for row in view.conditions)
    return tuple(front for front in found if len(front.points) >= _LEAST_POINTS)


def measures_of(view: View) -> tuple[Measure, ...]:
    """Size on disk; and speed, from the run of all models in turn where there was one."""
    found = (_size(view), _speed_of_run(view) or _speed_of_costs(view))
    return tuple(row for row in found if row and len(row.values) >= _LEAST_POINTS)


def _size(view: View) -> Measure:
    sizes = {row.name: row.result.sizes.disk_bytes for row in view.artefacts}
    values = {name: size / 1e6 for name, size in sizes.items() if size}
    return Measure("size", "size on disk", "MB", "All files needed to load it", values)


def _speed_of_run(view: View) -> Measure | None:
    """At the batch size that most models share; None where too few artefacts were in the run."""
    run = view.speed
    size = run.main_batch_size if run else None
    if run is None or size is None:
        return None
    names = {row.name for row in view.artefacts}
    source = f"All models in one run on this machine, batch {size}"
    ratios = {name: ratio for name, ratio in run.main_ratios.items() if name in names}
    if len(ratios) >= _LEAST_POINTS:
        return Measure("speed", f"speed to {run.baseline}", "x", source, _positive(ratios))
    rtfx = _positive({row.name: row.rtfx(size) for row in run.rows if row.name in names})
    is_enough = len(rtfx) >= _LEAST_POINTS
    return Measure("speed", "RTFx", "RTFx", source, rtfx) if is_enough else None


def _speed_of_costs(view: View) -> Measure:
    """As the evaluation measured it: to the baseline where all have the same one."""
    source = "Each model in a process of its own"
    if view.results.baseline is not None:
        title = f"speed to {view.results.baseline}"
        ratios = {row.name: row.speed_ratio for row in view.artefacts}
        return Measure("speed", title, "x", source, _positive(ratios))
    rtfx = {row.name: row.rtfx for row in view.artefacts}
    return Measure("speed", "RTFx", "RTFx", source, _positive(rtfx))


def _positive(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value}


def _shown(view: View) -> list[ConditionRow]:
    """The clean, else the first; and the one with most errors of the originals."""
    scored = [row for row in view.conditions if _difficulty(row, view) is not None]
    if not scored:
        return []
    first = next((row for row in scored if not row.result.steps), scored[0])
    hardest = max(scored, key=lambda row: _difficulty(row, view) or 0.0)
    return [first] if hardest is first else [first, hardest]


def _difficulty(row: ConditionRow, view: View) -> float | None:
    """The WER of all originals together; of all artefacts where there is no original."""
    has_baseline = bool(view.results.baselines)
    pairs = zip(view.artefacts, row.cells, strict=True)
    cells = [cell for found, cell in pairs if cell and (found.is_baseline or not has_baseline)]
    return ErrorCounts.total(cell.words for cell in cells).rate


def _front(measure: Measure, row: ConditionRow, view: View) -> Front:
    cells = {
        artefact.name: cell
        for artefact, cell in zip(view.artefacts, row.cells, strict=True)
        if cell and cell.words.rate is not None and artefact.name in measure.values
    }
    places = [
        (measure.cost(measure.values[name]), c.words.rate or 0.0) for name, c in cells.items()
    ]
    originals = set(view.results.baselines)
    points = tuple(
        FrontPoint(
            artefact=name,
            is_baseline=name in originals,
            value=measure.values[name],
            counts=cell.words,
            interval=cell.wer_interval,
            is_on_front=is_kept,
        )
        for (name, cell), is_kept in zip(cells.items(), on_front(places), strict=True)
    )
    return Front(measure, row.name, points, _missing(view, cells))


def _missing(view: View, present: Iterable[str]) -> tuple[str, ...]:
    known = set(present)
    return tuple(row.name for row in view.artefacts if row.name not in known)
