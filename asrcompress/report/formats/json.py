"""The results as JSON with the derived rates added, and costs and added errors beside them.

The classes are those of results.json with computed fields, so that what is printed has a JSON
Schema, too: `asrcompress schema printed`.
"""

from __future__ import annotations

from pydantic import BaseModel, Field, computed_field

from asrcompress.core.comparison import Verdict
from asrcompress.core.cost import Cost
from asrcompress.core.error_table import CellErrors
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.files import to_json
from asrcompress.core.results import CellResult, GroupResult, MarginResult, Results
from asrcompress.report.view import View


class _Rates(BaseModel):
    """What derives from the counts of a group, margin or cell: fractions, null where undefined."""

    words: ErrorCounts
    chars: ErrorCounts

    @computed_field  # type: ignore[prop-decorator]
    @property
    def wer(self) -> float | None:
        return self.words.rate

    @computed_field  # type: ignore[prop-decorator]
    @property
    def cer(self) -> float | None:
        return self.chars.rate


class PrintedGroup(_Rates, GroupResult):
    """A subgroup with its rates, as fractions; null where undefined."""


class PrintedMargin(_Rates, MarginResult):
    """A margin with its rates, as fractions; null where undefined."""


class PrintedCell(_Rates, CellResult):
    """A cell with its rates, as fractions, and its verdict; null where undefined."""

    groups: tuple[PrintedGroup, ...] = ()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdict(self) -> Verdict | None:
        return self.comparison.verdict if self.comparison else None


class PrintedCost(Cost):
    """A cost with its RTFx; null where no time was measured."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def rtfx(self) -> float | None:
        return super().rtfx


class PrintedResults(Results):
    """What --json and `report --format json` print."""

    cells: tuple[PrintedCell, ...]
    margins: tuple[PrintedMargin, ...] = ()
    summary: str
    headlines: tuple[str, ...]
    costs: dict[str, PrintedCost] = Field(
        default_factory=dict, description="left out where nothing was measured"
    )
    errors: tuple[CellErrors, ...] = Field(
        default=(), description="the cells of errors.json, left out where there are none"
    )


def render(view: View) -> str:
    """results.json plus wer, cer (fractions, null where undefined), verdict, summary and costs."""
    value = view.results.model_dump()
    value["summary"] = view.summary
    value["headlines"] = view.headlines
    value["notes"] = view.notes
    value["costs"] = {name: cost.model_dump() for name, cost in view.costs.costs.items()}
    value["errors"] = view.errors.cells
    printed = PrintedResults.model_validate(value)
    empty = {name for name in ("costs", "errors") if not getattr(printed, name)}
    return to_json(printed.model_dump(mode="json", exclude=empty))
