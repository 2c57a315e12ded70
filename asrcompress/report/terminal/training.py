"""A training for a terminal: what it was, and what it left of each block."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from asrcompress.core.training_record import TrainingRecord
from asrcompress.report.block_widths import BlockWidths, Width, together
from asrcompress.report.console import add_column, new_table, text
from asrcompress.report.training_facts import training_facts
from asrcompress.report.wording import NOT_RUN, count_of, percent

_BAR = 10  # characters for all of a block's weights
_NOTE = (
    "Heads, dimensions and feed-forward width left of all; -: removed. Weights: of the block's "
    "matrices; # stands for a tenth."
)


def training_renderables(record: TrainingRecord | None) -> list[RenderableType]:
    """The training's facts; nothing where nothing was trained."""
    if record is None:
        return []
    table = new_table("Training")
    table.show_header = False
    add_column(table, "", is_number=False)
    add_column(table, "", is_number=False)
    for name, words in training_facts(record).items():
        table.add_row(text(name, "dim"), text(words))
    return [table]


def block_renderables(blocks: tuple[BlockWidths, ...]) -> list[RenderableType]:
    """A row for each block and one for all; nothing where no structure was pruned."""
    if not blocks:
        return []
    table = new_table(f"What is left of each block, {count_of(len(blocks), 'block')}")
    add_column(table, "block")
    add_column(table, "attention", is_number=False)
    for head in ("heads", "query/\nkey", "value/\noutput", "feed-\nforward", "weights\n%"):
        add_column(table, head)
    add_column(table, "", is_number=False)
    for block in blocks:
        widths = (block.head_count, block.query_key, block.value_output, block.feed_forward)
        has_attention = "yes" if block.attention.left else "no"
        _add_row(table, block, [str(block.number), has_attention, *map(_cell, widths)])
    table.add_section()
    whole = together(blocks)
    sums = (whole.query_key, whole.value_output, whole.feed_forward)
    counts = [whole.attention.words, whole.head_count.words]
    _add_row(table, whole, ["all", *counts, *map(_share_cell, sums)])
    return [Group(table, text(_NOTE, "dim"))]


def _add_row(table: Table, block: BlockWidths, cells: list[str]) -> None:
    share = block.parameters.share
    last = [NOT_RUN if share is None else percent(share), _bar(share)]
    table.add_row(*map(text, [*cells, *last]))


def _cell(width: Width) -> str:
    return width.words if width.left else NOT_RUN


def _share_cell(width: Width) -> str:
    """Sums are too long for their columns; their share is not."""
    return width.words if width.share is None else f"{percent(width.share)} %"


def _bar(share: float | None) -> str:
    """A # for each tenth, rounded up, so that only an empty block has none."""
    return "" if share is None else "#" * -int(-share * _BAR // 1)
