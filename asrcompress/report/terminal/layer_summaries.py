"""Mean bits and zeros of every artefact's blocks, side by side."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text

from asrcompress.report.console import Matrix, text
from asrcompress.report.layer_summaries import BlockSummary
from asrcompress.report.view import View
from asrcompress.report.wording import NOT_RUN, number, percent


def layer_renderables(view: View) -> list[Matrix | Text]:
    """A table of bits and one of zeros, blocks down; a line that says why where there is none."""
    if not view.layer_summaries:
        return [text("No ledgers are recorded beside these results: there is no ledgers.json.")]
    return [
        _table(view, "Mean bits of the weights by block", _bits),
        _table(view, "Zeros % of the weights by block", _zeros),
    ]


def _table(view: View, title: str, words: Callable[[BlockSummary], str]) -> Matrix:
    found = {one.artefact: {row.name: row for row in one.blocks} for one in view.layer_summaries}
    names = list(dict.fromkeys(name for blocks in found.values() for name in blocks))
    columns = [
        (artefact, [text(words(blocks[name]) if name in blocks else NOT_RUN) for name in names])
        for artefact, blocks in found.items()
    ]
    return Matrix(title, [("block", names)], columns, "artefact")


def _bits(row: BlockSummary) -> str:
    return number(row.bits)


def _zeros(row: BlockSummary) -> str:
    return percent(row.sparsity)
