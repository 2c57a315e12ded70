"""One view of the results: everything the formats print is derived here, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from asrcompress.core.comparison import Comparison, Verdict
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.error_table import ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateTable
from asrcompress.core.ledger_table import LedgerTable
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    CostTable,
    GroupResult,
    Results,
)
from asrcompress.report import notes
from asrcompress.report.layer_summaries import LayerSummary, layer_summaries
from asrcompress.report.margins import MarginTable, margin_tables
from asrcompress.report.pivot import Pivot, pivots_of
from asrcompress.report.published import PublishedRow, published_rows
from asrcompress.report.setup import Setup, setup_of
from asrcompress.report.speed_view import SpeedView, speed_view
from asrcompress.report.summary import gates_line, verdict_line
from asrcompress.report.wording import headline, list_names


@dataclass(frozen=True, slots=True)
class CompressionRates:
    """Baseline bytes / artefact bytes, in memory, on disk and zipped; None where not known."""

    memory: float | None
    disk: float | None
    zipped: float | None


@dataclass(frozen=True, slots=True)
class ArtefactRow:
    """One artefact: its record, its size and speed against the baseline, its verdicts counted."""

    result: ArtefactResult
    is_baseline: bool
    rates: CompressionRates
    cost: Cost | None
    speed_ratio: float | None
    verdicts: Mapping[Verdict, int]
    headline: str

    @property
    def name(self) -> str:
        return self.result.name

    @property
    def rtfx(self) -> float | None:
        """Audio seconds / processing seconds; None where speed was not measured."""
        return self.cost.rtfx if self.cost else None


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition with its cells in the artefacts' order; None where a cell was not run."""

    result: ConditionResult
    cells: tuple[CellResult | None, ...]

    @property
    def name(self) -> str:
        return self.result.name


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One subgroup under one condition, its counts in the artefacts' order."""

    condition: str
    field: str
    value: str
    utterances: int
    groups: tuple[GroupResult | None, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Everything a report prints, in the results' order of artefacts and conditions."""

    results: Results
    costs: CostTable
    artefacts: tuple[ArtefactRow, ...]
    conditions: tuple[ConditionRow, ...]
    groups: tuple[GroupRow, ...]
    margins: tuple[MarginTable, ...]
    published: tuple[PublishedRow, ...]
    pivots: tuple[Pivot, ...]
    errors: ErrorTable
    speed: SpeedView | None
    gates: GateTable | None
    ledgers: LedgerTable | None
    layer_summaries: tuple[LayerSummary, ...]
    gates_line: str | None
    verdict_line: str
    method: str | None
    detectable: str | None
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first line: the gates' verdict, where there are gates, then the comparisons'."""
        if self.gates_line is None:
            return self.verdict_line
        return f"{self.gates_line}. {self.verdict_line}"

    @property
    def headlines(self) -> tuple[str, ...]:
        """One line of counted verdicts for each artefact that was compared."""
        return tuple(row.headline for row in self.artefacts if not row.is_baseline)

    @property
    def is_compared(self) -> bool:
        """True where at least one artefact has a verdict."""
        return any(row.verdicts for row in self.artefacts)

    @property
    def baseline_words(self) -> str:
        """What the differences are to: the baseline, or each artefact's own."""
        return self.results.baseline or "its own baseline"

    @property
    def interaction_references(self) -> str:
        """The conditions that the interactions are held against; empty where there are none."""
        cells = (row.comparison for row in self.results.cells)
        found = [row.interaction for row in cells if row and row.interaction]
        return list_names(dict.fromkeys(row.reference for row in found))

    @property
    def setup(self) -> Setup | None:
        """What the costs were measured on; None where they were not, or `speed` has them all."""
        costs = {row.name: row.cost for row in self.artefacts if row.cost}
        if not costs or (self.speed and set(costs) <= set(self.speed.table.speeds)):
            return None
        return setup_of(list(costs.values()))

    @property
    def max_wer(self) -> float:
        """The highest WER of the matrix; 0 where there is none."""
        cells = (cell for row in self.conditions for cell in row.cells if cell)
        return max((cell.words.rate or 0.0 for cell in cells), default=0.0)

    @property
    def group_fields(self) -> tuple[str, ...]:
        """The subgroup fields in order of appearance."""
        return tuple(dict.fromkeys(row.field for row in self.groups))


def build_view(found: Findings) -> View:
    """The view of what a run found."""
    results, costs = found.results, found.costs
    cells = {(cell.artefact, cell.condition): cell for cell in results.cells}
    artefacts = tuple(_artefact_row(row, results, costs) for row in results.artefacts)
    conditions = tuple(
        ConditionRow(row, tuple(cells.get((a.name, row.name)) for a in results.artefacts))
        for row in results.conditions
    )
    run = speed_view(found.speed) if found.speed else None
    ratios = {row.name: row.speed_ratio for row in artefacts} | _ratios_in(run, results)
    return View(
        results=results,
        costs=costs,
        artefacts=artefacts,
        conditions=conditions,
        groups=tuple(group for row in conditions for group in _group_rows(row)),
        margins=margin_tables(results),
        published=published_rows(results),
        pivots=pivots_of(results, {row.name: row.rates for row in artefacts}),
        errors=found.errors,
        speed=run,
        gates=found.gates,
        ledgers=found.ledgers,
        layer_summaries=layer_summaries(found.ledgers, (row.name for row in results.artefacts)),
        gates_line=gates_line(found.gates) if found.gates else None,
        verdict_line=verdict_line(results),
        method=notes.comparison_method(results),
        detectable=notes.smallest_differences(results),
        notes=(*results.notes, *notes.derived_notes(results, ratios)),
    )


def _artefact_row(artefact: ArtefactResult, results: Results, costs: CostTable) -> ArtefactRow:
    is_baseline = artefact.name in results.baselines
    held_against = artefact.name if is_baseline else artefact.baseline
    baseline = next((row for row in results.artefacts if row.name == held_against), None)
    cost = costs.costs.get(artefact.name)
    reference = costs.costs.get(baseline.name) if baseline else None
    speeds = (cost.rtfx if cost else None, reference.rtfx if reference else None)
    verdicts = Counter(row.verdict for row in _comparisons(results, artefact.name))
    return ArtefactRow(
        result=artefact,
        is_baseline=is_baseline,
        rates=_rates(artefact.sizes, baseline.sizes if baseline else None),
        cost=cost,
        speed_ratio=_ratio(*speeds),
        verdicts=verdicts,
        headline=headline(artefact.name, verdicts, len(results.conditions)),
    )


def _ratios_in(run: SpeedView | None, results: Results) -> dict[str, float | None]:
    """The run's ratios, of the artefacts whose baseline is the run's."""
    if run is None:
        return {}
    compared = {row.name for row in results.artefacts if row.baseline == run.baseline}
    return {name: ratio for name, ratio in run.main_ratios.items() if name in compared}


def _comparisons(results: Results, artefact: str) -> list[Comparison]:
    conditions = {row.name for row in results.conditions}
    cells = (cell for cell in results.cells if cell.artefact == artefact)
    return [row.comparison for row in cells if row.comparison and row.condition in conditions]


def _rates(sizes: Sizes, baseline: Sizes | None) -> CompressionRates:
    if baseline is None:
        return CompressionRates(None, None, None)
    return CompressionRates(
        memory=_ratio(baseline.memory_bytes, sizes.memory_bytes),
        disk=_ratio(baseline.disk_bytes, sizes.disk_bytes),
        zipped=_ratio(baseline.zipped_bytes, sizes.zipped_bytes),
    )


def _ratio(value: float | None, reference: float | None) -> float | None:
    return value / reference if value is not None and reference else None


def _group_rows(row: ConditionRow) -> list[GroupRow]:
    tables = [{(g.field, g.value): g for g in cell.groups} if cell else {} for cell in row.cells]
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = []
    for field, value in keys:
        groups = tuple(table.get((field, value)) for table in tables)
        utterances = max(group.utterances for group in groups if group)
        rows.append(GroupRow(row.name, field, value, utterances, groups))
    return rows
