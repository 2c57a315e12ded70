"""What of a large matrix a page shows: never more than a browser and a reader can take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asrcompress.core.results import CellResult
from asrcompress.report.figures import ChartGroup
from asrcompress.report.view import GroupRow, View

MOST_CELLS = 2_000  # of one table with intervals; a browser lays out some 10,000 cells a second
MOST_ROWS = 600  # of one table with a row for each cell
MOST_CHARTS = 24  # of one figure; all points are in figures.csv
MOST_GROUPS = 40  # values of one field; a page with thousands of speakers helps nobody
MOST_LAYER_ROWS = 100  # of the maps of bits
MOST_HEADLINES = 12  # before the rest is folded away

NamedCell = tuple[str, CellResult]  # with its condition


def compared_cells(view: View) -> tuple[list[NamedCell], int]:
    """The comparisons with the largest differences, in the view's order; how many are left out."""
    rows = [pair for pair in _cells(view) if pair[1].comparison]
    return _worst(rows, lambda cell: cell.comparison.delta_wer if cell.comparison else 0.0)


def counted_cells(view: View) -> tuple[list[NamedCell], int]:
    """The cells with the highest WER, in the view's order; how many are left out."""
    return _worst(_cells(view), lambda cell: cell.words.rate or 0.0)


def fits(artefacts: int, rows: int) -> bool:
    """Whether a table of so many artefacts across is small enough for intervals."""
    return artefacts * rows <= MOST_CELLS


def group_tables(view: View) -> tuple[dict[str, list[GroupRow]], dict[str, int], list[str]]:
    """The subgroups' rows by field; fields of too many values; fields of too many cells."""
    rows = {field: [g for g in view.groups if g.field == field] for field in view.group_fields}
    values = {field: len({row.value for row in found}) for field, found in rows.items()}
    few = {field: found for field, found in rows.items() if values[field] <= MOST_GROUPS}
    shown = {name: found for name, found in few.items() if fits(len(view.artefacts), len(found))}
    left_out = {field: count for field, count in values.items() if count > MOST_GROUPS}
    return shown, left_out, [field for field in few if field not in shown]


def charts_left_out(group: ChartGroup) -> int:
    """How many of a figure's charts have no place on the page."""
    return max(0, len(group.first) + len(group.others) - MOST_CHARTS)


def shown_charts(group: ChartGroup) -> ChartGroup:
    """The figure with as many charts as have a place."""
    others = max(0, MOST_CHARTS - len(group.first))
    return ChartGroup(group.number, group.title, group.first[:MOST_CHARTS], group.others[:others])


def _cells(view: View) -> list[NamedCell]:
    return [(row.name, cell) for row in view.conditions for cell in row.cells if cell]


def _worst(
    rows: Sequence[NamedCell], badness: Callable[[CellResult], float]
) -> tuple[list[NamedCell], int]:
    order = sorted(range(len(rows)), key=lambda index: -badness(rows[index][1]))
    kept = sorted(order[:MOST_ROWS])
    return [rows[index] for index in kept], len(rows) - len(kept)
