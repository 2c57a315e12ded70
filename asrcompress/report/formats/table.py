"""Tables for a terminal of 80 columns: conditions down, artefacts across.

A verdict is a colour and a character, so nothing is lost without colour.
"""

from __future__ import annotations

from collections.abc import Callable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from asrcompress.core.comparison import Verdict
from asrcompress.core.cost import Cost
from asrcompress.core.results import CellResult, GroupResult
from asrcompress.report.console import Matrix, add_column, new_table, plain, spaced, text
from asrcompress.report.setup import Setup
from asrcompress.report.view import View
from asrcompress.report.wording import (
    MEANINGS,
    NOT_AVAILABLE,
    NOT_RUN,
    TERMINAL_MARKS,
    megabytes,
    number,
    percent,
    percent_interval,
    points,
    points_interval,
    times,
)

_STYLES = {
    Verdict.NON_INFERIOR: "green",
    Verdict.INFERIOR: "red",
    Verdict.INCONCLUSIVE: "yellow",
}


def render(view: View) -> str:
    """The tables as plain text, 80 columns wide."""
    return plain(renderables(view))


def renderables(
    view: View, *, groups: bool = False, intervals: bool = False
) -> list[RenderableType]:
    """The tables for a Rich console; groups and intervals add the longer ones."""
    parts: list[RenderableType] = [_verdicts(view), *_wer_tables(view)]
    if view.is_compared:
        parts.append(_legend(view))
    parts.append(_size_table(view))
    if view.setup:
        parts.append(_speed_table(view, view.setup))
    parts += _count_tables(view)
    if intervals:
        parts += _interval_tables(view)
    if groups:
        parts += [table for field in view.group_fields for table in _group_tables(view, field)]
    if view.notes:
        parts.append(Text("\n").join(text(f"Note: {note}") for note in view.notes))
    return spaced(parts)


def _verdicts(view: View) -> Text:
    lines = [text(view.summary, "bold")]
    if view.is_compared:
        lines += [text(line) for line in view.headlines]
    return Text("\n").join(lines)


def _legend(view: View) -> Text:
    lines = [
        text(f"{mark} {MEANINGS[verdict]}", _STYLES[verdict])
        for verdict, mark in TERMINAL_MARKS.items()
    ]
    return Text("\n").join([*lines, text(view.method or "", "dim")])


def _wer_tables(view: View) -> list[Table]:
    leads = [("condition", [row.name for row in view.conditions])]
    return Matrix("WER %", leads, _columns(view, _wer)).tables()


def _count_tables(view: View) -> list[Table]:
    leads = [("condition", [row.name for row in view.conditions]), ("N", _reference_words(view))]
    title = "S/D/I errors of N words"
    return Matrix(title, leads, _columns(view, _counts)).tables()


def _columns(
    view: View, cell_text: Callable[[CellResult | None], Text]
) -> list[tuple[str, list[Text]]]:
    return [
        (artefact.name, [cell_text(row.cells[index]) for row in view.conditions])
        for index, artefact in enumerate(view.artefacts)
    ]


def _wer(cell: CellResult | None) -> Text:
    if cell is None:
        return text(f"{NOT_RUN}  ")
    if cell.comparison is None:
        return text(f"{percent(cell.words.rate)}  ")
    verdict = cell.comparison.verdict
    return text(f"{percent(cell.words.rate)} {TERMINAL_MARKS[verdict]}", _STYLES[verdict])


def _counts(cell: CellResult | None) -> Text:
    if cell is None:
        return text(NOT_RUN)
    return text(f"{cell.words.s}/{cell.words.d}/{cell.words.i}")


def _reference_words(view: View) -> list[str]:
    """N of each condition: the same for every artefact, or else all its values."""
    lengths = [dict.fromkeys(cell.words.n for cell in row.cells if cell) for row in view.conditions]
    return ["/".join(map(str, row)) or NOT_RUN for row in lengths]


def _size_table(view: View) -> Table:
    table = new_table("Sizes in MB (10^6 bytes); rate = baseline bytes / artefact bytes")
    add_column(table, "artefact", is_number=False)
    for head in ("memory", "disk", "zipped", "rate (disk)", "rate (zipped)", "zeros %"):
        add_column(table, head)
    for row in view.artefacts:
        sizes = row.result.sizes
        cells = [row.name, megabytes(sizes.memory_bytes), megabytes(sizes.disk_bytes)]
        cells += [megabytes(sizes.zipped_bytes), times(row.rates.disk), times(row.rates.zipped)]
        table.add_row(*map(text, [*cells, percent(row.result.sparsity)]))
    return table


def _speed_table(view: View, setup: Setup) -> Table:
    where = f" ({setup.shared})" if setup.shared else ""
    table = new_table(f"Speed and memory as measured{where}; RTFx = audio s / processing s")
    add_column(table, "artefact", is_number=False)
    for head in ("RTFx", "to baseline", "load s", "loaded MB", "peak MB", *setup.differing):
        add_column(table, head)
    for row in view.artefacts:
        cells = [row.name, number(row.rtfx), times(row.speed_ratio)]
        cells += [*_cost(row.cost), *setup.cells(row.cost)]
        table.add_row(*map(text, cells))
    return table


def _cost(cost: Cost | None) -> list[str]:
    if cost is None:
        return [NOT_AVAILABLE] * 3
    loaded, peak = cost.memory_after_load_bytes, cost.peak_memory_bytes
    return [number(cost.load_s), megabytes(loaded), megabytes(peak)]


def _interval_tables(view: View) -> list[Table]:
    return [_interval_table(view, index) for index in range(len(view.artefacts))]


def _interval_table(view: View, index: int) -> Table:
    name = view.artefacts[index].name
    table = new_table(f"{name}: WER and CER in %, dWER to the baseline in points")
    add_column(table, "condition", is_number=False)
    for head in ("WER", "interval", "dWER", "interval", "P\nbetter", "CER"):
        add_column(table, head)
    for row in view.conditions:
        cell = row.cells[index]
        cells = _intervals(cell) if cell else [NOT_RUN] * 6
        table.add_row(*map(text, [row.name, *cells]))
    return table


def _intervals(cell: CellResult) -> list[str]:
    compared = cell.comparison
    return [
        percent(cell.words.rate),
        percent_interval(cell.wer_interval),
        points(compared.delta_wer) if compared else NOT_RUN,
        points_interval(compared.interval) if compared else NOT_RUN,
        number(compared.probability_of_improvement, 2) if compared else NOT_RUN,
        percent(cell.chars.rate),
    ]


def _group_tables(view: View, field: str) -> list[Table]:
    rows = [row for row in view.groups if row.field == field]
    leads = [
        ("condition", [row.condition for row in rows]),
        (field, [row.value for row in rows]),
        ("utt.", [str(row.utterances) for row in rows]),
    ]
    columns = [
        (artefact.name, [_group_wer(row.groups[index]) for row in rows])
        for index, artefact in enumerate(view.artefacts)
    ]
    return Matrix(f"WER % by {field}", leads, columns).tables()


def _group_wer(group: GroupResult | None) -> Text:
    return text(NOT_RUN if group is None else percent(group.words.rate))
