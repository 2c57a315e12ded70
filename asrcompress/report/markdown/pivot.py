"""Tables in a paper's layout as Markdown: one head, for Markdown has no cells that span others."""

from __future__ import annotations

from asrcompress.report.markdown.pieces import escape, name, table
from asrcompress.report.pivot import Pivot
from asrcompress.report.view import View


def pivot_parts(view: View) -> list[str]:
    """Each table under its title."""
    return [f"**{escape(pivot.title)}**\n\n{_table(pivot)}" for pivot in view.pivots]


def _table(pivot: Pivot) -> str:
    heads = [name(" ".join(head)) for head in pivot.heads]
    rows = [[*map(name, names), *map(escape, cells)] for names, cells in pivot.spaced_rows]
    return table([*map(escape, pivot.leads), *heads], rows, names=len(pivot.leads))
