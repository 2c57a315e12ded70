"""Line charts of the figures: the geometry only, a template draws it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asrcompress.report.figure_data import WITHOUT, Figure, FigureLine, FigurePoint, Tick

WIDTH, HEIGHT = 640, 320  # user units of the SVG
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 12, 44  # margins for the axes' labels
_TICK_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 6
_SPREAD = 5  # units between two lines at one place, so that intervals do not hide each other
_LABEL_WIDTH = 30  # a number's room on the axis; nearer ones are not labelled

TITLES = {
    "1a": "Word error rate against signal-to-noise ratio",
    "1b": "Word error rate against the room",
    "2a": "Word error rate against the pruning rate, by signal-to-noise ratio",
    "2b": "Word error rate against the pruning rate, by room",
    "3": "Word error rate against the room, with noise, by pruning rate",
}
AXES = {
    "snr_db": "SNR, dB (more noise to the right)",
    "room": "room",
    "pruning_rate": "weights pruned, %",
}


@dataclass(frozen=True, slots=True)
class Point:
    """A WER at its place; y_low and y_high are the interval's ends, None where unknown."""

    words: str
    x: float
    y: float
    y_low: float | None
    y_high: float | None
    wer: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line's points; the first stands alone where it has no noise, or no room."""

    name: str
    index: int
    points: tuple[Point, ...]
    is_first_apart: bool

    @property
    def path(self) -> str:
        """The SVG path through the points that belong to the axis."""
        joined = self.points[1:] if self.is_first_apart else self.points
        return " ".join(
            f"{'L' if index else 'M'}{point.x:.1f} {point.y:.1f}"
            for index, point in enumerate(joined)
        )


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture: what it shows, ticks as (place, label), and its lines.

    places: the ticks in words, of those too that have no room for a label.
    """

    model: str
    title: str
    axis: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChartGroup:
    """All pictures of one figure: those of the first series, and the others to fold away."""

    number: str
    title: str
    first: tuple[Chart, ...]
    others: tuple[Chart, ...]


def chart_groups(figures: Iterable[Figure]) -> tuple[ChartGroup, ...]:
    """The figures drawn; the models of one series share their scale."""
    found: dict[str, dict[str, list[Figure]]] = {}
    for figure in figures:
        found.setdefault(figure.number, {}).setdefault(figure.title, []).append(figure)
    groups = []
    for number, titles in found.items():
        first, *others = (_charts(rows) for rows in titles.values())
        folded = tuple(chart for row in others for chart in row)
        groups.append(ChartGroup(number, TITLES[number], tuple(first), folded))
    return tuple(groups)


def points_at(line: Line, chart: Chart) -> list[Point | None]:
    """A line's points at the chart's places; None where it has none."""
    points = {point.words: point for point in line.points}
    return [points.get(words) for words in chart.places]


def _charts(figures: Sequence[Figure]) -> list[Chart]:
    top, step = _scale(figures)
    return [_chart(figure, top, step) for figure in figures]


def _chart(figure: Figure, top: float, step: float) -> Chart:
    places = dict(zip((tick.value for tick in figure.ticks), _places(figure.ticks), strict=True))
    drawn = [(index, line) for index, line in enumerate(figure.lines) if line.points]
    return Chart(
        model=figure.model,
        title=figure.title,
        axis=AXES[figure.x_name],
        x_ticks=_labelled((places[tick.value], tick.label) for tick in figure.ticks),
        y_ticks=tuple(
            (_y(index * step, top), f"{100 * index * step:g}")
            for index in range(round(top / step) + 1)
        ),
        lines=tuple(
            _line(
                line, index, {value: x + _shift(index, figure) for value, x in places.items()}, top
            )
            for index, line in drawn
        ),
        places=tuple(dict.fromkeys(tick.words for tick in figure.ticks)),
    )


def _shift(index: int, figure: Figure) -> float:
    return (index - (len(figure.lines) - 1) / 2) * _SPREAD


def _line(line: FigureLine, index: int, places: dict[str, float], top: float) -> Line:
    points = tuple(_point(point, places[point.tick.value], top) for point in line.points)
    return Line(line.name, index, points, line.points[0].tick.value == WITHOUT)


def _point(point: FigurePoint, x: float, top: float) -> Point:
    interval = point.interval
    return Point(
        words=point.tick.words,
        x=x,
        y=_y(point.wer, top),
        y_low=_y(interval.low, top) if interval else None,
        y_high=_y(interval.high, top) if interval else None,
        wer=point.wer,
    )


def _places(ticks: Sequence[Tick]) -> list[float]:
    """Places to scale where all have a number, else evenly spaced."""
    width = (WIDTH - LEFT - RIGHT) / len(ticks)
    even = [LEFT + (index + 0.5) * width for index in range(len(ticks))]
    numbers = [tick.at for tick in ticks if tick.at is not None]
    if len(numbers) < len(ticks) or numbers[0] == numbers[-1]:
        return even
    span = (even[-1] - even[0]) / (numbers[-1] - numbers[0])
    return [even[0] + (number - numbers[0]) * span for number in numbers]


def _labelled(ticks: Iterable[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """The ticks whose labels do not run into the one before."""
    kept: list[tuple[float, str]] = []
    for x, label in ticks:
        if not kept or x - kept[-1][0] >= _LABEL_WIDTH:
            kept.append((x, label))
    return tuple(kept)


def _y(rate: float, top: float) -> float:
    share = min(max(rate / top, 0.0), 1.0)
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def _scale(figures: Sequence[Figure]) -> tuple[float, float]:
    """The axis's top and the step of its ticks, as fractions; zero is always shown."""
    points = [point for figure in figures for line in figure.lines for point in line.points]
    rates = [point.wer for point in points]
    rates += [point.interval.high for point in points if point.interval]
    highest = max([*rates, 0.01])
    step = next((s for s in _TICK_STEPS if highest <= s * _MOST_TICKS), _TICK_STEPS[-1])
    ticks = int(highest / step - 1e-9) + 1
    return ticks * step, step
