"""Bits and zeros by block in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.report.layer_summaries import BlockSummary
from asrcompress.report.markdown.parts import Part
from asrcompress.report.markdown.pieces import name, table
from asrcompress.report.view import View
from asrcompress.report.wording import NOT_RUN, number, percent


def layer_parts(view: View) -> Iterator[Part]:
    """A table with blocks down and artefacts across; none without ledgers."""
    found = {one.artefact: {row.name: row for row in one.blocks} for one in view.layer_summaries}
    if not found:
        return
    blocks = dict.fromkeys(block for rows in found.values() for block in rows)
    body = [[name(block), *(_cell(rows.get(block)) for rows in found.values())] for block in blocks]
    lead = "Mean bits of a weight / zeros in % of the weights."
    text = f"{lead}\n\n{table(['block', *map(name, found)], body)}"
    yield Part("Bits and zeros by block", text, is_folded=True)


def _cell(row: BlockSummary | None) -> str:
    return NOT_RUN if row is None else f"{number(row.bits)} / {percent(row.sparsity)}"
