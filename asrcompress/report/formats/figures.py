"""figures.csv: every point of the figures, margins, subgroups; tidy and deterministic."""

from __future__ import annotations

from collections.abc import Iterator

from asrcompress.core.comparison import Interval
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.report.figure_data import figures_of
from asrcompress.report.pareto_data import size_fronts
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
    "is_on_front",
)


def render(view: View) -> str:
    """A row per point: figures 1a to 3, `margin`, `group`, then `pareto`.

    Rates are fractions. x is `none` for what has no noise, or no room. Of the Pareto fronts those
    of size are here, under every condition, with is_on_front 1 or 0, empty for other figures;
    those of speed are no two times the same, and `--format json` has them. The series of those
    and of groups is the condition.
    """
    others = [*_points(view), *_margins(view), *_groups(view)]
    rows = [[*row, None] for row in others]
    return csv_text(COLUMNS, [*rows, *_fronts(view)])


def _fronts(view: View) -> Iterator[list[Value]]:
    models = _models(view)
    for front in size_fronts(view):
        for point in front.points:
            place = ["pareto", models.get(point.artefact), point.artefact, "disk_bytes"]
            size_bytes = round(point.value * 1e6)
            rates = _rates(point.counts, point.interval)
            yield [*place, size_bytes, front.condition, *rates, int(point.is_on_front)]


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
