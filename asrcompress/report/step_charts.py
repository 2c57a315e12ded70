"""Curves over a training's steps, on a linear or a logarithmic scale: the geometry only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from asrcompress.report.curve_table import chosen
from asrcompress.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from asrcompress.report.wording import short_count

_DECADES_FOR_LOG = 1.3  # highest / lowest of 20: less is read well on a linear scale
_MOST_DECADES = 8  # what is smaller stands on the ground line
_FEW_DECADES = 2  # with so few, 2 and 5 have labels besides 1
_MOST_TICKS = 6
_MOST_POINTS = 400  # drawn of a line, about one for each unit that it is wide
_MOST_MARKED = 40  # a line of so few points has a mark at each, another at
_MARKS = 8  # so many of them
_LEAST_PLAIN, _LARGE = 1e-3, 1e5  # numbers that are written out on an axis

Series = Sequence[tuple[int, float | None]]  # (step, value)


class Scale(Protocol):
    """A value's place, and the axis's ticks as (place, label)."""

    def y(self, value: float) -> float | None: ...

    def ticks(self) -> tuple[tuple[float, str], ...]: ...


@dataclass(frozen=True, slots=True)
class StepPoint:
    """A value that has a mark; words: its step and value."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One curve; index chooses its colour and marker."""

    name: str
    index: int
    path: str
    points: tuple[StepPoint, ...]


@dataclass(frozen=True, slots=True)
class StepChart:
    """One picture; words: what it shows, for who does not see it. unit: beside the axis."""

    title: str
    unit: str
    words: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[StepLine, ...]
    is_logarithmic: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class LinearScale:
    """From low to high, with a label at each step."""

    low: float
    high: float
    step: float
    label: Callable[[float], str]

    def y(self, value: float) -> float | None:
        share = (value - self.low) / (self.high - self.low)
        return _height(min(max(share, 0.0), 1.0))

    def ticks(self) -> tuple[tuple[float, str], ...]:
        count = round((self.high - self.low) / self.step)
        values = [self.low + index * self.step for index in range(count + 1)]
        return tuple((_height(index / count), self.label(v)) for index, v in enumerate(values))


@dataclass(frozen=True, slots=True)
class LogScale:
    """Decades of the axis: 10 ** low to 10 ** high; nothing at or below 0 has a place on it."""

    low: int
    high: int

    def y(self, value: float) -> float | None:
        if value <= 0:
            return None
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return _height(min(max(share, 0.0), 1.0))

    def ticks(self) -> tuple[tuple[float, str], ...]:
        few = self.high - self.low <= _FEW_DECADES
        values = [
            factor * 10.0**exponent
            for exponent in range(self.low, self.high)
            for factor in ((1, 2, 5) if few else (1,))
        ]
        return tuple((self.y(v) or 0.0, _tick(v)) for v in [*values, 10.0**self.high])


def scale_for(values: Iterable[float]) -> LinearScale | LogScale:
    """Logarithmic where what is above 0 spans more than a decade, else linear and with 0."""
    found = list(values)
    positive = [value for value in found if value > 0]
    if positive:
        low, high = math.log10(min(positive)), math.log10(max(positive))
        if high - low >= _DECADES_FOR_LOG:
            top = math.ceil(high)
            return LogScale(max(math.floor(low), top - _MOST_DECADES), top)
    return linear_scale(min([0.0, *found]), max([0.0, *found]))


def linear_scale(low: float, high: float) -> LinearScale:
    """Round steps around both ends; from 0 to 1 where they are one."""
    if not high > low:
        low, high = min(low, 0.0), low + 1.0
    step = _round_step((high - low) / (_MOST_TICKS - 1))
    first, last = math.floor(low / step), math.ceil(high / step)
    return LinearScale(first * step, last * step, step, _tick)


SHARES = LinearScale(0.0, 1.0, 0.2, lambda share: f"{100 * share:.0f}")


def step_lines(
    series: Iterable[tuple[str, Series]], scale: Scale, last: int, words: Callable[[float], str]
) -> tuple[StepLine, ...]:
    """A line for each curve; words: of a value, for its mark's title."""
    return tuple(
        _line(name, index, values, _Picture(scale, last, words))
        for index, (name, values) in enumerate(series)
    )


def step_ticks(last: int) -> tuple[tuple[float, str], ...]:
    """The steps' axis, from 0 to the last step."""
    step = max(1, round(_round_step(last / (_MOST_TICKS - 1)))) if last else 1
    return tuple((_x(value, last), short_count(value)) for value in range(0, last + 1, step))


def not_drawn(series: Iterable[tuple[str, Series]], scale: Scale) -> int:
    """How many values have no place on the scale."""
    values = [value for _, points in series for _, value in points if value is not None]
    return sum(scale.y(value) is None for value in values)


@dataclass(frozen=True, slots=True)
class _Picture:
    scale: Scale
    last: int
    words: Callable[[float], str]


def _line(name: str, index: int, series: Series, picture: _Picture) -> StepLine:
    measured = [(step, value) for step, value in series if value is not None]
    drawn = [measured[place] for place in chosen(len(measured), _MOST_POINTS)]
    places = [(_x(step, picture.last), picture.scale.y(value)) for step, value in drawn]
    marked = chosen(len(drawn), len(drawn) if len(drawn) <= _MOST_MARKED else _MARKS)
    points = []
    for at in marked:
        (x, y), (step, value) = places[at], drawn[at]
        if y is not None:
            points.append(StepPoint(x, y, f"step {step:,}: {picture.words(value)}"))
    return StepLine(name, index, " ".join(_path(places)), tuple(points))


def _path(places: Iterable[tuple[float, float | None]]) -> Iterator[str]:
    """The SVG path, broken where a value has no place."""
    command = "M"
    for x, y in places:
        if y is not None:
            yield f"{command}{x:.1f} {y:.1f}"
        command = "M" if y is None else "L"


def _x(step: int, last: int) -> float:
    return LEFT + (step / last if last else 0.0) * (WIDTH - LEFT - RIGHT)


def _height(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _tick(value: float) -> str:
    """A tick's label, short enough for the axis: 0.02, 1.5e-4, 20K."""
    size = abs(round(value, 12))
    if not size:
        return "0"
    if size < _LEAST_PLAIN:
        return f"{value:.1e}".replace(".0e", "e").replace("e-0", "e-")
    return f"{value:.4g}" if size < _LARGE else f"{value:.2g}".replace("e+0", "e")
