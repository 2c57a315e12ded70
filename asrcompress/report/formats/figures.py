"""figures.csv: every point of the figures, the margins and the subgroups; tidy, deterministic."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.core.comparison import Interval
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.report.figure_data import figures_of
from asrcompress.report.places import families_of
from asrcompress.report.tidy import Value, csv_text, rounded
from asrcompress.report.view import View

COLUMNS = (
    "figure",
    "model",
    "artefact",
    "x_name",
    "x",
    "series",
    "s",
    "d",
    "i",
    "n",
    "wer",
    "wer_low",
    "wer_high",
)


def render(view: View) -> str:
    """A row per point: figure 1a to 3, then `margin` and `group`, where series is the condition.

    Rates are fractions. x is `none` for what has no noise, or no room.
    """
    return csv_text(COLUMNS, [*_points(view), *_margins(view), *_groups(view)])


def _points(view: View) -> Iterator[list[Value]]:
    for figure in figures_of(view):
        for line in figure.lines:
            is_named = any(point.artefact != line.points[0].artefact for point in line.points)
            series = f"{figure.title}, {line.name}" if is_named else figure.title
            for point in line.points:
                place = [figure.number, figure.model, point.artefact, figure.x_name]
                place += [point.tick.value, series]
                yield [*place, *_rates(point.words, point.interval)]


def _margins(view: View) -> Iterator[list[Value]]:
    models = _models(view)
    for row in view.results.margins:
        place = ["margin", models.get(row.artefact), row.artefact, row.by, row.value]
        series = f"{len(row.conditions)} conditions together"
        yield [*place, series, *_rates(row.words, row.wer_interval)]


def _groups(view: View) -> Iterator[list[Value]]:
    models = _models(view)
    for cell in view.results.cells:
        for group in cell.groups:
            place = ["group", models.get(cell.artefact), cell.artefact, group.field, group.value]
            yield [*place, cell.condition, *_rates(group.words, None)]


def _models(view: View) -> dict[str, str]:
    families = families_of(view.results)
    return {row.name: family.name for family in families for row in family.artefacts}


def _rates(words: ErrorCounts, interval: Interval | None) -> list[Value]:
    return [
        *(words.s, words.d, words.i, words.n),
        rounded(words.rate),
        rounded(interval.low if interval else None),
        rounded(interval.high if interval else None),
    ]
