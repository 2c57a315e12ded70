"""The compress ledger for a terminal: what happened to every weight tensor, and why."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from asrcompress.core.ledger import LedgerRow
from asrcompress.core.manifest import ArtefactManifest
from asrcompress.report.console import add_column, new_table, spaced, text
from asrcompress.report.notes import PRUNED_ONLY, QUANTISED, ZIPS_INCOMPARABLE
from asrcompress.report.wording import megabytes, percent, times

_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")  # encoder.layers.7.attention: the 7
_NAME_WIDTH = 26  # what the other columns leave of 80,
_ZEROS_WIDTH = 7  # less this one where it is there
_KIND_WIDTH = 12
_LEAF = re.compile(r"\.(weight|bias)$")


@dataclass(frozen=True, slots=True)
class LedgerGroup:
    """Tensors that share a module's name up to layer numbers, their type and their treatment."""

    name: str
    rows: tuple[LedgerRow, ...]

    @property
    def first(self) -> LedgerRow:
        """The tensor that stands for all: they share kind, type and reason."""
        return self.rows[0]

    @property
    def shape(self) -> str:
        """The tensors' one shape before and, where it changed, after; `various` for several."""
        before = {row.shape_before for row in self.rows}
        after = {row.shape_after for row in self.rows}
        if len(before) > 1 or len(after) > 1:
            return "various"
        shapes = ["x".join(map(str, shape)) or "1" for shape in (*before, *after)]
        return " -> ".join(dict.fromkeys(shapes))


def ledger_renderables(manifest: ArtefactManifest, *, full: bool = False) -> list[RenderableType]:
    """The ledger, a row per module group (full: per tensor), then totals, sizes and notes."""
    rows = manifest.ledger.rows
    groups = [LedgerGroup(row.name, (row,)) for row in rows] if full else group_rows(rows)
    reasons = list(dict.fromkeys(group.first.why for group in groups))
    notes = [text(f"Note: {note[0].upper()}{note[1:]}.") for note in ledger_notes(manifest)]
    return spaced(
        [
            Group(_groups_table(groups, reasons), _reasons(reasons)),
            _totals_table(manifest),
            _sizes_table(manifest),
            *([Group(*notes)] if notes else []),
        ]
    )


def group_rows(rows: Iterable[LedgerRow]) -> list[LedgerGroup]:
    """Compressed tensors by module name, layer numbers aside; then the others by class and reason.

    Within both, the order of the state dict.
    """
    found: dict[tuple[str, ...], list[LedgerRow]] = {}
    for row in sorted(rows, key=lambda row: not row.is_compressed):
        name = _pattern(row.name) if row.is_compressed else ""
        found.setdefault((name, row.kind, row.qtype, row.why), []).append(row)
    return [LedgerGroup(_group_name(members), tuple(members)) for members in found.values()]


def ledger_notes(manifest: ArtefactManifest) -> tuple[str, ...]:
    """What the totals alone would leave unsaid."""
    lines = []
    if manifest.is_quantised:
        lines.append(QUANTISED)
    elif any(row.is_compressed and row.sparsity for row in manifest.ledger.rows):
        lines.append(PRUNED_ONLY)
    if manifest.source.low_mantissa_bits_zero:
        lines.append(ZIPS_INCOMPARABLE)
    return tuple(lines)


def _pattern(name: str) -> str:
    return _INDEX.sub("*", _LEAF.sub("", name))


def _group_name(rows: Sequence[LedgerRow]) -> str:
    if len(rows) == 1:
        return rows[0].name
    patterns = {_pattern(row.name) for row in rows}
    if len(patterns) == 1:
        return patterns.pop()
    return f"{_shared_parent(patterns)}*"


def _shared_parent(names: Iterable[str]) -> str:
    """The dotted parent that all names share, with its dot, or nothing."""
    shared = []
    for parts in zip(*(name.split(".")[:-1] for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(f"{parts[0]}.")
    return "".join(shared)


def _groups_table(groups: Sequence[LedgerGroup], reasons: Sequence[str]) -> Table:
    rows = [row for group in groups for row in group.rows]
    parent = _shared_parent(row.name for row in rows if row.is_compressed).removesuffix(".")
    has_zeros = any(row.sparsity for row in rows)
    table = new_table(f"Ledger{f'; a leading dot stands for {parent}.' if parent else ''}")
    add_column(table, "tensors", is_number=False)
    add_column(table, "kind", is_number=False, max_width=_KIND_WIDTH)
    width = _NAME_WIDTH - (_ZEROS_WIDTH if has_zeros else 0)
    zeros = ("zeros\n%",) if has_zeros else ()
    for head in ("shape", "type", *zeros, "MB\nbefore", "MB\nafter", "why"):
        add_column(table, head)
    for group in groups:
        cells = _group_cells(group, has_zeros=has_zeros)
        letter = _letter(reasons.index(group.first.why))
        table.add_row(_name_cell(group, parent, width), *map(text, [*cells, letter]))
    return table


def _name_cell(group: LedgerGroup, parent: str, width: int) -> Text:
    """The name, and the count of its tensors, on as many lines as it takes, broken at dots."""
    count = f" x{len(group.rows)}" if len(group.rows) > 1 else ""
    name = group.name.removeprefix(parent) if group.name.startswith(f"{parent}.") else group.name
    lines = [""]
    for part in re.findall(r"[^.]*\.|[^.]+", name + count):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return Text("\n").join(map(text, lines))


def _group_cells(group: LedgerGroup, *, has_zeros: bool) -> list[str]:
    return [
        group.first.kind,
        group.shape,
        group.first.qtype,
        *([percent(_sparsity(group.rows))] if has_zeros else []),
        megabytes(sum(row.bytes_before for row in group.rows)),
        megabytes(sum(row.bytes_after for row in group.rows)),
    ]


def _sparsity(rows: Sequence[LedgerRow]) -> float | None:
    weights = sum(row.weights for row in rows)
    return sum(row.sparsity * row.weights for row in rows) / weights if weights else None


def _letter(index: int) -> str:
    """a, b, ..., z, aa, ab, ...: the sign of a reason."""
    quotient, rest = divmod(index, len(string.ascii_lowercase))
    return (_letter(quotient - 1) if quotient else "") + string.ascii_lowercase[rest]


def _reasons(reasons: Sequence[str]) -> Text:
    lines = [text(f"{_letter(index)}: {reason}") for index, reason in enumerate(reasons)]
    return Text("\n").join(lines)


def _totals_table(manifest: ArtefactManifest) -> Table:
    table = new_table("Weights in memory")
    add_column(table, "", is_number=False)
    for head in ("tensors", "weights", "zeros %", "MB before", "MB after", "rate"):
        add_column(table, head)
    rows = manifest.ledger.rows
    parts = {
        "compressed": [row for row in rows if row.is_compressed],
        "left alone": [row for row in rows if not row.is_compressed],
        "total": list(rows),
    }
    for name, members in parts.items():
        before = sum(row.bytes_before for row in members)
        after = sum(row.bytes_after for row in members)
        weights = sum(row.weights for row in members)
        cells = [name, str(len(members)), f"{weights:,}", percent(_sparsity(members))]
        cells += [megabytes(before), megabytes(after), times(before / after if after else None)]
        table.add_row(*map(text, cells))
    return table


def _sizes_table(manifest: ArtefactManifest) -> Table:
    table = new_table("Model (rate = bytes before / bytes after)")
    add_column(table, "", is_number=False)
    for head in ("MB before", "MB after"):
        add_column(table, head)
    add_column(table, "rate", is_number=False)
    before, after = manifest.source.sizes, manifest.sizes
    for name, rate_name, old, new in (
        ("memory", "smaller in memory", before.memory_bytes, after.memory_bytes),
        ("disk", "compression rate (disk)", before.disk_bytes, after.disk_bytes),
        ("zipped", "compression rate (zipped)", before.zipped_bytes, after.zipped_bytes),
    ):
        rate = times(old / new if old is not None and new else None)
        table.add_row(*map(text, [name, megabytes(old), megabytes(new), f"{rate} {rate_name}"]))
    return table
