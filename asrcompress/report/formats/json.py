"""The results as JSON with the derived rates added, and costs and added errors beside them."""

from __future__ import annotations

from typing import Any

from asrcompress.core.cost import Cost
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.files import to_json
from asrcompress.core.results import CellResult
from asrcompress.report.view import View


def render(view: View) -> str:
    """results.json plus wer, cer (fractions, null where undefined), verdict, summary and costs."""
    value = view.results.model_dump(mode="json")
    value["cells"] = [_cell(cell) for cell in view.results.cells]
    value["margins"] = [
        margin.model_dump(mode="json") | _rates(margin.words, margin.chars)
        for margin in view.results.margins
    ]
    value["summary"] = view.summary
    value["headlines"] = list(view.headlines)
    value["notes"] = list(view.notes)
    if view.costs.costs:
        value["costs"] = {name: _cost(cost) for name, cost in view.costs.costs.items()}
    if view.errors.cells:
        value["errors"] = [cell.model_dump(mode="json") for cell in view.errors.cells]
    return to_json(value)


def _cell(cell: CellResult) -> dict[str, Any]:
    value = cell.model_dump(mode="json")
    value |= _rates(cell.words, cell.chars)
    value["verdict"] = cell.comparison.verdict.value if cell.comparison else None
    value["groups"] = [
        group.model_dump(mode="json") | _rates(group.words, group.chars) for group in cell.groups
    ]
    return value


def _rates(words: ErrorCounts, chars: ErrorCounts) -> dict[str, float | None]:
    return {"wer": words.rate, "cer": chars.rate}


def _cost(cost: Cost) -> dict[str, Any]:
    return {**cost.model_dump(mode="json"), "rtfx": cost.rtfx}
