"""Speed on this machine: a row a model, then what ran and what the figures mean."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from asrcompress.report.console import Matrix, text
from asrcompress.report.speed_columns import speed_columns
from asrcompress.report.speed_view import LEGEND, SpeedView

_NAME_WIDTH = 24  # a longer name is folded, so that the columns beside it need not be


def speed_renderables(view: SpeedView | None) -> list[RenderableType]:
    """As many tables as 80 columns ask for, and the lines below; nothing where not measured."""
    if view is None:
        return []
    names = [row.name for row in view.rows]
    columns = [
        (column.head, [text(cell) for cell in column.cells]) for column in speed_columns(view)
    ]
    matrix = Matrix("Speed on this machine", [("model", names)], columns, "measured", _NAME_WIDTH)
    return [matrix, _below(view)]


def _below(view: SpeedView) -> Text:
    lines = [text(LEGEND, "dim"), text(view.machine_line)]
    lines += [text(f"{name} ran on {words}") for name, words in view.kernel_lines]
    lines += [text(note) for note in view.notes]
    return Text("\n").join(lines)
