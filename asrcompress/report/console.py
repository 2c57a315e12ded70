"""Rich pieces that every terminal table is made of; names are never read as markup."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from asrcompress.core.errors import one_line

WIDTH = 80  # a terminal's least width; nothing here needs more
_NAME_WIDTH = 12  # a longer artefact's name is folded in its column head
_MOST_PIECES = 2  # of a table that could as well be turned
_GAP = 2  # a column's padding and the box's separator


def text(value: str, style: str = "") -> Text:
    """A name or a number as it is: no markup, no control characters."""
    return Text(one_line(value), style=style)


def new_table(title: str) -> Table:
    """An empty table in the house's look."""
    return Table(
        title=text(title),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )


def add_column(
    table: Table, name: str, *, is_number: bool = True, max_width: int | None = None
) -> None:
    """Add a column: numbers to the right, names to the left; what is too long is folded.

    A line break in the name makes a head of several lines.
    """
    justify: JustifyMethod = "right" if is_number else "left"
    head = Text("\n").join(text(line) for line in name.splitlines())
    table.add_column(head, justify=justify, overflow="fold", max_width=max_width)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of leading columns and as many others as fit; the rest go to further tables.

    column_head: what the columns are, where they may go down in place of the rows. lead_width:
    what is longer in a leading column is folded.
    """

    title: str
    leads: Sequence[tuple[str, Sequence[str]]]
    columns: Sequence[tuple[str, Sequence[Text]]]
    column_head: str | None = None
    lead_width: int | None = None

    def tables(self) -> list[Table]:
        """Tables of at most 80 characters, each with all leading columns.

        Many columns over few rows are turned, rather than cut into many pieces.
        """
        chunks = list(self._chunks())
        is_wide = len(self.columns) > len(self.leads[0][1])
        if self.column_head is not None and is_wide and len(chunks) > _MOST_PIECES:
            return self._turned(self.column_head).tables()
        return [self._table(columns) for columns in chunks]

    def _turned(self, head: str) -> Matrix:
        """Columns down, rows across; further leading columns go into the heads: clean/N 942."""
        (_, first), *others = self.leads
        names = [
            "/".join([name, *(f"{lead} {values[index]}" for lead, values in others)])
            for index, name in enumerate(first)
        ]
        leads = [(head, [name for name, _ in self.columns])]
        columns = [
            (name, [cells[index] for _, cells in self.columns]) for index, name in enumerate(names)
        ]
        return Matrix(self.title, leads, columns, lead_width=self.lead_width)

    def _chunks(self) -> Iterator[Sequence[tuple[str, Sequence[Text]]]]:
        widths = [_width(head, cells) for head, cells in self.leads]
        most = WIDTH if self.lead_width is None else self.lead_width + _GAP
        room = WIDTH - sum(min(width, most) for width in widths)
        start, used = 0, 0
        for index, (name, cells) in enumerate(self.columns):
            width = _width(_head(name), [cell.plain for cell in cells])
            if index > start and used + width > room:
                yield self.columns[start:index]
                start, used = index, 0
            used += width
        yield self.columns[start:]

    def _table(self, columns: Sequence[tuple[str, Sequence[Text]]]) -> Table:
        table = new_table(self.title)
        for index, (head, _) in enumerate(self.leads):
            add_column(table, head, is_number=index > 0, max_width=self.lead_width)
        for name, _ in columns:
            add_column(table, _head(name))
        leads = [[text(cell) for cell in cells] for _, cells in self.leads]
        for row in zip(*leads, *(cells for _, cells in columns), strict=True):
            table.add_row(*row)
        return table


def _head(name: str) -> str:
    """A name in lines that fit a column: model/form breaks after the model, others at a hyphen."""
    parts = one_line(name).replace("/", "/\n").splitlines()
    return "\n".join(line for part in parts for line in _folded(part))


def _folded(name: str) -> Iterator[str]:
    """Lines of at most a name's width, each as long as it can be where the name has joints."""
    while len(name) > _NAME_WIDTH:
        joint = max(name.rfind(mark, 0, _NAME_WIDTH) for mark in "-_+. ")
        end = joint + 1 if joint > 0 else _NAME_WIDTH
        yield name[:end]
        name = name[end:]
    yield name


def _width(head: str, cells: Sequence[str]) -> int:
    return max(map(len, [*head.splitlines(), *cells])) + _GAP


def spaced(renderables: Sequence[RenderableType]) -> list[RenderableType]:
    """The pieces with an empty line between each two."""
    return [piece for part in renderables for piece in (Text(), part)][1:]


def plain(renderables: Sequence[RenderableType], width: int = WIDTH) -> str:
    """The pieces as text without colour."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, color_system=None, force_terminal=False, force_jupyter=False
    )
    for renderable in renderables:
        console.print(renderable)
    lines = (line.rstrip() for line in stream.getvalue().splitlines())
    return "\n".join(lines) + "\n"
