"""Pareto pictures: the geometry only, a template draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from asrcompress.report.labels import Box, Label, place_labels
from asrcompress.report.pareto import staircase
from asrcompress.report.pareto_data import Front, FrontPoint
from asrcompress.report.step_charts import linear_scale
from asrcompress.report.wording import list_names, percent, percent_interval

WIDTH, HEIGHT = 500, 340  # user units of the SVG: small enough to be read on a telephone
LEFT, RIGHT, TOP, BOTTOM = 50, 22, 12, 46  # margins for the axes' labels
AREA = Box(LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)
_SPAN_FOR_LOG = 5  # highest / lowest: less is read well on a linear axis
_LOG_ROOM = 1.12  # beyond the outermost points, as a factor
_FEW_DECADES = 3  # with so few, 2 and 5 have labels besides 1
_MOST_BELOW = 2  # an interval's end below the lowest WER takes no more of a logarithmic axis
_MOST_NAMES = 40  # a picture of this size has no room for more
_HALF_LINE = 3  # of an interval's bar or the steps, with the space around it
_EDGE = 0.04  # of a linear axis: a point so near its end would be cut in half


@dataclass(frozen=True, slots=True)
class Axis:
    """From low to high, on a linear or a logarithmic scale, with its ticks."""

    low: float
    high: float
    is_logarithmic: bool
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value stands: 0 at low, 1 at high; what is beyond stands at the end."""
        kept = min(max(value, self.low), self.high)
        if self.is_logarithmic:
            return math.log(kept / self.low) / math.log(self.high / self.low)
        return (kept - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class ParetoMark:
    """One artefact in its place; reach: the interval's ends (low, high), empty where unknown."""

    point: FrontPoint
    words: str
    x: float
    y: float
    reach: tuple[float, ...]
    label: Label | None


@dataclass(frozen=True, slots=True)
class ParetoChart:
    """One picture; words: what it shows, for who does not see it."""

    front: Front
    axis: str
    words: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    steps: str
    marks: tuple[ParetoMark, ...]

    @property
    def unlabelled(self) -> int:
        """How many names found no room."""
        return sum(mark.label is None for mark in self.marks)


def pareto_charts(fronts: Sequence[Front]) -> tuple[ParetoChart, ...]:
    """A picture for each front."""
    return tuple(map(_chart, fronts))


def axis_of(values: Sequence[float], *, ends: Sequence[float] = ()) -> Axis:
    """Around the values: logarithmic where they span much and all are above 0.

    ends: of intervals around them; on a logarithmic axis the lowest may be cut.
    """
    low, high = min(values), max(values)
    if low > 0 and high / low >= _SPAN_FOR_LOG:
        least = max(min([low, *ends]), low / _MOST_BELOW)
        bounds = (least / _LOG_ROOM, max([high, *ends]) * _LOG_ROOM)
        return Axis(*bounds, is_logarithmic=True, ticks=_decade_ticks(*bounds))
    return _linear_axis(min([low, *ends]), max([high, *ends]))


def _linear_axis(low: float, high: float) -> Axis:
    """Round steps, and one more where a point would stand on an end that is not 0."""
    scale = linear_scale(low, high)
    first, last = round(scale.low / scale.step), round(scale.high / scale.step)
    room = _EDGE * (scale.high - scale.low)
    first -= scale.low > 0 and low - scale.low < room
    last += scale.high - high < room
    ticks = tuple(round(index * scale.step, 10) for index in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], is_logarithmic=False, ticks=ticks)


def _decade_ticks(low: float, high: float) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first <= _FEW_DECADES else (1,)
    found = [factor * 10.0**exponent for exponent in range(first, last + 1) for factor in factors]
    return tuple(value for value in found if low <= value <= high)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Both axes; WER in per cent."""

    value: Axis
    wer: Axis

    def place(self, value: float, wer: float) -> tuple[float, float]:
        return self.x(value), self.y(wer)

    def x(self, value: float) -> float:
        return AREA.left + self.value.share(value) * (AREA.right - AREA.left)

    def y(self, wer: float) -> float:
        return AREA.bottom - self.wer.share(wer) * (AREA.bottom - AREA.top)


def _chart(front: Front) -> ParetoChart:
    points = front.points
    ends = [end for point in points for end in _ends(point)]
    scale = _Scale(
        value=axis_of([point.value for point in points]),
        wer=axis_of([100 * point.wer for point in points], ends=ends),
    )
    return ParetoChart(
        front=front,
        axis=_axis_words(front),
        words=_words(front),
        x_ticks=tuple((scale.x(tick), f"{tick:g}") for tick in scale.value.ticks),
        y_ticks=tuple((scale.y(tick), f"{tick:g}") for tick in scale.wer.ticks),
        steps=_path(_corners(front, scale)),
        marks=_marks(front, scale),
    )


def _marks(front: Front, scale: _Scale) -> tuple[ParetoMark, ...]:
    """In the results' order; names on the front are the first to have a place."""
    points = front.points
    places = [scale.place(row.value, 100 * row.wer) for row in points]
    reaches = [tuple(scale.y(end) for end in _ends(row)) for row in points]
    pairs = zip(places, reaches, strict=True)
    clear = [Box(x - _HALF_LINE, r[1], x + _HALF_LINE, r[0]) for (x, _), r in pairs if r]
    clear += [_line_box(one, other) for one, other in pairwise(_corners(front, scale))]
    order = sorted(range(len(points)), key=lambda index: not points[index].is_on_front)
    names = [points[index].artefact for index in order[:_MOST_NAMES]]
    labels = place_labels([places[index] for index in order], names, AREA, clear)
    label_of = dict(zip(order, labels, strict=False))
    return tuple(
        ParetoMark(
            point=row,
            words=_mark_words(row, front),
            x=places[index][0],
            y=places[index][1],
            reach=reaches[index],
            label=label_of.get(index),
        )
        for index, row in enumerate(points)
    )


def _corners(front: Front, scale: _Scale) -> list[tuple[float, float]]:
    """Down to the front from above, along it, and on from its end to the worse side."""
    measure = front.measure
    corners = staircase([(measure.cost(row.value), 100 * row.wer) for row in front.points])
    places = [scale.place(abs(cost), wer) for cost, wer in corners]
    worse = AREA.left if measure.is_more_better else AREA.right
    return [(places[0][0], AREA.top), *places, (worse, places[-1][1])]


def _path(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(corners))


def _line_box(one: tuple[float, float], other: tuple[float, float]) -> Box:
    """Around a line along an axis."""
    (left, right), (top, bottom) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return Box(left - _HALF_LINE, top - _HALF_LINE, right + _HALF_LINE, bottom + _HALF_LINE)


def _ends(point: FrontPoint) -> tuple[float, ...]:
    interval = point.interval
    return (100 * interval.low, 100 * interval.high) if interval else ()


def _axis_words(front: Front) -> str:
    measure = front.measure
    if measure.is_more_better:
        return f"{measure.title} (faster to the right)"
    return f"{measure.title}, {measure.unit} (smaller to the left)"


def _mark_words(point: FrontPoint, front: Front) -> str:
    place = "on the front" if point.is_on_front else "beaten by another"
    value = front.measure.words(point.value)
    interval = f" {percent_interval(point.interval)}" if point.interval else ""
    return f"{point.artefact}: {value}, WER {percent(point.wer)} %{interval}, {place}"


def _words(front: Front) -> str:
    """The front in words, from the lowest WER, and what is off it."""
    members = [
        f"{row.artefact} ({percent(row.wer)} %, {front.measure.words(row.value)})"
        for row in front.members
    ]
    off = [row.artefact for row in front.points if not row.is_on_front]
    beaten = f" Beaten by one of them in both: {list_names(off)}." if off else ""
    return f"On the front, from the lowest WER: {list_names(members)}.{beaten}"
