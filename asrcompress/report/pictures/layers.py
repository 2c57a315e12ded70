"""Bits and zeros of the weights, block by block, a line for each artefact."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from asrcompress.core.errors import one_line
from asrcompress.report.layer_summaries import ALL_LAYERS, OUTSIDE, BlockSummary, LayerSummary
from asrcompress.report.layers import PRUNED_SPARSITY
from asrcompress.report.pictures._picture import Picture, file_name, short_name, short_names
from asrcompress.report.pictures._style import (
    COLUMN_IN,
    MOST_IN_LEGEND,
    PLOT_IN,
    add_legend,
    legend_height_in,
    look_of,
)
from asrcompress.report.view import View
from asrcompress.report.wording import list_names

if TYPE_CHECKING:
    from matplotlib import figure as mpl

_Measure = Callable[[BlockSummary], "float | None"]
_OUTSIDE_LABEL = "outside"
_MOST_IN_LABEL = 22  # characters of a block's name
_LEVEL_LABEL, _MOST_LEVEL = 7, 16  # characters of a label that stands level, and how many do
_MOST_LABELS = 32  # turned by 90 degrees; of more blocks every second or third is named
_SPREAD = 0.04  # between two lines at one block, as a part of the distance of blocks
_WIDEST = 0.4


def pictures(view: View) -> Iterator[Picture]:
    """A picture of bits and one of zeros for the artefacts whose blocks have the same names."""
    for rows in _same_blocks(view.layer_summaries):
        yield _picture("bits-by-layer", "Bits of a weight", _bits, rows)
        if any((_zeros(block) or 0.0) >= 100 * PRUNED_SPARSITY for r in rows for block in r.blocks):
            yield _picture("sparsity-by-layer", "Weights that are zero, %", _zeros, rows)


def _same_blocks(summaries: Sequence[LayerSummary]) -> list[list[LayerSummary]]:
    found: dict[tuple[str, ...], list[LayerSummary]] = {}
    for row in summaries:
        if row.blocks:
            found.setdefault(tuple(block.name for block in row.blocks), []).append(row)
    return list(found.values())


def _picture(name: str, axis: str, measure: _Measure, rows: list[LayerSummary]) -> Picture:
    artefacts = list_names(one_line(row.artefact) for row in rows)
    return Picture(
        name=file_name(name),
        caption=f"{axis}, by block: {artefacts}. A block that was removed has no point.",
        size_in=(COLUMN_IN, PLOT_IN + 0.3 + legend_height_in(len(rows))),
        draw=partial(_draw, axis, measure, rows),
    )


def _bits(block: BlockSummary) -> float | None:
    return block.bits


def _zeros(block: BlockSummary) -> float | None:
    return None if block.sparsity is None else 100 * block.sparsity


def _draw(axis: str, measure: _Measure, rows: list[LayerSummary], canvas: mpl.Figure) -> None:
    axes = canvas.add_subplot()
    widest = min(_SPREAD * (len(rows) - 1), _WIDEST)
    for index, row in enumerate(rows):
        look = look_of(index)
        shift = widest * (index / (len(rows) - 1) - 0.5) if len(rows) > 1 else 0.0
        places = [place + shift for place in range(len(row.blocks))]
        axes.plot(
            *_with_gap(places, [_known(measure, block) for block in row.blocks], row),
            color=look.colour,
            marker=look.marker,
            linestyle=look.line_style,
            markersize=3.2,
            linewidth=0.7,
            label=f"line {index}",
        )
    stack, labels = _labels([block.name for block in rows[0].blocks])
    step = -(-len(labels) // _MOST_LABELS)
    axes.set_xticks(range(0, len(labels), step), labels=labels[::step])
    if max(map(len, labels)) > _LEVEL_LABEL or len(labels) > _MOST_LEVEL:
        axes.tick_params(axis="x", labelrotation=90)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(axis)
    axes.set_xlabel(f"block of {short_name(stack, _MOST_IN_LABEL)}" if stack else "block")
    axes.grid(axis="y", linewidth=0.3, color="#cccccc")
    axes.set_axisbelow(True)
    names = short_names([row.artefact for row in rows], MOST_IN_LEGEND)
    add_legend(canvas, axes.get_lines(), names)


def _known(measure: _Measure, block: BlockSummary) -> float:
    """The block's value; not a number where it has none, which draws nothing."""
    value = measure(block) if block.weights else None
    return math.nan if value is None else value


def _with_gap(
    places: list[float], values: list[float], row: LayerSummary
) -> tuple[list[float], list[float]]:
    """Nothing is drawn between the last block and what is outside, which is no next one."""
    if row.blocks[-1].name == OUTSIDE:
        places.insert(-1, math.nan)
        values.insert(-1, math.nan)
    return places, values


def _labels(names: Sequence[str]) -> tuple[str, list[str]]:
    """What all blocks' names begin with, and what is left of each: encoder.layers, then 0, 1, 2."""
    parts = [name.split(".") for name in names if name not in (OUTSIDE, ALL_LAYERS)]
    depth = 0
    while parts and all(len(part) > depth + 1 and part[depth] == parts[0][depth] for part in parts):
        depth += 1
    stack = ".".join(parts[0][:depth]) if parts else ""
    left = [_OUTSIDE_LABEL if name == OUTSIDE else name.removeprefix(f"{stack}.") for name in names]
    return stack, short_names(left, _MOST_IN_LABEL)
