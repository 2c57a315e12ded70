"""Differences to the baseline: intervals, tests, and whether compression costs more in noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from asrcompress.core.comparison import Comparison
from asrcompress.core.results import CellResult
from asrcompress.report.console import Matrix, text
from asrcompress.report.view import View
from asrcompress.report.wording import (
    NOT_RUN,
    interaction_points,
    number,
    p_value,
    percent,
    percent_interval,
    points,
    points_interval,
)


def interval_renderables(view: View) -> list[Matrix]:
    """For every compared artefact its differences and its tests; for every other its intervals."""
    found = []
    for index, artefact in enumerate(view.artefacts):
        if artefact.verdicts:
            found += [_difference_table(view, index), _test_table(view, index)]
        else:
            found.append(_interval_table(view, index))
    return found


def interaction_renderables(view: View, *, intervals: bool) -> list[Matrix]:
    """What compression costs under a condition beyond what it costs in the clean, in points."""
    if not view.interaction_references:
        return []
    leads = [("condition", [row.name for row in view.conditions])]
    columns = [
        (artefact.name, [_interaction(row.cells[index], intervals) for row in view.conditions])
        for index, artefact in enumerate(view.artefacts)
        if artefact.verdicts
    ]
    there = view.interaction_references
    title = f"Interaction: dWER minus dWER under {there}, in points; * interval excludes 0"
    return [Matrix(title, leads, columns, "artefact")]


def _interaction(cell: CellResult | None, intervals: bool) -> Text:
    found = cell.comparison.interaction if cell and cell.comparison else None
    if found is None:
        return text(NOT_RUN if intervals else f"{NOT_RUN}  ")
    words = interaction_points(found)
    if intervals:
        return text(f"{words} {points_interval(found.interval)}")
    return text(words if words.endswith("*") else f"{words}  ")


_Columns = Sequence[tuple[str, Callable[[CellResult], str]]]


def _interval_table(view: View, index: int) -> Matrix:
    return _table(view, index, "WER and CER in %", [*_WER_COLUMNS, ("CER", _cer)])


def _difference_table(view: View, index: int) -> Matrix:
    columns: _Columns = [
        *_WER_COLUMNS,
        ("dWER", _of(lambda found: points(found.delta_wer))),
        ("interval", _of(lambda found: points_interval(found.interval))),
        (
            "MAPSSWE\np",
            _of(lambda found: p_value(found.mapsswe.p_value if found.mapsswe else None)),
        ),
    ]
    return _table(view, index, "WER in %, dWER to the baseline in points", columns)


def _test_table(view: View, index: int) -> Matrix:
    columns: _Columns = [
        ("verdict", _of(lambda found: found.verdict.value)),
        ("p non-\ninferior", _of(lambda found: p_value(found.adjusted_p_non_inferior))),
        ("p\ninferior", _of(lambda found: p_value(found.adjusted_p_inferior))),
        ("P\nbetter", _of(lambda found: number(found.probability_of_improvement, 2))),
        ("least\ndWER", _of(lambda found: number(100 * found.smallest_detectable, 2))),
        ("CER", _cer),
    ]
    what = "verdicts, adjusted p, least dWER to show in points"
    return _table(view, index, what, columns)


def _table(view: View, index: int, what: str, columns: _Columns) -> Matrix:
    title = f"{view.artefacts[index].name}: {what}"
    leads = [("condition", [row.name for row in view.conditions])]
    cells = [row.cells[index] for row in view.conditions]
    found = [
        (head, [text(value(cell) if cell else NOT_RUN) for cell in cells])
        for head, value in columns
    ]
    return Matrix(title, leads, found)


def _cer(cell: CellResult) -> str:
    return percent(cell.chars.rate)


_WER_COLUMNS: _Columns = (
    ("WER", lambda cell: percent(cell.words.rate)),
    ("interval", lambda cell: percent_interval(cell.wer_interval)),
)


def _of(value: Callable[[Comparison], str]) -> Callable[[CellResult], str]:
    """A column of the comparison; not run where there is none."""
    return lambda cell: value(cell.comparison) if cell.comparison else NOT_RUN
