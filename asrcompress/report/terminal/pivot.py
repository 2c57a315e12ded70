"""Tables in a paper's layout, in as many pieces as 80 columns ask for."""

from __future__ import annotations

from asrcompress.report.console import Matrix, text
from asrcompress.report.pivot import Pivot
from asrcompress.report.view import View


def pivot_renderables(view: View) -> list[Matrix]:
    """The tables, each of them whole where it fits."""
    return [_table(pivot) for pivot in view.pivots]


def _table(pivot: Pivot) -> Matrix:
    rows = pivot.spaced_rows
    leads = [(head, [names[index] for names, _ in rows]) for index, head in enumerate(pivot.leads)]
    columns = [
        ("/".join(head), [text(cells[index]) for _, cells in rows])
        for index, head in enumerate(pivot.heads)
    ]
    return Matrix(pivot.title, leads, columns)
