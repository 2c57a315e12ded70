"""Every layer's weights for a terminal: their shape, what was decided, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from asrcompress.core.ledger import LayerAnalysis
from asrcompress.report.console import Matrix, add_column, new_table, text
from asrcompress.report.layers import LayerView, Layout, by_kind, options_of
from asrcompress.report.terminal.bit_map import STYLES
from asrcompress.report.terminal.histogram import Sparkline
from asrcompress.report.wording import NOT_RUN, count_of, divergence, list_names, short_count

_THOUSANDTHS = 1000
_LARGE = 999.5
_SHAPES_NOTE = (
    "w: the weights' histogram, zero in the middle. |w|: median and standard deviation, in "
    "thousandths."
)
_CLASSES_NOTE = "L/M/H: per cent of weights of low, medium and high importance, and the class"


@dataclass(frozen=True, slots=True)
class _Column:
    head: str
    width: int
    cell: Callable[[LayerView], RenderableType]
    is_number: bool = True


def layer_renderables(layout: Layout) -> list[RenderableType]:
    """A table for each stack of blocks and one for the layers outside; divergences after them."""
    sections = _sections(layout)
    parts: list[RenderableType] = [_table(title, layers) for title, layers in sections]
    parts += [_notes(layout.layers)]
    for title, layers in sections:
        parts += _divergence_tables(title, layers)
    return parts if sections else []


def _sections(layout: Layout) -> list[tuple[str, Sequence[LayerView]]]:
    """Title and layers, stack by stack and then outside."""
    found: list[tuple[str, Sequence[LayerView]]] = [
        (f"{stack.name}, {count_of(len(stack.blocks), 'block')}", stack.layers)
        for stack in layout.stacks
    ]
    if layout.outside:
        found.append(("Outside the blocks" if layout.stacks else "Layers", layout.outside))
    return found


def _table(title: str, layers: Sequence[LayerView]) -> RenderableType:
    """One head, then the layers of each kind under its name."""
    columns = _columns(layers)
    parts: list[RenderableType] = [text(title, "bold"), _table_of(columns, has_head=True)]
    for kind, members in by_kind(layers).items():
        rows = _table_of(columns, has_head=False)
        for layer in members:
            rows.add_row(*(column.cell(layer) for column in columns))
        parts += [text(kind, "bold"), rows]
    return Group(*parts)


def _table_of(columns: Sequence[_Column], *, has_head: bool) -> Table:
    """A table with the columns' widths, so that all of a section stand below one another."""
    table = new_table("")
    table.title, table.show_header = None, has_head
    for column in columns:
        add_column(table, column.head, is_number=column.is_number)
        table.columns[-1].width = column.width
    return table


def _columns(layers: Sequence[LayerView]) -> list[_Column]:
    """Those that say something of these layers; together at most 80 characters."""
    block = "block" if layers[0].stack else ""
    columns = [
        _Column(block, 5, lambda layer: text(layer.number)),
        _Column("weights", 7, lambda layer: text(short_count(layer.row.weights))),
    ]
    if any(layer.analysis for layer in layers):
        columns.append(_Column("w", 17, lambda layer: _shape(layer.analysis), is_number=False))
        columns.append(_Column("|w|\nmed. std", 11, lambda layer: text(_size(layer.analysis))))
    if any(layer.analysis and layer.analysis.memberships for layer in layers):
        columns.append(_Column("L/M/H %", 10, lambda layer: text(_classes(layer.analysis))))
    columns.append(_Column("bits", 4, _bits))
    if any(layer.is_pruned for layer in layers):
        columns.append(_Column("pruned\n%", 6, lambda layer: text(_pruned(layer))))
    return columns


def _shape(analysis: LayerAnalysis | None) -> RenderableType:
    return Sparkline(analysis.histogram) if analysis else text("")


def _size(analysis: LayerAnalysis | None) -> str:
    if analysis is None:
        return NOT_RUN
    return f"{_thousandths(analysis.median_abs)} {_thousandths(analysis.std_abs)}"


def _thousandths(value: float) -> str:
    """Three digits or so: 0.0213 -> 21.3; 17.7 -> 17.7K."""
    scaled = value * _THOUSANDTHS
    if scaled >= _LARGE:
        return short_count(round(scaled))
    return f"{scaled:.{0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2}f}"


def _classes(analysis: LayerAnalysis | None) -> str:
    found = analysis.memberships if analysis else None
    if found is None:
        return NOT_RUN
    shares = "/".join(f"{100 * share:.0f}" for share in (found.low, found.medium, found.high))
    return f"{shares} {found.layer_class[0].upper()}"


def _bits(layer: LayerView) -> Text:
    if layer.is_removed:
        return text(NOT_RUN, "dim")
    bits = layer.bits
    return text("?" if bits is None else str(bits), STYLES.get(bits or 0, "dim"))


def _pruned(layer: LayerView) -> str:
    return f"{100 * layer.row.sparsity:.0f}" if layer.is_pruned else NOT_RUN


def _notes(layers: Sequence[LayerView]) -> Text:
    """What the columns' heads are too narrow to say."""
    lines = []
    if any(layer.analysis for layer in layers):
        lines.append(_SHAPES_NOTE)
    found = [layer.analysis.memberships for layer in layers if layer.analysis]
    scales = dict.fromkeys((row.alpha, row.beta) for row in found if row)
    if scales:
        words = " or ".join(f"alpha {alpha:g} s, beta {beta:g} s" for alpha, beta in scales)
        lines.append(f"{_CLASSES_NOTE} ({words}; s: that standard deviation).")
    return Text("\n").join(text(line, "dim") for line in lines)


def _divergence_tables(title: str, layers: Sequence[LayerView]) -> list[RenderableType]:
    """What each option alone does to the posteriors; nothing where nothing was measured."""
    kinds = by_kind(layer for layer in layers if layer.divergences)
    measured = [layer for members in kinds.values() for layer in members]
    if not measured:
        return []
    names = [name if at == 0 else "" for name, rows in kinds.items() for at in range(len(rows))]
    numbers = [layer.number for layer in measured]
    leads = [("layer", names), *([("block", numbers)] if any(numbers) else [])]
    columns = [
        (option, [text(divergence(layer.divergences.get(option))) for layer in measured])
        for option in options_of(layers)
    ]
    note = f"Divergence in nats with only this layer changed, mean over {_conditions(measured)}"
    return [Group(text(title, "bold"), *Matrix("", leads, columns).tables(), text(note, "dim"))]


def _conditions(layers: Sequence[LayerView]) -> str:
    found = [row for layer in layers if layer.analysis for row in layer.analysis.sensitivity]
    return list_names(dict.fromkeys(name for row in found for name in row.divergence))
