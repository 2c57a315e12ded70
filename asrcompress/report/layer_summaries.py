"""What became of each block of each artefact of an audit: mean bits and sparsity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asrcompress.core.ledger import Ledger
from asrcompress.core.ledger_table import LedgerTable
from asrcompress.report.layers import LayerView, layout_of

OUTSIDE = "outside the blocks"
ALL_LAYERS = "all layers"  # of a model without blocks that repeat


@dataclass(frozen=True, slots=True)
class BlockSummary:
    """The weight matrices of one block together; gains and biases are not counted.

    weights: those that are left, pruned to zero or not. bits: mean over them; None where none are
    left, or a type has no number of bits. sparsity: zeros / weights; None where none are left.
    """

    name: str
    weights: int
    bits: float | None
    sparsity: float | None


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One artefact's blocks, stack by stack from the first on, then what is outside of them."""

    artefact: str
    blocks: tuple[BlockSummary, ...]


def layer_summaries(
    ledgers: LedgerTable | None, artefacts: Iterable[str]
) -> tuple[LayerSummary, ...]:
    """Those of the artefacts that have a ledger with layers, in the artefacts' order."""
    known = {} if ledgers is None else ledgers.ledgers
    found = (
        LayerSummary(name, block_summaries(known[name])) for name in artefacts if name in known
    )
    return tuple(summary for summary in found if summary.blocks)


def block_summaries(ledger: Ledger) -> tuple[BlockSummary, ...]:
    """A row for each block; a tensor that shares another's bytes counts with the other."""
    return tuple(_blocks(ledger))


def _blocks(ledger: Ledger) -> Iterator[BlockSummary]:
    layout = layout_of(row for row in ledger.rows if row.tied_to is None)
    for stack in layout.stacks:
        for block in stack.blocks:
            layers = [layer for layer in stack.layers if layer.block == block]
            yield _summary(f"{stack.name}.{block}", layers)
    if layout.outside:
        yield _summary(OUTSIDE if layout.stacks else ALL_LAYERS, layout.outside)


def _summary(name: str, layers: Sequence[LayerView]) -> BlockSummary:
    rows = [layer.row for layer in layers]
    weights = sum(row.weights for row in rows)
    zeros = sum(row.sparsity * row.weights for row in rows)
    sparsity = zeros / weights if weights else None
    return BlockSummary(name, weights, _mean_bits(layers, weights), sparsity)


def _mean_bits(layers: Sequence[LayerView], weights: int) -> float | None:
    bits = [(layer.bits, layer.row.weights) for layer in layers if layer.row.weights]
    total = 0
    for each, count in bits:
        if each is None:
            return None
        total += each * count
    return total / weights if weights else None
