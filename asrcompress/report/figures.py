"""WER against SNR as line charts: the geometry only, a template draws it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from asrcompress.core.results import CellResult, ConditionResult
from asrcompress.report.view import ConditionRow, View

WIDTH, HEIGHT = 640, 320  # user units of the SVG
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 12, 44  # margins for the axes' labels
_LEAST_POINTS = 2  # one SNR is no line
_TICK_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 6
_SPREAD = 5  # units between two artefacts at one SNR, so that intervals do not hide each other


@dataclass(frozen=True, slots=True)
class Point:
    """A WER at its place; y_low and y_high are the interval's ends, None where unknown."""

    label: str
    x: float
    y: float
    y_low: float | None
    y_high: float | None
    wer: float


@dataclass(frozen=True, slots=True)
class Line:
    """One artefact's points; the first stands alone where it is the condition without noise."""

    artefact: str
    index: int
    points: tuple[Point, ...]
    has_clean: bool

    @property
    def path(self) -> str:
        """The SVG path through the points that have an SNR."""
        joined = self.points[1:] if self.has_clean else self.points
        return " ".join(
            f"{'L' if index else 'M'}{point.x:.1f} {point.y:.1f}"
            for index, point in enumerate(joined)
        )


@dataclass(frozen=True, slots=True)
class Chart:
    """One series of SNRs: its title, ticks as (place, label), and a line per artefact."""

    title: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]


def snr_charts(view: View) -> tuple[Chart, ...]:
    """A chart for each set of conditions that differ in nothing but the SNR."""
    found: dict[str, dict[float, ConditionRow]] = {}
    for row in view.conditions:
        snr_db = condition_snr_db(row.result)
        if snr_db is None:
            continue
        for repeat in count():  # the same SNR again, another corpus perhaps, is another chart
            series = found.setdefault(_key(row.result, repeat), {})
            if snr_db not in series:
                series[snr_db] = row
                break
    return tuple(_chart(view, rows) for rows in found.values() if len(rows) >= _LEAST_POINTS)


def condition_snr_db(condition: ConditionResult) -> float | None:
    """The SNR of a condition's first step that has one."""
    for step in condition.steps:
        value = step.get("snr_db")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _key(condition: ConditionResult, repeat: int) -> str:
    steps = [
        {name: value for name, value in step.items() if name != "snr_db"}
        for step in condition.steps
    ]
    return json.dumps([steps, repeat], sort_keys=True)


def _chart(view: View, rows: dict[float, ConditionRow]) -> Chart:
    noisy = [rows[snr_db] for snr_db in sorted(rows, reverse=True)]
    labels = [f"{snr_db:g}" for snr_db in sorted(rows, reverse=True)]
    clean = _without_noise(view, noisy[0].result)
    columns = [clean, *noisy] if clean else noisy
    names = ["no noise", *labels] if clean else labels
    top, step = _scale(columns)
    xs = _places(len(columns))
    return Chart(
        title=_title(noisy[0].result),
        x_ticks=tuple(zip(xs, names, strict=True)),
        y_ticks=tuple(
            (_y(index * step, top), f"{100 * index * step:g}")
            for index in range(round(top / step) + 1)
        ),
        lines=tuple(
            _line(view, index, list(zip(columns, xs, names, strict=True)), top, clean is not None)
            for index in range(len(view.artefacts))
        ),
    )


def _without_noise(view: View, condition: ConditionResult) -> ConditionRow | None:
    """The condition whose steps are the same but for the noise."""
    steps = [step for step in condition.steps if "snr_db" not in step]
    return next((row for row in view.conditions if list(row.result.steps) == steps), None)


def _line(
    view: View,
    index: int,
    columns: Sequence[tuple[ConditionRow, float, str]],
    top: float,
    has_clean: bool,
) -> Line:
    shift = (index - (len(view.artefacts) - 1) / 2) * _SPREAD
    points = [
        _point(cell, x + shift, label, top)
        for row, x, label in columns
        if (cell := row.cells[index]) and cell.words.rate is not None
    ]
    first = columns[0][0].cells[index]
    starts_clean = has_clean and first is not None and first.words.rate is not None
    return Line(view.artefacts[index].name, index, tuple(points), starts_clean)


def _point(cell: CellResult, x: float, label: str, top: float) -> Point:
    wer, interval = cell.words.rate or 0.0, cell.wer_interval
    return Point(
        label=label,
        x=x,
        y=_y(wer, top),
        y_low=_y(interval.low, top) if interval else None,
        y_high=_y(interval.high, top) if interval else None,
        wer=wer,
    )


def _places(columns: int) -> list[float]:
    """Evenly spaced places: an SNR's label is read, its distance is not."""
    width = (WIDTH - LEFT - RIGHT) / columns
    return [LEFT + (index + 0.5) * width for index in range(columns)]


def _y(rate: float, top: float) -> float:
    share = min(max(rate / top, 0.0), 1.0)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _scale(rows: Sequence[ConditionRow]) -> tuple[float, float]:
    """The axis's top and the step of its ticks, as fractions; zero is always shown."""
    cells = [cell for row in rows for cell in row.cells if cell]
    rates = [cell.words.rate or 0.0 for cell in cells]
    rates += [cell.wer_interval.high for cell in cells if cell.wer_interval]
    highest = max([*rates, 0.01])
    step = next((s for s in _TICK_STEPS if highest <= s * _MOST_TICKS), _TICK_STEPS[-1])
    ticks = int(highest / step - 1e-9) + 1
    return ticks * step, step


def _title(condition: ConditionResult) -> str:
    return " + ".join(_step_words(step) for step in condition.steps)


def _step_words(step: dict[str, Any]) -> str:
    """noise (type babble): the effect and its parameters that are words."""
    words = [f"{name} {value}" for name, value in step.items() if _is_telling(name, value)]
    effect = str(step.get("effect", "step"))
    return f"{effect} ({', '.join(words)})" if words else effect


def _is_telling(name: str, value: object) -> bool:
    return name not in ("effect", "snr_db") and isinstance(value, str)
