"""Rich pieces that every terminal table is made of; names are never read as markup."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType, RenderResult
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from asrcompress.core.errors import one_line

WIDTH = 80  # a terminal's least width; nothing here needs more
_NAME_WIDTH = 12  # a longer artefact's name is folded in its column head
_MOST_PIECES = 2  # of a table that could as well be turned
_LEAST_LEAD = 10  # characters of a leading column, with its gap
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
class Listing:
    """A table of texts; what is too long is folded. As wide as a `Matrix`."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = new_table(self.title)
        for head in self.heads:
            add_column(table, head, is_number=False)
        for row in self.rows:
            table.add_row(*row)
        yield Constrain(table, _room(console, options))


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of leading columns and as many others as fit; the rest go to further tables.

    names: how many of the leading columns are no numbers. column_head: what the columns are, where
    they may go down in place of the rows. lead_width: what is longer in a leading column is
    folded. head_width: of a column's head.

    As a Rich renderable it is as wide as the terminal; elsewhere at most 80 columns.
    """

    title: str
    leads: Sequence[tuple[str, Sequence[str]]]
    columns: Sequence[tuple[str, Sequence[Text]]]
    column_head: str | None = None
    lead_width: int | None = None
    head_width: int = _NAME_WIDTH
    names: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from spaced(self.tables(_room(console, options)))

    def tables(self, width: int = WIDTH) -> list[Table]:
        """Tables of at most so many characters, each with all leading columns.

        Many columns over few rows are turned, rather than cut into many pieces.
        """
        room = width + _GAP  # none is after the last column
        leads = self._lead_widths(room)
        chunks = list(self._chunks(room - sum(leads)))
        is_wide = len(self.columns) > len(self.leads[0][1])
        if self.column_head is not None and is_wide and len(chunks) > _MOST_PIECES:
            return self._turned(self.column_head).tables(width)
        return [self._table(columns, leads) for columns in chunks]

    def _turned(self, head: str) -> Matrix:
        """Columns down, rows across; further leading columns go into the heads: clean/N 942."""
        (_, first), *others = self.leads
        names = [
            one_line("/".join([name, *(f"{lead} {values[index]}" for lead, values in others)]))
            for index, name in enumerate(first)
        ]
        leads = [(head, [name for name, _ in self.columns])]
        columns = [
            (name, [cells[index] for _, cells in self.columns]) for index, name in enumerate(names)
        ]
        return replace(self, leads=leads, columns=columns, column_head=None, names=1)

    def _head(self, name: str) -> str:
        """A name in lines that fit a column: model/form breaks after the model, others at a hyphen.

        Where the columns are no names, their heads have their own line breaks.
        """
        own = name.splitlines() if self.column_head is None else [name]
        parts = [part for line in own for part in one_line(line).replace("/", "/\n").splitlines()]
        return "\n".join(line for part in parts for line in _folded(part, self.head_width))

    def _column_width(self, name: str, cells: Sequence[Text]) -> int:
        return _width(self._head(name), [cell.plain for cell in cells])

    def _lead_widths(self, room: int) -> list[int]:
        """As wide as they are where there is room beside them for the others, or for half."""
        found = [_width(head, [one_line(cell) for cell in cells]) for head, cells in self.leads]
        if self.lead_width is not None:
            found = [min(lead, self.lead_width + _GAP) for lead in found]
        others = [self._column_width(name, cells) for name, cells in self.columns]
        if sum(found) + sum(others) > room:
            most = max(min(room // 2, room - max(others, default=0)), _LEAST_LEAD * len(found))
            found = _shrunk(found, most)
        return found

    def _chunks(self, room: int) -> Iterator[Sequence[tuple[str, Sequence[Text]]]]:
        start, used = 0, 0
        for index, (name, cells) in enumerate(self.columns):
            width = self._column_width(name, cells)
            if index > start and used + width > room:
                yield self.columns[start:index]
                start, used = index, 0
            used += width
        yield self.columns[start:]

    def _table(self, columns: Sequence[tuple[str, Sequence[Text]]], widths: Sequence[int]) -> Table:
        table = new_table(self.title)
        for index, ((head, _), width) in enumerate(zip(self.leads, widths, strict=True)):
            add_column(table, head, is_number=index >= self.names, max_width=width - _GAP)
        for name, _ in columns:
            add_column(table, self._head(name))
        leads = [[text(cell) for cell in cells] for _, cells in self.leads]
        for row in zip(*leads, *(cells for _, cells in columns), strict=True):
            table.add_row(*row)
        return table


def _room(console: Console, options: ConsoleOptions) -> int:
    """The columns of a table: those of the terminal; elsewhere nobody knows the reader's."""
    return options.max_width if console.is_terminal else min(options.max_width, WIDTH)


def _shrunk(widths: Sequence[int], room: int) -> list[int]:
    """The widths, the widest made less until all together have room; none below the least."""
    found = list(widths)
    while sum(found) > room and max(found) > _LEAST_LEAD:
        found[found.index(max(found))] -= 1
    return found


def _folded(name: str, width: int) -> Iterator[str]:
    """Lines of at most a name's width, each as long as it can be where the name has joints."""
    while cell_len(name) > width:
        most = _fitting(name, width)
        joint = max(name.rfind(mark, 0, most) for mark in "-_+. ")
        end = joint + 1 if joint > 0 else most
        yield name[:end]
        name = name[end:]
    yield name


def _fitting(name: str, width: int) -> int:
    """How many of the first characters fit; at least one. A wide one takes two columns."""
    used = 0
    for index, character in enumerate(name):
        used += cell_len(character)
        if used > width:
            return max(index, 1)
    return len(name)


def _width(head: str, cells: Sequence[str]) -> int:
    return max(map(cell_len, [*head.splitlines(), *cells])) + _GAP


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
