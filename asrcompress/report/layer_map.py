"""Bits and zeros block by block, a table for the artefacts whose blocks have the same names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from asrcompress.report.bit_grids import REMOVED, colour_level
from asrcompress.report.layer_summaries import BlockSummary, LayerSummary
from asrcompress.report.layers import PRUNED_SPARSITY
from asrcompress.report.wording import percent


@dataclass(frozen=True, slots=True)
class BlockCell:
    """One block of one artefact: bits a weight, zeros in per cent, and the colour's level.

    zeros: empty where there are none to speak of.
    """

    bits: str
    zeros: str
    level: int


@dataclass(frozen=True, slots=True)
class LayerMap:
    """Artefacts down, blocks across; stacks as (name, number of blocks), a number for each block.

    What is outside the stacks has its name in place of a number.
    """

    stacks: tuple[tuple[str, int], ...]
    blocks: tuple[str, ...]
    rows: tuple[tuple[str, tuple[BlockCell, ...]], ...]


def layer_maps(summaries: Iterable[LayerSummary]) -> tuple[LayerMap, ...]:
    """A map for each list of blocks, in the order in which they come."""
    found: dict[tuple[str, ...], list[LayerSummary]] = {}
    for row in summaries:
        found.setdefault(tuple(block.name for block in row.blocks), []).append(row)
    return tuple(_map(names, rows) for names, rows in found.items())


def _map(names: tuple[str, ...], rows: list[LayerSummary]) -> LayerMap:
    parts = [name.rpartition(".") if name[-1:].isdecimal() else ("", "", name) for name in names]
    stacks = [(stack, len(list(same))) for stack, same in groupby(part[0] for part in parts)]
    cells = ((row.artefact, tuple(map(_cell, row.blocks))) for row in rows)
    return LayerMap(tuple(stacks), tuple(part[2] for part in parts), tuple(cells))


def _cell(block: BlockSummary) -> BlockCell:
    if not block.weights:
        return BlockCell("removed", "", REMOVED)
    zeros = block.sparsity or 0.0
    shown = f"{percent(zeros)} %" if zeros >= PRUNED_SPARSITY else ""
    if block.bits is None:
        return BlockCell("other", shown, REMOVED)
    return BlockCell(f"{block.bits:.3g}", shown, colour_level(round(block.bits)))
