"""One HTML file that opens from disk: no network, no fonts, no script but the tables' sorting."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from asrcompress.report import figures, wording
from asrcompress.report.view import GroupRow, View

_HEAT_LEVELS = 9  # the darkest of the style sheet's heat classes
_COLOURS = 8  # of the style sheet's line classes; after them they begin again, dashed
_MOST_GROUPS = 40  # values of one field; a page with thousands of speakers helps nobody


def render(view: View) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("asrcompress.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "points": wording.points,
        "percent_interval": wording.percent_interval,
        "points_interval": wording.points_interval,
        "megabytes": wording.megabytes,
        "times": wording.times,
        "number": wording.number,
        "steps": _steps,
    }
    template = environment.get_template("report.html.j2")
    return template.render(**_variables(view))


def _variables(view: View) -> dict[str, Any]:
    groups = {field: [g for g in view.groups if g.field == field] for field in view.group_fields}
    sizes = {field: _values(rows) for field, rows in groups.items()}
    return {
        "view": view,
        "results": view.results,
        "charts": figures.snr_charts(view),
        "figures": figures,
        "marks": wording.DOCUMENT_MARKS,
        "meanings": wording.MEANINGS,
        "heat": lambda rate: _heat(rate, view.max_wer),
        "colours": _COLOURS,
        "groups": {name: rows for name, rows in groups.items() if sizes[name] <= _MOST_GROUPS},
        "left_out": {name: size for name, size in sizes.items() if size > _MOST_GROUPS},
    }


def _values(rows: list[GroupRow]) -> int:
    return len({row.value for row in rows})


def _heat(rate: float | None, highest: float) -> int:
    """The heat class of a WER: 0 for none or zero, 9 for the matrix's highest."""
    return round(_HEAT_LEVELS * rate / highest) if rate and highest else 0


def _steps(steps: tuple[dict[str, Any], ...]) -> str:
    return json.dumps(list(steps), ensure_ascii=False) if steps else "none"
