"""A map of bits by depth: the kinds of layers in a block down, the blocks across."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from asrcompress.report.console import WIDTH, text
from asrcompress.report.layers import LayerView, Layout, Stack, by_kind
from asrcompress.report.wording import count_of, list_names

STYLES = {2: "red", 4: "yellow", 8: "green", 16: "cyan"}
_LETTERS = {16: "h", 32: "-", 64: "d"}  # one character a layer, so that 24 blocks fit
_PRUNED = "p"
_UNKNOWN = "?"
_REMOVED = "."
_CELL_WIDTH = 2  # bits, and the mark of pruning or a space
_MOST_BLOCKS = 24  # side by side; the names have what these leave of 80 columns
_BASE = 10


def map_renderables(layout: Layout) -> list[RenderableType]:
    """A map for each stack of blocks, the layers outside, and what the marks mean.

    None where all layers are in 32 bits.
    """
    if layout.is_uniform:
        return []
    parts: list[RenderableType] = [_map(stack) for stack in layout.stacks]
    if layout.outside:
        parts.append(_outside(layout))
    return [*parts, _legend(layout.layers)]


def bits_text(layer: LayerView) -> Text:
    """A layer's bits in one character, and p where it was pruned; a dot where it is gone."""
    if layer.is_removed:
        return Text(f"{_REMOVED} ", style="dim")
    bits = layer.bits
    mark = _UNKNOWN if bits is None else _LETTERS.get(bits, str(bits))
    pruned = _PRUNED if layer.is_pruned else " "
    return Text(f"{mark}{pruned}", style=STYLES.get(bits or 0, "dim"))


def folded_name(name: str, width: int) -> list[str]:
    """The name on as many lines as it takes, broken before dots where it can be."""
    lines = [""]
    for part in re.findall(r"\.*[^.]+|\.+", text(name).plain):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [line[at : at + width] for line in lines for at in range(0, len(line) or 1, width)]


def _map(stack: Stack) -> Text:
    across = min(len(stack.blocks), _MOST_BLOCKS)
    width = min(max(map(len, stack.by_kind)), WIDTH - 1 - _CELL_WIDTH * across)
    fitting = (WIDTH - 1 - width) // _CELL_WIDTH
    head = f"Bits by depth: {stack.name}, {count_of(len(stack.blocks), 'block')}"
    lines = [text(head, "bold")]
    for start in range(0, len(stack.blocks), fitting):
        blocks = stack.blocks[start : start + fitting]
        lines += _numbers(blocks, width)
        for kind, layers in stack.by_kind.items():
            at = {layer.block: layer for layer in layers}
            lines += _row(kind, [at.get(block) for block in blocks], width)
    return Text("\n").join(lines)


def _numbers(blocks: Sequence[int], width: int) -> Iterator[Text]:
    """The blocks' numbers upright: the tens where they change, over the units."""
    if blocks[-1] >= _BASE:
        tens = [str(n // _BASE) if n % _BASE == 0 or n == blocks[0] else "" for n in blocks]
        yield _heads("", width, tens)
    yield _heads("block", width, [str(number % _BASE) for number in blocks])


def _heads(label: str, width: int, heads: Sequence[str]) -> Text:
    cells = "".join(f"{head:<{_CELL_WIDTH}}" for head in heads)
    return Text(f"{label:<{width}} {cells}".rstrip(), style="dim")


def _row(kind: str, layers: Sequence[LayerView | None], width: int) -> Iterator[Text]:
    """The kind's name, on more lines where it is long, and its layers' bits."""
    *before, last = folded_name(kind, width)
    yield from map(text, before)
    marks = [bits_text(layer) if layer else Text(" " * _CELL_WIDTH) for layer in layers]
    row = Text.assemble(text(last), " " * (width - len(last) + 1), *marks)
    row.rstrip()
    yield row


def _outside(layout: Layout) -> Text:
    """The layers outside the blocks, those of a chain in one line."""
    kinds = by_kind(layout.outside)
    across = min(max(map(len, kinds.values())), _MOST_BLOCKS)
    width = min(max(map(len, kinds)), WIDTH - 1 - _CELL_WIDTH * across)
    lines = [text("Outside the blocks" if layout.stacks else "Bits by layer", "bold")]
    for kind, layers in kinds.items():
        for start in range(0, len(layers), across):
            lines += _row(kind, layers[start : start + across], width)
    return Text("\n").join(lines)


def _legend(layers: Sequence[LayerView]) -> Text:
    """What the marks mean: 2, 4, 8: bits of a weight; -: 32 bits; p: pruned."""
    found = sorted({layer.bits for layer in layers if layer.bits is not None})
    digits = [str(bits) for bits in found if bits not in _LETTERS]
    parts = [f"{list_names(digits)}: bits of a weight"] if digits else []
    parts += [f"{_LETTERS[bits]}: {bits} bits" for bits in found if bits in _LETTERS]
    if any(layer.bits is None and not layer.is_removed for layer in layers):
        parts.append(f"{_UNKNOWN}: another type")
    if any(layer.is_pruned for layer in layers):
        parts.append(f"{_PRUNED}: pruned")
    if any(layer.is_removed for layer in layers):
        parts.append(f"{_REMOVED}: removed")
    return text("; ".join(parts), "dim")
