"""WER against SNR, room and pruning rate, with intervals: the figures of Pimentel et al. (2023)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from asrcompress.core.errors import one_line
from asrcompress.report.figure_data import WITHOUT, Figure, FigureLine, Tick, figures_of
from asrcompress.report.figures import AXES, TITLES
from asrcompress.report.pictures._picture import Picture, file_name, short_name, short_names
from asrcompress.report.pictures._style import (
    COLUMN_IN,
    MOST_IN_LEGEND,
    PLOT_IN,
    Look,
    add_legend,
    legend_height_in,
    look_of,
)
from asrcompress.report.view import View

if TYPE_CHECKING:
    from matplotlib import figure as mpl
    from matplotlib.axes import Axes

_NAMES = {
    "1a": "wer-by-snr",
    "1b": "wer-by-room",
    "2a": "wer-by-pruning-rate-and-snr",
    "2b": "wer-by-pruning-rate-and-room",
    "3": "wer-by-noisy-room-and-pruning-rate",
}
_SAID_ALREADY = re.compile(r"\b(noise|reverb|type|any|at|together)\b")  # or in every such title
_SPREAD = 0.03  # of the distance of two places, between two lines at one of them
_WIDEST = 0.5  # of it, for all lines together
_LONG_LABEL, _MOST_IN_LABEL = 8, 18  # characters of a tick's label
_MOST_IN_TITLE = 44


def pictures(view: View) -> Iterator[Picture]:
    """Every figure of the page; those of one title have one scale, whatever the model."""
    figures = figures_of(view)
    has_models = len({row.model for row in figures}) > 1
    for row in figures:
        top = max(_highest(other) for other in figures if _kind(other) == _kind(row))
        model = row.model if has_models else ""
        title = _SAID_ALREADY.sub(" ", row.title)
        yield Picture(
            name=file_name(_NAMES[row.number], title if _has_words(title) else "", model),
            caption=_caption(row),
            size_in=(COLUMN_IN, PLOT_IN + legend_height_in(len(_drawn(row)))),
            draw=partial(_draw, row, f"{model}: {row.title}" if model else row.title, top),
        )


def _kind(figure: Figure) -> tuple[str, str]:
    return figure.number, figure.title


def _has_words(title: str) -> bool:
    return any(char.isalnum() for char in title)


def _caption(figure: Figure) -> str:
    intervals = [p.interval for line in figure.lines for p in line.points if p.interval]
    bars = f" Bars: {100 * intervals[0].level:g} % intervals." if intervals else ""
    return f"{TITLES[figure.number]}: {one_line(figure.title)}; {one_line(figure.model)}.{bars}"


def _highest(figure: Figure) -> float:
    """The highest rate or interval's end, in per cent."""
    points = [point for line in figure.lines for point in line.points]
    ends = [point.interval.high for point in points if point.interval]
    return 100 * max([point.wer for point in points] + ends)


def _drawn(figure: Figure) -> list[tuple[int, FigureLine]]:
    return [(index, line) for index, line in enumerate(figure.lines) if line.points]


def _draw(figure: Figure, title: str, top: float, canvas: mpl.Figure) -> None:
    axes = canvas.add_subplot()
    axes.set_title(short_name(title, _MOST_IN_TITLE))
    places = _places(figure.ticks)
    lines = _drawn(figure)
    widest = min(_SPREAD * (len(lines) - 1), _WIDEST) * _least_distance(list(places.values()))
    for place, (index, line) in enumerate(lines):
        share = place / (len(lines) - 1) - 0.5 if len(lines) > 1 else 0.0
        _draw_line(axes, line, {key: x + share * widest for key, x in places.items()}, index)
    _label_axes(axes, figure, places)
    axes.set_ylim(0, 1.05 * top if top > 0 else 1.0)
    handles = [handle for handle in axes.get_lines() if not str(handle.get_label()).startswith("_")]
    add_legend(canvas, handles, short_names([line.name for _, line in lines], MOST_IN_LEGEND))


def _draw_line(axes: Axes, line: FigureLine, places: dict[str, float], index: int) -> None:
    """The line with its marks; the first point stands alone where it has no noise, or no room."""
    look = look_of(index)
    xs = [places[point.tick.value] for point in line.points]
    rates = [100 * point.wer for point in line.points]
    is_apart = line.points[0].tick.value == WITHOUT
    joined = slice(1, None) if is_apart else slice(None)
    if is_apart and len(xs) > 1:
        _plot(axes, xs[:1], rates[:1], look, "_apart")
    else:
        joined = slice(None)
    _plot(axes, xs[joined], rates[joined], look, f"line {index}")
    bars = [(x, p.interval) for x, p in zip(xs, line.points, strict=True) if p.interval]
    axes.vlines(
        [x for x, _ in bars],
        [100 * interval.low for _, interval in bars],
        [100 * interval.high for _, interval in bars],
        colors=look.colour,
        linewidths=0.7,
    )


def _plot(axes: Axes, xs: Sequence[float], rates: Sequence[float], look: Look, label: str) -> None:
    axes.plot(
        xs,
        rates,
        color=look.colour,
        marker=look.marker,
        linestyle=look.line_style,
        markersize=3.2,
        linewidth=0.9,
        label=label,
    )


def _label_axes(axes: Axes, figure: Figure, places: dict[str, float]) -> None:
    labels = short_names([tick.label for tick in figure.ticks], _MOST_IN_LABEL)
    is_long = max(map(len, labels)) > _LONG_LABEL
    axes.set_xticks(list(places.values()), labels=labels)
    if is_long:
        axes.tick_params(axis="x", labelrotation=30)
    axes.set_xlabel(AXES[figure.x_name])
    axes.set_ylabel("WER, %")
    axes.grid(axis="y", linewidth=0.3, color="#cccccc")
    axes.set_axisbelow(True)


def _places(ticks: Sequence[Tick]) -> dict[str, float]:
    """To scale where all ticks have a number, else one apart."""
    numbers = [100 * tick.at for tick in ticks if tick.at is not None]
    places = numbers if len(numbers) == len(ticks) else [float(n) for n in range(len(ticks))]
    return {tick.value: place for tick, place in zip(ticks, places, strict=True)}


def _least_distance(places: Sequence[float]) -> float:
    ordered = sorted(set(places))
    gaps = [high - low for low, high in pairwise(ordered)]
    return min(gaps, default=1.0)
