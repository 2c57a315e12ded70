"""Kaldi's line for every cell, with the artefact and the condition after it."""

from __future__ import annotations

from asrcompress.core.errors import one_line
from asrcompress.core.kaldi import kaldi_line
from asrcompress.report.view import View


def render(view: View) -> str:
    """`%WER 3.20 [ 1682 / 52576, 210 ins, 180 del, 1292 sub ] int8 noise-10dB`, a line per cell.

    Sorted as Kaldi's users sort theirs: `grep int8 | sort -k 2 -n`.
    """
    lines = (
        f"{kaldi_line(cell.words)} {one_line(cell.artefact)} {one_line(row.name)}\n"
        for index in range(len(view.artefacts))
        for row in view.conditions
        if (cell := row.cells[index])
    )
    return "".join(lines)
