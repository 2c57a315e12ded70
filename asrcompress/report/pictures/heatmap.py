"""The matrix as colours with the numbers in them: WER, and the difference with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from asrcompress.core.errors import one_line
from asrcompress.core.results import CellResult
from asrcompress.report.heat_map import DELTA_STEPS, RATE_STEPS
from asrcompress.report.pictures._picture import Picture, short_name, short_names, width_of
from asrcompress.report.pictures._style import COLUMN_IN, PAGE_IN, SMALL_PT
from asrcompress.report.view import ConditionRow, View
from asrcompress.report.wording import DOCUMENT_MARKS, list_names, percent, points

if TYPE_CHECKING:
    from matplotlib import figure as mpl
    from matplotlib.axes import Axes

_RATE_IN, _DIFFERENCE_IN = 0.48, 0.68  # a cell, so that its interval can be read
_MOST_DOWN = 30  # conditions, so that a picture fits a page
_ROW_IN, _HEAD_IN = 0.27, 1.0  # a condition; the artefacts' names and the scale of colours
_INTERVAL_PT = 4.8
_MOST_IN_NAME = 20  # characters
_LEVEL_HEAD = 7  # longer names are turned
_NAME_IN = 0.055  # a character of a name
_DARK = 0.45  # of the luminance of ITU-R BT.709, below which text is white


@dataclass(frozen=True, slots=True)
class _Value:
    """What stands in a cell: a rate or a difference in per cent, its interval and a mark."""

    value: float
    text: str
    below: str


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Conditions down, artefacts across; None where there is nothing to show."""

    title: str
    conditions: tuple[str, ...]
    artefacts: tuple[str, ...]
    values: tuple[tuple[_Value | None, ...], ...]
    steps: tuple[float, ...]
    colours: str


def pictures(view: View) -> Iterator[Picture]:
    """WER of all artefacts, the differences of those compared; many are several pictures."""
    everyone = list(range(len(view.artefacts)))
    compared = [index for index in everyone if view.artefacts[index].verdicts]
    yield from _parts(view, everyone, is_difference=False)
    yield from _parts(view, compared, is_difference=True)


def _parts(view: View, indices: Sequence[int], *, is_difference: bool) -> Iterator[Picture]:
    starts = range(0, len(view.conditions), _MOST_DOWN)
    downs = [view.conditions[at : at + _MOST_DOWN] for at in starts]
    make = _differences if is_difference else _rates
    names = _short(row.name for row in view.conditions)
    names_in = _NAME_IN * (3 + max(map(width_of, names), default=0))
    cell_in = _DIFFERENCE_IN if is_difference else _RATE_IN
    most = int((PAGE_IN - names_in) / cell_in)
    acrosses = [indices[at : at + most] for at in range(0, len(indices), most)]
    for rows, chosen in product(downs, acrosses):
        matrix = make(view, rows, chosen)
        is_narrow = names_in + cell_in * len(chosen) <= COLUMN_IN
        yield Picture(
            name="heatmap-difference" if is_difference else "heatmap",
            caption=f"{matrix.title}: {list_names(map(one_line, matrix.artefacts))}.",
            size_in=(COLUMN_IN if is_narrow else PAGE_IN, _HEAD_IN + _ROW_IN * len(rows)),
            draw=partial(_draw, matrix),
        )


def _short(names: Iterable[str]) -> list[str]:
    return short_names(names, _MOST_IN_NAME)


def _rates(view: View, rows: Sequence[ConditionRow], indices: Sequence[int]) -> _Matrix:
    return _Matrix(
        title="WER, %, with its interval below",
        conditions=tuple(row.name for row in rows),
        artefacts=tuple(view.artefacts[index].name for index in indices),
        values=tuple(tuple(_rate(row.cells[index]) for index in indices) for row in rows),
        steps=tuple(100 * step for step in RATE_STEPS),
        colours="cividis_r",
    )


def _differences(view: View, rows: Sequence[ConditionRow], indices: Sequence[int]) -> _Matrix:
    marks = list_names(f"{mark} {verdict.value}" for verdict, mark in DOCUMENT_MARKS.items())
    steps = [100 * step for step in DELTA_STEPS]
    reference = short_name(view.baseline_words, _MOST_IN_NAME)
    return _Matrix(
        title=f"WER minus {reference}'s, percentage points ({marks})",
        conditions=tuple(row.name for row in rows),
        artefacts=tuple(view.artefacts[index].name for index in indices),
        values=tuple(tuple(_difference(row.cells[index]) for index in indices) for row in rows),
        steps=(*(-step for step in reversed(steps)), *steps),
        colours="RdBu_r",
    )


def _rate(cell: CellResult | None) -> _Value | None:
    if cell is None or cell.words.rate is None:
        return None
    interval = cell.wer_interval
    below = f"{percent(interval.low)}\u2013{percent(interval.high)}" if interval else ""
    return _Value(100 * cell.words.rate, percent(cell.words.rate), below)


def _difference(cell: CellResult | None) -> _Value | None:
    found = cell.comparison if cell else None
    if found is None:
        return None
    text = f"{points(found.delta_wer)} {DOCUMENT_MARKS[found.verdict]}"
    below = f"{points(found.interval.low)} to {points(found.interval.high)}"
    return _Value(100 * found.delta_wer, text, below)


def _draw(matrix: _Matrix, canvas: mpl.Figure) -> None:
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    axes = canvas.add_subplot()
    canvas.suptitle(matrix.title.replace(" (", "\n("), fontsize=SMALL_PT)
    colours = colormaps[matrix.colours].with_extremes(bad="#ffffff")
    norm = BoundaryNorm(matrix.steps, colours.N, extend="both")
    rows = [[np.nan if cell is None else cell.value for cell in row] for row in matrix.values]
    mesh = axes.pcolormesh(
        np.ma.masked_invalid(rows), cmap=colours, norm=norm, edgecolors="white", linewidth=0.8
    )
    for (down, row), across in product(enumerate(matrix.values), range(len(matrix.artefacts))):
        _write_cell(axes, (across, down), row[across], lambda value: colours(norm(value)))
    _label(axes, matrix)
    bar = canvas.colorbar(mesh, ax=axes, location="bottom", aspect=40, shrink=0.9, pad=0.02)
    bar.set_ticks(list(matrix.steps), labels=[f"{step:g}" for step in matrix.steps])
    bar.ax.tick_params(labelsize=SMALL_PT - 1, length=1.5, width=0.4)
    bar.outline.set_visible(False)


def _write_cell(axes: Axes, place: tuple[int, int], cell: _Value | None, colour_of: Any) -> None:
    across, down = place
    if cell is None:
        axes.text(across + 0.5, down + 0.5, "\u2013", ha="center", va="center", fontsize=SMALL_PT)
        return
    red, green, blue, _ = colour_of(cell.value)
    is_dark = 0.2126 * red + 0.7152 * green + 0.0722 * blue < _DARK
    style: dict[str, Any] = {"ha": "center", "color": "white" if is_dark else "black"}
    high = 0.36 if cell.below else 0.5
    axes.text(across + 0.5, down + high, cell.text, va="center", fontsize=SMALL_PT, **style)
    if cell.below:
        axes.text(
            across + 0.5, down + 0.75, cell.below, va="center", fontsize=_INTERVAL_PT, **style
        )


def _label(axes: Axes, matrix: _Matrix) -> None:
    """The names beside and above the cells, the first condition on top."""
    heads = _short(matrix.artefacts)
    axes.set_xticks([n + 0.5 for n in range(len(heads))], labels=heads)
    axes.set_yticks(
        [n + 0.5 for n in range(len(matrix.conditions))],
        labels=_short(matrix.conditions),
    )
    axes.xaxis.tick_top()
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if max(map(width_of, heads)) > _LEVEL_HEAD:
        for label in axes.get_xticklabels():
            label.set(rotation=30, ha="left", rotation_mode="anchor")
