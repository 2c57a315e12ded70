"""WER by noise type, SNR and room."""

from __future__ import annotations

from asrcompress.report.console import Matrix
from asrcompress.report.margins import MarginTable
from asrcompress.report.terminal.wer import wer_text
from asrcompress.report.view import View


def margin_renderables(view: View, wanted: bool | None) -> list[Matrix]:
    """A table for each margin; wanted None: those that say more than the matrix."""
    found = [row for row in view.margins if (row.is_telling if wanted is None else wanted)]
    return [_table(view, row) for row in found]


def _table(view: View, margin: MarginTable) -> Matrix:
    leads = [
        (margin.name, [row.value for row in margin.rows]),
        ("utt.", [str(row.utterances) for row in margin.rows]),
    ]
    columns = [
        (artefact.name, [wer_text(row.margins[index]) for row in margin.rows])
        for index, artefact in enumerate(view.artefacts)
    ]
    title = f"WER % by {margin.name} ({margin.pooled})"
    return Matrix(title, leads, columns, "artefact")
