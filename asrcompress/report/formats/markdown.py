"""Markdown, short enough for a comment on a pull request: the verdict first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asrcompress.core.results import CellResult
from asrcompress.report.setup import Setup
from asrcompress.report.view import ArtefactRow, View
from asrcompress.report.wording import (
    DOCUMENT_MARKS,
    MEANINGS,
    NOT_RUN,
    list_names,
    megabytes,
    number,
    percent,
    points,
    points_interval,
    times,
)

_PUNCTUATION = re.compile(r"([\\`*_\[\]|~])")
_REFERENCES = re.compile(r"([@#])(?=\w)")  # would notify a person or link an issue
_HASH_LENGTH = 12  # enough to tell files apart; the whole is in results.json


def render(view: View) -> str:
    """The report: summary, verdicts, WER matrix, sizes, notes, and provenance folded away."""
    parts = [
        f"**{escape(view.summary)}**",
        "\n".join(f"- {escape(line)}" for line in view.headlines) if view.is_compared else "",
        _matrix(view),
        _legend(view),
        _artefacts(view),
        _measured(view),
        "\n".join(f"> {escape(note)}  " for note in view.notes),
        _details("Differences with intervals", _differences(view)) if view.is_compared else "",
        _details("Provenance", _provenance(view)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """A text that Markdown shows as it is: one line, no HTML, no pipes, no mentions."""
    line = " ".join(text.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _PUNCTUATION.sub(r"\\\1", line)
    return _REFERENCES.sub(r"\1&#8203;", line)


def _matrix(view: View) -> str:
    rows = [[escape(row.name), *(_wer(cell) for cell in row.cells)] for row in view.conditions]
    return _table(["WER %", *(escape(row.name) for row in view.artefacts)], rows)


def _wer(cell: CellResult | None) -> str:
    if cell is None:
        return NOT_RUN
    mark = f" {DOCUMENT_MARKS[cell.comparison.verdict]}" if cell.comparison else ""
    return percent(cell.words.rate) + mark


def _legend(view: View) -> str:
    if view.method is None:
        return ""
    marks = "; ".join(f"{mark} {MEANINGS[verdict]}" for verdict, mark in DOCUMENT_MARKS.items())
    return f"{marks}. {escape(view.method)}"


def _artefacts(view: View) -> str:
    header = ["artefact", "memory MB", "disk MB", "zipped MB", "rate (disk)", "rate (zipped)"]
    header += ["sparsity %"]
    header += ["RTFx", "load s", "peak MB", *view.setup.differing] if view.setup else []
    return _table(header, [_artefact(row, view.setup) for row in view.artefacts])


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


def _differences(view: View) -> str:
    rows = [
        [escape(row.name), *(_difference(cell) for cell in row.cells)] for row in view.conditions
    ]
    return _table(["dWER, points", *(escape(row.name) for row in view.artefacts)], rows)


def _difference(cell: CellResult | None) -> str:
    if cell is None or cell.comparison is None:
        return NOT_RUN
    compared = cell.comparison
    return f"{points(compared.delta_wer)} {points_interval(compared.interval)}"


def _provenance(view: View) -> str:
    results = view.results
    lines = [
        f"- {escape(row.name)}: {escape(row.result.model)} "
        f"(sha256 {row.result.sha256[:_HASH_LENGTH]}), {escape(row.result.compression)}, "
        f"{escape(row.result.decoding.recogniser)}, {escape(row.result.decoding.decoder)}, "
        f"{escape(row.result.decoding.device)}, {row.result.decoding.threads} threads"
        for row in view.artefacts
    ]
    versions = list_names(f"{name} {version}" for name, version in results.versions.items())
    lines += [f"- normaliser {escape(results.normaliser)}, seed {results.seed}"]
    return "\n".join([*lines, f"- {escape(versions)}"])


def _details(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])
