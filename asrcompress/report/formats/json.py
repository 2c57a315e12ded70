"""The results as JSON with the derived rates added; costs, added errors, speed and gates beside.

The classes are those of results.json with computed fields, so that what is printed has a JSON
Schema, too: `asrcompress schema printed`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from asrcompress.core.comparison import Verdict
from asrcompress.core.cost import Cost
from asrcompress.core.error_table import CellErrors
from asrcompress.core.errors import ExitCode
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.files import to_json
from asrcompress.core.gates import GateOutcome, GateTable
from asrcompress.core.results import CellResult, GroupResult, MarginResult, Results
from asrcompress.core.speed import SpeedTable
from asrcompress.report.pareto_data import Front, fronts_of
from asrcompress.report.speed_view import SpeedView
from asrcompress.report.view import View

_LEFT_OUT = ("costs", "errors", "speed", "fronts", "gates")  # where there is nothing in them


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


class _Printed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


class PrintedRatios(_Printed):
    """A model's RTFx over the baseline's by batch size, and the baseline's bytes over its own."""

    rtfx: dict[int, float]
    disk: float | None


class PrintedSpeed(SpeedTable):
    """speed.json with what each model is to the baseline of the same run."""

    ratios: dict[str, PrintedRatios]


class PrintedPoint(_Printed):
    """An artefact in a picture of WER against size (MB) or speed; wer is a fraction."""

    artefact: str
    value: float
    wer: float
    is_on_front: bool


class PrintedFront(_Printed):
    """A Pareto front: those that no other artefact beats in both. unit: MB, x or RTFx.

    left_out: artefacts without a WER, or not measured.
    """

    measure: Literal["size", "speed"]
    unit: Literal["MB", "x", "RTFx"]
    source: str
    condition: str
    points: tuple[PrintedPoint, ...]
    left_out: tuple[str, ...]


class PrintedGates(GateTable):
    """gates.json with the outcome of all checks together, and the exit code that follows."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def outcome(self) -> GateOutcome:
        return super().outcome

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> ExitCode:
        return super().exit_code


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
    speed: PrintedSpeed | None = Field(
        default=None, description="of speed.json, left out where there is none"
    )
    fronts: tuple[PrintedFront, ...] = Field(
        default=(), description="left out where no two artefacts can be held against each other"
    )
    gates: PrintedGates | None = Field(
        default=None, description="of gates.json, left out where there are none"
    )


def render(view: View) -> str:
    """results.json plus wer, cer (fractions, null where undefined), verdicts, summary and costs.

    Beside them, where there are any: errors, speed with its ratios, Pareto fronts, and gates.
    """
    value = view.results.model_dump()
    value["summary"] = view.summary
    value["headlines"] = view.headlines
    value["notes"] = view.notes
    value["costs"] = {name: cost.model_dump() for name, cost in view.costs.costs.items()}
    value["errors"] = view.errors.cells
    value["speed"] = _speed(view.speed) if view.speed else None
    value["gates"] = view.gates.model_dump() if view.gates else None
    value["fronts"] = [_front(front) for front in fronts_of(view)]
    printed = PrintedResults.model_validate(value)
    empty = {name for name in _LEFT_OUT if not getattr(printed, name)}
    return to_json(printed.model_dump(mode="json", exclude=empty))


def _speed(view: SpeedView) -> dict[str, Any]:
    ratios = {row.name: {"rtfx": row.ratios, "disk": row.disk_rate} for row in view.rows}
    return {**view.table.model_dump(), "ratios": ratios}


def _front(front: Front) -> PrintedFront:
    return PrintedFront(
        measure=front.measure.name,
        unit=front.measure.unit,
        source=front.measure.source,
        condition=front.condition,
        points=tuple(
            PrintedPoint(
                artefact=row.artefact, value=row.value, wer=row.wer, is_on_front=row.is_on_front
            )
            for row in front.points
        ),
        left_out=front.left_out,
    )
