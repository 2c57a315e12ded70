"""WER against size and against speed: every artefact a point, the front as steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from asrcompress.core.errors import one_line
from asrcompress.report.pareto import staircase
from asrcompress.report.pareto_charts import axis_of
from asrcompress.report.pareto_data import Front, FrontPoint, Measure, fronts_of
from asrcompress.report.pictures._picture import Picture, file_name, short_name, short_names
from asrcompress.report.pictures._style import (
    COLUMN_IN,
    MOST_IN_LEGEND,
    PLOT_IN,
    add_legend,
    legend_height_in,
    look_of,
)
from asrcompress.report.view import View

if TYPE_CHECKING:
    from matplotlib import figure as mpl
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D


def pictures(view: View) -> Iterator[Picture]:
    """A picture of every front of the page, with its condition's name where there are several."""
    fronts = fronts_of(view)
    has_conditions = len({front.condition for front in fronts}) > 1
    for front in fronts:
        condition = front.condition if has_conditions else ""
        yield Picture(
            name=file_name(f"pareto-{front.measure.name}", condition),
            caption=_caption(front),
            size_in=(COLUMN_IN, PLOT_IN + legend_height_in(len(front.points))),
            draw=partial(_draw, front),
        )


def _caption(front: Front) -> str:
    sides = f"{one_line(front.measure.title)} under {one_line(front.condition)}"
    return (
        f"Word error rate against {sides}. "
        f"{one_line(front.line)}. {front.measure.source}. Hollow: beaten by another in both."
    )


def _draw(front: Front, canvas: mpl.Figure) -> None:
    axes = canvas.add_subplot()
    _set_axes(axes, front)
    corners = staircase([_place(point, front.measure) for point in front.points])
    axes.plot(
        [abs(cost) for cost, _ in corners],
        [wer for _, wer in corners],
        color="#777777",
        linewidth=0.7,
        label="front",
        zorder=1,
    )
    marks = [_draw_point(axes, point, index) for index, point in enumerate(front.points)]
    add_legend(canvas, marks, short_names([row.artefact for row in front.points], MOST_IN_LEGEND))


def _place(point: FrontPoint, measure: Measure) -> tuple[float, float]:
    return measure.cost(point.value), 100 * point.wer


def _draw_point(axes: Axes, point: FrontPoint, index: int) -> Line2D:
    look = look_of(index)
    if point.interval:
        low, high = 100 * point.interval.low, 100 * point.interval.high
        axes.vlines([point.value], [low], [high], colors=look.colour, linewidths=0.7, zorder=2)
    (mark,) = axes.plot(
        [point.value],
        [100 * point.wer],
        marker=look.marker,
        color=look.colour,
        markerfacecolor=look.colour if point.is_on_front else "white",
        linestyle="none",
        markersize=4.5,
        label=f"point {index}",
    )
    return mark


def _set_axes(axes: Axes, front: Front) -> None:
    """The scales of the page's picture: logarithmic where values span much."""
    points, measure = front.points, front.measure
    ends = [100 * end for p in points if p.interval for end in (p.interval.low, p.interval.high)]
    value = axis_of([point.value for point in points])
    wer = axis_of([100 * point.wer for point in points], ends=ends)
    if value.is_logarithmic:
        axes.set_xscale("log")
    if wer.is_logarithmic:
        axes.set_yscale("log")
    _set_ticks(axes.xaxis, value.ticks)
    _set_ticks(axes.yaxis, wer.ticks)
    axes.set_xlim(value.low, value.high)
    axes.set_ylim(wer.low, wer.high)
    unit = {
        "MB": ", MB (left: smaller)",
        "x": ", times (right: faster)",
        "RTFx": " (right: faster)",
    }
    axes.set_xlabel(f"{short_name(measure.title, 28)}{unit[measure.unit]}")
    axes.set_ylabel("WER, %")
    axes.set_title(f"under {short_name(front.condition, 38)}")


def _set_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    from matplotlib.ticker import NullLocator

    axis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axis.set_minor_locator(NullLocator())
