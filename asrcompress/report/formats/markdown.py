"""Markdown, short enough for a comment on a pull request: the verdict first."""

from __future__ import annotations

from asrcompress.core.errors import shortened
from asrcompress.report.markdown.folded import folded_parts
from asrcompress.report.markdown.gates import gate_parts
from asrcompress.report.markdown.parts import Part, fitting
from asrcompress.report.markdown.pieces import escape, line, name, table, wer
from asrcompress.report.markdown.pivot import pivot_parts
from asrcompress.report.markdown.speed import front_lines, speed_parts
from asrcompress.report.setup import Setup
from asrcompress.report.view import ArtefactRow, View
from asrcompress.report.wording import (
    DOCUMENT_MARKS,
    MEANINGS,
    count_of,
    megabytes,
    number,
    percent,
    times,
)

_MOST_HEADLINES = 30  # artefacts whose verdicts are counted before the matrix
_MOST_COLUMNS = 12  # of a matrix that could as well be turned
_LONGEST_SUMMARY = 600


def render(view: View) -> str:
    """The report: summary, gates, verdicts, WER matrix, sizes, speed, notes; the rest folded.

    Never more than 60,000 characters; `parts` says what is left out where it would be more.
    """
    unfolded = [
        Part("summary", f"**{escape(shortened(view.summary, _LONGEST_SUMMARY))}**"),
        *gate_parts(view),
        Part("verdicts", _headlines(view)),
        Part("WER matrix", _matrix(view)),
        Part("legend", _legend(view)),
        *(Part("table", text) for text in pivot_parts(view)),
        Part("sizes", _artefacts(view)),
        Part("measured", _measured(view)),
        Part("Pareto fronts", front_lines(view)),
        *(Part("speed", text) for text in speed_parts(view)),
        Part("notes", "\n".join(f"> {line(note)}  " for note in view.notes)),
    ]
    kept = [part for part in unfolded if part.body]
    return fitting([*kept, *folded_parts(view)]) + "\n"


def _headlines(view: View) -> str:
    if not view.is_compared:
        return ""
    lines = [f"- {line(words)}" for words in view.headlines[:_MOST_HEADLINES]]
    more = len(view.headlines) - len(lines)
    return "\n".join([*lines, *([f"- {count_of(more, 'more artefact')}"] if more > 0 else [])])


def _matrix(view: View) -> str:
    """Conditions down; artefacts where they are many and more."""
    conditions, artefacts = [name(row.name) for row in view.conditions], _names(view)
    rows = [[wer(cell) for cell in row.cells] for row in view.conditions]
    if len(artefacts) > max(_MOST_COLUMNS, len(conditions)):
        conditions, artefacts = artefacts, conditions
        rows = [list(column) for column in zip(*rows, strict=True)]
    body = [[head, *cells] for head, cells in zip(conditions, rows, strict=True)]
    return table(["WER %", *artefacts], body)


def _names(view: View) -> list[str]:
    return [name(row.name) for row in view.artefacts]


def _legend(view: View) -> str:
    if view.method is None:
        return ""
    marks = "; ".join(f"{mark} {MEANINGS[verdict]}" for verdict, mark in DOCUMENT_MARKS.items())
    lines = [f"{marks}. {view.method}", *([view.detectable] if view.detectable else [])]
    return line(" ".join(lines))


def _artefacts(view: View) -> str:
    header = ["artefact", "memory MB", "disk MB", "zipped MB", "rate (disk)", "rate (zipped)"]
    header += ["sparsity %"]
    header += ["RTFx", "load s", "peak MB", *view.setup.differing] if view.setup else []
    return table(header, [_artefact(row, view.setup) for row in view.artefacts])


def _artefact(row: ArtefactRow, setup: Setup | None) -> list[str]:
    sizes, cost = row.result.sizes, row.cost
    cells = [name(row.name), megabytes(sizes.memory_bytes), megabytes(sizes.disk_bytes)]
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
