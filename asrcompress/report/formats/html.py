"""One HTML file that opens from disk: no network, no fonts, no script but the tables' sorting."""

from __future__ import annotations

import json
from typing import Any

from asrcompress.core.error_table import CellErrors
from asrcompress.report import figures, flips, pareto_charts, wording
from asrcompress.report.figure_data import figures_of
from asrcompress.report.page import page_environment
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.speed_columns import speed_columns
from asrcompress.report.speed_view import LEGEND
from asrcompress.report.view import GroupRow, View

_HEAT_LEVELS = 9  # the darkest of the style sheet's heat classes
_COLOURS = 8  # of the style sheet's line classes; after them they begin again, dashed
_MOST_GROUPS = 40  # values of one field; a page with thousands of speakers helps nobody
_MOST_CELLS = 40  # cells whose broken utterances are on the page: those with the most
_MOST_FLIPS = 10  # utterances, and confused words, of one of them
_LONGEST_UNBROKEN = 40  # characters of a row's name; a longer one is broken


def render(view: View) -> str:
    """The page."""
    environment = page_environment()
    environment.filters |= {
        "points": wording.points,
        "percent_interval": wording.percent_interval,
        "points_interval": wording.points_interval,
        "steps": _steps,
        "decoding_words": wording.decoding_words,
        "p_value": wording.p_value,
        "interaction_points": wording.interaction_points,
        "marked": lambda word: flips.marked(word, arrow="→"),
        "pair_of": flips.pair_of,
    }
    template = environment.get_template("report.html.j2")
    return template.render(**_variables(view))


def _variables(view: View) -> dict[str, Any]:
    groups = {field: [g for g in view.groups if g.field == field] for field in view.group_fields}
    sizes = {field: _values(rows) for field, rows in groups.items()}
    return {
        "view": view,
        "results": view.results,
        "chart_groups": figures.chart_groups(figures_of(view)),
        "figures": figures,
        "pareto": pareto_charts,
        "pareto_charts": pareto_charts.pareto_charts(fronts_of(view)),
        "speed_columns": speed_columns,
        "speed_legend": LEGEND,
        "marks": wording.DOCUMENT_MARKS,
        "meanings": wording.MEANINGS,
        "heat": lambda rate: _heat(rate, view.max_wer),
        "colours": _COLOURS,
        "groups": {name: rows for name, rows in groups.items() if sizes[name] <= _MOST_GROUPS},
        "broken": _broken(view),
        "broken_left_out": max(0, len(flips.broken_cells(view.errors)) - _MOST_CELLS),
        "most_flips": _MOST_FLIPS,
        "longest_unbroken": _LONGEST_UNBROKEN,
        "not_run": wording.NOT_RUN,
        "left_out": {name: size for name, size in sizes.items() if size > _MOST_GROUPS},
    }


def _broken(view: View) -> list[CellErrors]:
    """The cells that changed most, in the table's order."""
    cells = flips.broken_cells(view.errors)
    order = sorted(range(len(cells)), key=lambda index: -cells[index].flips_total)
    return [cells[index] for index in sorted(order[:_MOST_CELLS])]


def _values(rows: list[GroupRow]) -> int:
    return len({row.value for row in rows})


def _heat(rate: float | None, highest: float) -> int:
    """The heat class of a WER: 0 for none or zero, 9 for the matrix's highest."""
    return round(_HEAT_LEVELS * rate / highest) if rate and highest else 0


def _steps(steps: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(list(steps), ensure_ascii=False) if steps else "none"
