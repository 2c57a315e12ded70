"""The compress ledger for a terminal: what happened to every weight tensor, and why."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from asrcompress.report.artefact_view import ArtefactView
from asrcompress.report.console import add_column, new_table, text
from asrcompress.report.layers import shared_parent
from asrcompress.report.ledger_groups import LedgerGroup, group_rows
from asrcompress.report.terminal.bit_map import folded_name
from asrcompress.report.terminal.calibration import calibration_renderables
from asrcompress.report.terminal.training import block_renderables, training_renderables
from asrcompress.report.wording import NOT_RUN, megabytes, percent, times

_NAME_WIDTH = 26  # what the other columns leave of 80,
_ZEROS_WIDTH = 7  # less this one where it is there,
_SHAPE_WIDTH = 9  # and less what shapes need beyond this
_LEAST_NAME_WIDTH = 12
_KIND_WIDTH = 12


def ledger_renderables(view: ArtefactView, *, full: bool = False) -> list[RenderableType]:
    """The ledger, a row per module group (full: per tensor), then totals, sizes and notes."""
    rows = view.manifest.ledger.rows
    groups = [LedgerGroup(row.name, (row,)) for row in rows] if full else group_rows(rows)
    reasons = list(dict.fromkeys(group.why for group in groups))
    notes = [text(f"Note: {note}") for note in view.notes]
    return [
        Group(_groups_table(groups, reasons), _reasons(reasons)),
        _facts(view),
        *calibration_renderables(view.manifest.calibration, view.measured_against),
        *training_renderables(view.manifest.training),
        *block_renderables(view.blocks),
        _totals_table(view),
        _sizes_table(view),
        *([Group(*notes)] if notes else []),
    ]


def _groups_table(groups: Sequence[LedgerGroup], reasons: Sequence[str]) -> Table:
    rows = [row for group in groups for row in group.rows]
    parent = _common_parent([row.name for row in rows if row.is_compressed])
    has_zeros = any(row.sparsity for row in rows)
    table = new_table(f"Ledger{f'; a leading dot stands for {parent}.' if parent else ''}")
    add_column(table, "tensors", is_number=False)
    add_column(table, "kind", is_number=False, max_width=_KIND_WIDTH)
    width = _name_width(groups, has_zeros=has_zeros)
    zeros = ("zeros\n%",) if has_zeros else ()
    for head in ("shape", "type", *zeros, "MB\nbefore", "MB\nafter", "why"):
        add_column(table, head)
    for group in groups:
        cells = _group_cells(group, has_zeros=has_zeros)
        letter = _letter(reasons.index(group.why))
        table.add_row(_name_cell(group, parent, width), *map(_lines, [*cells, letter]))
    return table


def _name_width(groups: Sequence[LedgerGroup], *, has_zeros: bool) -> int:
    shapes = [line for group in groups for line in _shape_cell(group).splitlines()]
    wider = max(0, max(map(len, shapes), default=0) - _SHAPE_WIDTH)
    width = _NAME_WIDTH - wider - (_ZEROS_WIDTH if has_zeros else 0)
    return max(width, _LEAST_NAME_WIDTH)


def _shape_cell(group: LedgerGroup) -> str:
    """What became of a shape stands below it."""
    return group.shape.replace(" -> ", "\n-> ")


def _lines(cell: str) -> Text:
    return Text("\n").join(map(text, cell.splitlines()))


def _common_parent(names: Sequence[str]) -> str:
    """The dotted parent of the most of them: a head beside the model itself does not count."""
    counts = Counter(name.split(".")[0] for name in names)
    first = max(counts, key=lambda name: counts[name], default="")
    return shared_parent(name for name in names if name.split(".")[0] == first).removesuffix(".")


def _name_cell(group: LedgerGroup, parent: str, width: int) -> Text:
    """The name, and the count of its tensors, on as many lines as it takes, broken at dots."""
    count = f" x{len(group.rows)}" if len(group.rows) > 1 else ""
    name = group.name.removeprefix(parent) if group.name.startswith(f"{parent}.") else group.name
    return Text("\n").join(map(text, folded_name(name + count, width)))


def _group_cells(group: LedgerGroup, *, has_zeros: bool) -> list[str]:
    return [
        group.first.kind,
        _shape_cell(group),
        group.first.qtype if group.sum.weights else NOT_RUN,
        *([_zeros_cell(group)] if has_zeros else []),
        megabytes(group.sum.bytes_before),
        megabytes(group.sum.bytes_after),
    ]


def _zeros_cell(group: LedgerGroup) -> str:
    return percent(group.sum.sparsity) if group.sum.weights else NOT_RUN


def _letter(index: int) -> str:
    """a, b, ..., z, aa, ab, ...: the sign of a reason."""
    quotient, rest = divmod(index, len(string.ascii_lowercase))
    return (_letter(quotient - 1) if quotient else "") + string.ascii_lowercase[rest]


def _reasons(reasons: Sequence[str]) -> Text:
    lines = [text(f"{_letter(index)}: {reason}") for index, reason in enumerate(reasons)]
    return Text("\n").join(lines)


def _facts(view: ArtefactView) -> Text:
    """The methods, what they might touch, and what they found."""
    lines = [f"method: {step}" for step in view.steps]
    lines += [f"{name}: {words}" for name, words in view.facts.items()]
    return Text("\n").join(map(text, lines))


def _totals_table(view: ArtefactView) -> Table:
    """Sums over tensors; where a method took weights away, their number before besides."""
    table = new_table("Weights in memory")
    add_column(table, "", is_number=False)
    before = ("weights\nbefore", "weights\nafter") if view.has_fewer_weights else ("weights",)
    for head in ("tensors", *before, "zeros %", "MB before", "MB after", "rate"):
        add_column(table, head.replace("MB ", "MB\n") if view.has_fewer_weights else head)
    for name, found in view.sums.items():
        counts = [f"{found.weights_before:,}"] if view.has_fewer_weights else []
        cells = [name, str(len(found.rows)), *counts, f"{found.weights:,}"]
        cells += [percent(found.sparsity)]
        cells += [megabytes(found.bytes_before), megabytes(found.bytes_after), times(found.rate)]
        table.add_row(*map(text, cells))
    return table


def _sizes_table(view: ArtefactView) -> Table:
    table = new_table("Model (rate = bytes before / bytes after)")
    add_column(table, "", is_number=False)
    for head in ("MB before", "MB after"):
        add_column(table, head)
    add_column(table, "rate", is_number=False)
    for row in view.sizes:
        cells = [row.name, megabytes(row.before), megabytes(row.after)]
        table.add_row(*map(text, [*cells, f"{times(row.rate)} {row.rate_name}"]))
    return table
