"""One HTML file that opens from disk: no network, no fonts, no script but its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from asrcompress.report import figures, flips, page_bounds, pareto_charts, wording
from asrcompress.report import heat_map as heat_maps
from asrcompress.report.figure_data import figures_of
from asrcompress.report.gate_lists import gate_lists
from asrcompress.report.layer_map import layer_maps
from asrcompress.report.page import page_environment, page_head
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.players import Key, Player
from asrcompress.report.speed_columns import speed_columns
from asrcompress.report.speed_view import LEGEND
from asrcompress.report.view import ConditionRow, View

_STYLES = ("report.css", "heat_map.css", "bits.css", "pareto.css", "print.css")
_COLOURS = 8  # of the style sheet's line classes; after them they begin again, dashed
_MOST_BROKEN = 40  # cells whose broken utterances are on the page: those with the most
_MOST_FLIPS = 10  # utterances, and confused words, of one of them
_MOST_OPEN = 100  # cells of a matrix with intervals that is not folded away
_LONGEST_HEAD = 24  # characters of a column's name; a longer one is broken
_LONGEST_UNBROKEN = 40  # characters of a row's name; a longer one is broken


def render(view: View, players: Mapping[Key, Player] | None = None) -> str:
    """The page; players: recordings to listen to, by artefact, condition and utterance."""
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
        "verdicts_of": _verdicts_of,
        "points_at": figures.points_at,
    }
    variables = {
        **_variables(view),
        **_bounded(view),
        **_broken_variables(view, players or {}),
        "head": page_head(environment, _STYLES),
    }
    return environment.get_template("report.html.j2").render(**variables)


def _variables(view: View) -> dict[str, Any]:
    return {
        "view": view,
        "results": view.results,
        "title": view.results.title,
        "gates": gate_lists(view.gates) if view.gates else None,
        "heat_map": heat_maps.heat_map(view),
        "rate_level": heat_maps.rate_level,
        "delta_level": heat_maps.delta_level,
        "rate_scale": heat_maps.rate_scale(),
        "delta_scale": heat_maps.delta_scale(),
        "figures": figures,
        "pareto": pareto_charts,
        "pareto_charts": pareto_charts.pareto_charts(fronts_of(view)),
        "speed_columns": speed_columns,
        "speed_legend": LEGEND,
        "marks": wording.DOCUMENT_MARKS,
        "meanings": wording.MEANINGS,
        "heat": heat_maps.rate_level,
        "colours": _COLOURS,
        "longest_head": _LONGEST_HEAD,
        "longest_unbroken": _LONGEST_UNBROKEN,
        "not_run": wording.NOT_RUN,
    }


def _bounded(view: View) -> dict[str, Any]:
    """What depends on how much there is: the tables' rows, and what is left out."""
    across = len(view.artefacts)
    cells = across * len(view.conditions)
    groups, left_out, too_wide = page_bounds.group_tables(view)
    tested, tested_left_out = page_bounds.compared_cells(view)
    counted, counted_left_out = page_bounds.counted_cells(view)
    charts = figures.chart_groups(figures_of(view))
    layers = view.layer_summaries
    return {
        "headlines": view.headlines[: page_bounds.MOST_HEADLINES],
        "more_headlines": view.headlines[page_bounds.MOST_HEADLINES :],
        "shows_matrix": page_bounds.fits(across, len(view.conditions)),
        "opens_matrix": cells <= _MOST_OPEN,
        "shows_margins": page_bounds.fits(across, sum(len(row.rows) for row in view.margins)),
        "too_many": f"{cells:,} cells are too large a matrix for this table.",
        "layer_maps": layer_maps(layers[: page_bounds.MOST_LAYER_ROWS]),
        "layers_left_out": max(0, len(layers) - page_bounds.MOST_LAYER_ROWS),
        "groups": groups,
        "left_out": left_out,
        "too_wide": too_wide,
        "tested": tested,
        "tested_left_out": tested_left_out,
        "counted": counted,
        "counted_left_out": counted_left_out,
        "chart_groups": [page_bounds.shown_charts(group) for group in charts],
        "charts_left_out": {row.number: page_bounds.charts_left_out(row) for row in charts},
    }


def _broken_variables(view: View, players: Mapping[Key, Player]) -> dict[str, Any]:
    """The worst utterances of all, and the cells that changed most, in the table's order."""
    cells = flips.broken_cells(view.errors)
    order = sorted(range(len(cells)), key=lambda index: -cells[index].flips_total)
    return {
        "worst": flips.worst_flips(view.errors, max(_MOST_FLIPS, len(players))),
        "broken": [cells[index] for index in sorted(order[:_MOST_BROKEN])],
        "broken_left_out": max(0, len(cells) - _MOST_BROKEN),
        "most_flips": _MOST_FLIPS,
        "players": players,
    }


def _verdicts_of(row: ConditionRow) -> str:
    """The verdicts that a condition has for any artefact, to choose rows by."""
    found = (cell.comparison.verdict.value for cell in row.cells if cell and cell.comparison)
    return " ".join(dict.fromkeys(found))


def _steps(steps: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(list(steps), ensure_ascii=False) if steps else "none"
