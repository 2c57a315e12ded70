"""Tables in a paper's layout, in as many pieces as 80 columns ask for."""

from __future__ import annotations

from rich.table import Table

from asrcompress.report.console import Matrix, text
from asrcompress.report.pivot import Pivot
from asrcompress.report.view import View


def pivot_renderables(view: View) -> list[Table]:
    """The tables, each of them whole where it fits."""
    return [table for pivot in view.pivots for table in _tables(pivot)]


def _tables(pivot: Pivot) -> list[Table]:
    rows = pivot.spaced_rows
    leads = [(head, [names[index] for names, _ in rows]) for index, head in enumerate(pivot.leads)]
    columns = [
        ("/".join(head), [text(cells[index]) for _, cells in rows])
        for index, head in enumerate(pivot.heads)
    ]
    return Matrix(pivot.title, leads, columns).tables()
