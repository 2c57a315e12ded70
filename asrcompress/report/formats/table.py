"""Tables for a terminal of 80 columns: conditions down, artefacts across."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from asrcompress.core.cost import Cost
from asrcompress.core.results import CellResult, GroupResult
from asrcompress.report.console import Matrix, plain, spaced, text
from asrcompress.report.pareto_data import fronts_of
from asrcompress.report.setup import Setup
from asrcompress.report.terminal.differences import interaction_renderables, interval_renderables
from asrcompress.report.terminal.flips import flip_renderables
from asrcompress.report.terminal.gates import gate_renderables
from asrcompress.report.terminal.layer_summaries import layer_renderables
from asrcompress.report.terminal.margins import margin_renderables
from asrcompress.report.terminal.pivot import pivot_renderables
from asrcompress.report.terminal.published import published_renderables
from asrcompress.report.terminal.speed import speed_renderables
from asrcompress.report.terminal.wer import STYLES, wer_text
from asrcompress.report.view import ArtefactRow, View
from asrcompress.report.wording import (
    MEANINGS,
    NOT_AVAILABLE,
    NOT_RUN,
    TERMINAL_MARKS,
    megabytes,
    number,
    percent,
    times,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Which of the longer tables to add.

    margins: True for all, False for none, None for those that say more than the matrix.
    flips: so many utterances of each cell. gates: all checks, not only those that did not pass.
    layers: bits and sparsity of every artefact's blocks.
    """

    groups: bool = False
    intervals: bool = False
    margins: bool | None = None
    flips: int = 0
    gates: bool = False
    layers: bool = False


_SHORT = Parts()
_HEAD_WIDTH = 16  # of the columns of sizes and speed


def render(view: View) -> str:
    """The tables as plain text, 80 columns wide."""
    return plain(renderables(view))


def renderables(view: View, wanted: Parts = _SHORT) -> list[RenderableType]:
    """The tables for a Rich console."""
    parts: list[RenderableType] = [_verdicts(view)]
    parts += gate_renderables(view, full=wanted.gates)
    parts.append(_wer_table(view))
    if view.is_compared:
        parts.append(_legend(view))
    parts += margin_renderables(view, wanted.margins)
    parts += interaction_renderables(view, intervals=wanted.intervals)
    parts += pivot_renderables(view)
    parts += published_renderables(view)
    parts.append(_size_table(view))
    if view.setup:
        parts.append(_speed_table(view, view.setup))
    parts += speed_renderables(view.speed)
    fronts = fronts_of(view)
    if fronts:
        parts.append(Text("\n").join(text(front.line) for front in fronts))
    parts.append(_count_table(view))
    if wanted.intervals:
        parts += interval_renderables(view)
    if wanted.groups:
        parts += [_group_table(view, field) for field in view.group_fields]
    if wanted.layers:
        parts += layer_renderables(view)
    parts += flip_renderables(view, wanted.flips)
    if view.notes:
        parts.append(Text("\n").join(text(f"Note: {note}") for note in view.notes))
    return spaced(parts)


def _verdicts(view: View) -> Text:
    first = [view.gates_line] if view.gates_line else []
    lines = [text(line, "bold") for line in (*first, view.verdict_line)]
    if view.is_compared:
        lines += [text(line) for line in view.headlines]
    return Text("\n").join(lines)


def _legend(view: View) -> Text:
    lines = [
        text(f"{mark} {MEANINGS[verdict]}", STYLES[verdict])
        for verdict, mark in TERMINAL_MARKS.items()
    ]
    more = [line for line in (view.method, view.detectable) if line]
    return Text("\n").join([*lines, *(text(line, "dim") for line in more)])


def _wer_table(view: View) -> Matrix:
    leads = [("condition", [row.name for row in view.conditions])]
    return Matrix("WER %", leads, _columns(view, wer_text), "artefact")


def _count_table(view: View) -> Matrix:
    leads = [("condition", [row.name for row in view.conditions]), ("N", _reference_words(view))]
    title = "S/D/I errors of N words"
    return Matrix(title, leads, _columns(view, _counts), "artefact")


def _columns(
    view: View, cell_text: Callable[[CellResult | None], Text]
) -> list[tuple[str, list[Text]]]:
    return [
        (artefact.name, [cell_text(row.cells[index]) for row in view.conditions])
        for index, artefact in enumerate(view.artefacts)
    ]


def _counts(cell: CellResult | None) -> Text:
    if cell is None:
        return text(NOT_RUN)
    return text(f"{cell.words.s}/{cell.words.d}/{cell.words.i}")


def _reference_words(view: View) -> list[str]:
    """N of each condition: the same for every artefact, or else all its values."""
    lengths = [dict.fromkeys(cell.words.n for cell in row.cells if cell) for row in view.conditions]
    return ["/".join(map(str, row)) or NOT_RUN for row in lengths]


def _size_table(view: View) -> Matrix:
    title = "Sizes in MB (10^6 bytes); rate = baseline bytes / artefact bytes"
    heads = ("memory", "disk", "zipped", "rate (disk)", "rate (zipped)", "zeros %")
    return _artefact_table(view, title, heads, _sizes)


def _sizes(row: ArtefactRow) -> list[str]:
    sizes, rates = row.result.sizes, row.rates
    cells = [megabytes(sizes.memory_bytes), megabytes(sizes.disk_bytes)]
    cells += [megabytes(sizes.zipped_bytes), times(rates.disk), times(rates.zipped)]
    return [*cells, percent(row.result.sparsity)]


def _speed_table(view: View, setup: Setup) -> Matrix:
    where = f" ({setup.shared})" if setup.shared else ""
    title = f"Speed and memory as measured{where}; RTFx = audio s / processing s"
    heads = ("RTFx", "to baseline", "load s", "loaded MB", "peak MB", *setup.differing)
    return _artefact_table(
        view,
        title,
        heads,
        lambda row: [
            *(number(row.rtfx), times(row.speed_ratio)),
            *(*_cost(row.cost), *setup.cells(row.cost)),
        ],
    )


def _artefact_table(
    view: View, title: str, heads: Sequence[str], cells: Callable[[ArtefactRow], list[str]]
) -> Matrix:
    """A row for each artefact."""
    found = zip(*(cells(row) for row in view.artefacts), strict=True)
    columns = [(head, list(map(text, column))) for head, column in zip(heads, found, strict=True)]
    leads = [("artefact", [row.name for row in view.artefacts])]
    return Matrix(title, leads, columns, head_width=_HEAD_WIDTH)


def _cost(cost: Cost | None) -> list[str]:
    if cost is None:
        return [NOT_AVAILABLE] * 3
    loaded, peak = cost.memory_after_load_bytes, cost.peak_memory_bytes
    return [number(cost.load_s), megabytes(loaded), megabytes(peak)]


def _group_table(view: View, field: str) -> Matrix:
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
    return Matrix(f"WER % by {field}", leads, columns, "artefact", names=2)


def _group_wer(group: GroupResult | None) -> Text:
    return text(NOT_RUN if group is None else percent(group.words.rate))
