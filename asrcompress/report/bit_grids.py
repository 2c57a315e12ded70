"""Bits by depth as pictures: the geometry only, a template draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asrcompress.report.layers import LayerView, Layout, Stack, by_kind, densities
from asrcompress.report.wording import count_of, list_names

CELL_WIDTH, CELL_HEIGHT, GAP = 34, 26, 2  # user units of the SVG, pixels where there is room
HEAD = 22  # the blocks' numbers above the cells
_CHARACTER_WIDTH = 7.2  # of the labels' font, a little more than it needs
_BITS = (2, 4, 8, 16, 32)  # those that the style sheet has colours for
_UNKNOWN_BITS = 32  # coloured as what was left alone
REMOVED = 0  # the level of a layer that is gone


@dataclass(frozen=True, slots=True)
class GridCell:
    """One layer's square; text is what stands in it, level the colour's class."""

    layer: LayerView
    x: int
    y: int
    text: str
    level: int


@dataclass(frozen=True, slots=True)
class BitGrid:
    """One picture: labels down as (y, label), blocks across as (x, number), and the cells."""

    title: str
    words: str
    labels: tuple[tuple[int, str], ...]
    heads: tuple[tuple[int, str], ...]
    cells: tuple[GridCell, ...]
    left: int
    width: int
    height: int


def bit_grids(layout: Layout) -> tuple[BitGrid, ...]:
    """A picture for each stack of blocks, and one for the layers outside.

    None where all layers are in 32 bits.
    """
    if layout.is_uniform:
        return ()
    grids = [_stack_grid(stack) for stack in layout.stacks]
    if layout.outside:
        title = "Outside the blocks" if layout.stacks else "Layers"
        rows = {kind: list(enumerate(layers)) for kind, layers in by_kind(layout.outside).items()}
        grids.append(_grid(title, rows, ()))
    return tuple(grids)


def levels_of(layout: Layout) -> tuple[int, ...]:
    """The bits that the layers have, for a legend, the fewest first."""
    return tuple(sorted({layer.bits for layer in layout.layers if layer.bits is not None}))


def colour_level(bits: int | None) -> int:
    """The colour's class of so many bits: the nearest that there is."""
    if bits is None:
        return _UNKNOWN_BITS
    return min(_BITS, key=lambda known: abs(known - bits))


def histogram_path(histogram: Sequence[int], width: float, height: float) -> str:
    """The SVG path of a histogram's outline, on the ground line; empty where nothing is counted."""
    shares = densities(histogram)
    if not any(shares):
        return ""
    step = width / len(shares)
    tops = " ".join(
        f"V{height * (1 - share):.1f} H{(index + 1) * step:.1f}"
        for index, share in enumerate(shares)
    )
    return f"M0 {height:.1f} {tops} V{height:.1f} Z"


def _stack_grid(stack: Stack) -> BitGrid:
    columns = {block: column for column, block in enumerate(stack.blocks)}
    rows = {
        kind: [(columns[layer.block], layer) for layer in layers if layer.block is not None]
        for kind, layers in stack.by_kind.items()
    }
    title = f"{stack.name}, {count_of(len(stack.blocks), 'block')}"
    return _grid(title, rows, [str(block) for block in stack.blocks])


_Rows = dict[str, list[tuple[int, LayerView]]]


def _grid(title: str, rows: _Rows, heads: Sequence[str]) -> BitGrid:
    """A row of cells for each label, at their columns."""
    left = round(max(map(len, rows)) * _CHARACTER_WIDTH) + 8
    across = max(column for cells in rows.values() for column, _ in cells) + 1
    top = HEAD if heads else GAP
    cells = [
        _cell(layer, left + column * CELL_WIDTH, top + index * CELL_HEIGHT)
        for index, members in enumerate(rows.values())
        for column, layer in members
    ]
    return BitGrid(
        title=title,
        words=f"Bits of the weights, {title}: {list_names(_counts(rows))}",
        labels=tuple((top + index * CELL_HEIGHT, label) for index, label in enumerate(rows)),
        heads=tuple((left + column * CELL_WIDTH, head) for column, head in enumerate(heads)),
        cells=tuple(cells),
        left=left,
        width=left + across * CELL_WIDTH,
        height=top + len(rows) * CELL_HEIGHT,
    )


def _cell(layer: LayerView, x: int, y: int) -> GridCell:
    if layer.is_removed:
        return GridCell(layer, x, y, "", REMOVED)
    bits = layer.bits
    text = f"{'?' if bits is None else bits}{'p' if layer.is_pruned else ''}"
    return GridCell(layer, x, y, text, colour_level(bits))


def _counts(rows: _Rows) -> Iterator[str]:
    """What someone who does not see the picture is told: 48 layers at 8 bits, 24 pruned."""
    all_layers = [layer for cells in rows.values() for _, layer in cells]
    layers = [layer for layer in all_layers if not layer.is_removed]
    for bits in sorted({layer.bits or 0 for layer in layers}):
        found = count_of(sum((layer.bits or 0) == bits for layer in layers), "layer")
        yield f"{found} at {bits} bits" if bits else f"{found} of another type"
    pruned = sum(layer.is_pruned for layer in layers)
    if pruned:
        yield f"{pruned} of them pruned"
    if len(layers) < len(all_layers):
        yield f"{count_of(len(all_layers) - len(layers), 'layer')} removed"
