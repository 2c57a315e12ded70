"""Bits and sparsity of an audit's artefacts by block, worked out by hand."""

from __future__ import annotations

import math

from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.core.ledger_table import LedgerTable
from asrcompress.report.layer_summaries import BlockSummary, block_summaries, layer_summaries


def row(
    name: str,
    shape: tuple[int, ...],
    *,
    qtype: str = "qint8",
    sparsity: float = 0.0,
    after: tuple[int, ...] | None = None,
    tied_to: str | None = None,
) -> LedgerRow:
    """A tensor of a ledger; what the summaries do not read is made up."""
    left = shape if after is None else after
    return LedgerRow(
        name=name,
        kind="Linear",
        shape_before=shape,
        shape_after=left,
        qtype=qtype,
        sparsity=sparsity,
        bytes_before=4 * math.prod(shape),
        bytes_after=math.prod(left),
        is_compressed=True,
        why="made up",
        tied_to=tied_to,
    )


MIXED = Ledger(
    rows=(
        row("encoder.layers.0.attention.weight", (4, 5)),
        row("encoder.layers.0.attention.bias", (4,), qtype="float32"),
        row("encoder.layers.0.dense.weight", (6, 10), qtype="qint4", sparsity=0.5),
        row("encoder.layers.1.attention.weight", (4, 5), after=(0, 5)),
        row("encoder.layers.1.dense.weight", (6, 10), after=(0, 10)),
        row("encoder.layers.2.attention.weight", (4, 5), qtype="strange"),
        row("encoder.layers.2.dense.weight", (6, 10), sparsity=0.25),
        row("head.weight", (3, 10), qtype="float32"),
        row("embedding.weight", (3, 10), qtype="float32", tied_to="head.weight"),
    )
)


def test_bits_and_zeros_are_means_over_weights() -> None:
    """20 weights at 8 bits and 60 at 4: 5 bits; 30 zeros of 80; biases and ties not counted."""
    assert block_summaries(MIXED) == (
        BlockSummary("encoder.layers.0", 80, 5.0, 0.375),
        BlockSummary("encoder.layers.1", 0, None, None),
        BlockSummary("encoder.layers.2", 80, None, 0.1875),
        BlockSummary("outside the blocks", 30, 32.0, 0.0),
    )


def test_a_model_without_blocks_is_one_row() -> None:
    """Nothing repeats, so there is nothing to tell apart."""
    ledger = Ledger(rows=(row("a.weight", (2, 2)), row("b.weight", (2, 6), qtype="qint4")))
    assert block_summaries(ledger) == (BlockSummary("all layers", 16, 5.0, 0.0),)


def test_summaries_follow_the_artefacts() -> None:
    """In the results' order; without a ledger, or with one of biases alone, none."""
    biases = Ledger(rows=(row("a.bias", (2,)),))
    table = LedgerTable(ledgers={"b": MIXED, "a": MIXED, "odd": biases, "stranger": MIXED})
    names = [found.artefact for found in layer_summaries(table, ["a", "original", "odd", "b"])]
    assert names == ["a", "b"]
    assert layer_summaries(None, ["a"]) == ()
