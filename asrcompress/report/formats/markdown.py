"""Markdown, short enough for a comment on a pull request: the verdict first."""

from __future__ import annotations

from collections.abc import Sequence

from asrcompress.report.markdown.folded import folded_parts
from asrcompress.report.markdown.pieces import details, escape, table, wer
from asrcompress.report.markdown.pivot import pivot_parts
from asrcompress.report.markdown.speed import front_lines, speed_parts
from asrcompress.report.setup import Setup
from asrcompress.report.view import ArtefactRow, View
from asrcompress.report.wording import (
    DOCUMENT_MARKS,
    MEANINGS,
    list_names,
    megabytes,
    number,
    percent,
    times,
)

_MOST_CHARACTERS = 60_000  # GitHub takes 65,536 in a comment; the rest is for a line around it


def render(view: View) -> str:
    """The report: summary, verdicts, WER matrix, sizes, speed, notes, and the rest folded away."""
    parts = [
        f"**{escape(view.summary)}**",
        "\n".join(f"- {escape(line)}" for line in view.headlines) if view.is_compared else "",
        _matrix(view),
        _legend(view),
        *pivot_parts(view),
        _artefacts(view),
        _measured(view),
        front_lines(view),
        *speed_parts(view),
        "\n".join(f"> {escape(note)}  " for note in view.notes),
    ]
    kept = [part for part in parts if part]
    return "\n\n".join([*kept, *_fitting(kept, view)]) + "\n"


def _fitting(before: Sequence[str], view: View) -> list[str]:
    """The folded parts that still fit into a comment; the others are named."""
    kept, left_out = [], []
    used = sum(map(len, before))
    for title, body in folded_parts(view):
        part = details(title, body)
        if used + len(part) > _MOST_CHARACTERS:
            left_out.append(title)
        else:
            kept.append(part)
            used += len(part)
    if left_out:
        kept.append(f"Too long for a comment, see report.html: {escape(list_names(left_out))}.")
    return kept


def _matrix(view: View) -> str:
    rows = [[escape(row.name), *map(wer, row.cells)] for row in view.conditions]
    return table(["WER %", *(escape(row.name) for row in view.artefacts)], rows)


def _legend(view: View) -> str:
    if view.method is None:
        return ""
    marks = "; ".join(f"{mark} {MEANINGS[verdict]}" for verdict, mark in DOCUMENT_MARKS.items())
    lines = [f"{marks}. {view.method}", *([view.detectable] if view.detectable else [])]
    return escape(" ".join(lines))


def _artefacts(view: View) -> str:
    header = ["artefact", "memory MB", "disk MB", "zipped MB", "rate (disk)", "rate (zipped)"]
    header += ["sparsity %"]
    header += ["RTFx", "load s", "peak MB", *view.setup.differing] if view.setup else []
    return table(header, [_artefact(row, view.setup) for row in view.artefacts])


def _artefact(row: ArtefactRow, setup: Setup | None) -> list[str]:
    sizes, cost = row.result.sizes, row.cost
    cells = [escape(row.name), megabytes(sizes.memory_bytes), megabytes(sizes.disk_bytes)]
    cells += [megabytes(sizes.zipped_bytes), times(row.rates.disk), times(row.rates.zipped)]
    cells += [percent(row.result.sparsity)]
    if setup:
        cells += [number(row.rtfx), number(cost.load_s if cost else None)]
        cells += [megabytes(cost.peak_memory_bytes if cost else None)]
        cells += [escape(cell) for cell in setup.cells(cost)]
    return cells


def _measured(view: View) -> str:
    if view.setup is None or not view.setup.shared:
        return ""
    return f"Speed as measured: {escape(view.setup.shared)}."
