"""A paper's figures beside what was measured in the same place."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.comparison import Interval
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.results import ConditionResult, MarginResult, PublishedFigure, Results
from asrcompress.report.places import place_of
from asrcompress.report.wording import list_names


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One figure; measured and its interval are None where the place was not measured."""

    source: str
    artefact: str
    place: str
    published: float
    measured: float | None
    interval: Interval | None

    @property
    def difference(self) -> float | None:
        """Measured minus published, as a fraction."""
        return None if self.measured is None else self.measured - self.published


def published_rows(results: Results) -> tuple[PublishedRow, ...]:
    """The published figures in their order; none without a paper."""
    figures = results.published.figures if results.published else ()
    return tuple(_row(figure, results) for figure in figures)


def _row(figure: PublishedFigure, results: Results) -> PublishedRow:
    words, interval = _measured(figure, results)
    return PublishedRow(
        source=figure.source,
        artefact=figure.artefact,
        place=_place(figure),
        published=figure.wer,
        measured=words.rate if words else None,
        interval=interval,
    )


def _place(figure: PublishedFigure) -> str:
    if figure.condition is not None:
        return list_names(filter(None, (figure.condition, figure.group)))
    return list_names(_words(figure).values()) or "all conditions"


def _measured(
    figure: PublishedFigure, results: Results
) -> tuple[ErrorCounts | None, Interval | None]:
    """The cell of a condition or a subgroup in it, the margin of one noise type, SNR or room, or
    a sum of cells."""
    if figure.condition is not None:
        cell = results.cell(figure.artefact, figure.condition)
        if cell is not None and figure.group is not None:
            return next((row.words for row in cell.groups if row.value == figure.group), None), None
        return (cell.words, cell.wer_interval) if cell else (None, None)
    given = _words(figure)
    if len(given) > 1:
        return _sum(figure, results), None
    margin = next((row for row in results.margins if _is_at(row, figure, given)), None)
    return (margin.words, margin.wer_interval) if margin else (None, None)


def _is_at(margin: MarginResult, figure: PublishedFigure, given: dict[str, str]) -> bool:
    return margin.artefact == figure.artefact and given.get(margin.by) == margin.value


def _words(figure: PublishedFigure) -> dict[str, str]:
    """What the figure is by, each value as margins print it."""
    level = None if figure.snr_db is None else f"{figure.snr_db:g} dB"
    found = {"noise_type": figure.noise_type, "room": figure.room, "snr_db": level}
    return {name: value for name, value in found.items() if value is not None}


def _sum(figure: PublishedFigure, results: Results) -> ErrorCounts | None:
    """All conditions that are at each of the values given, if every one was run."""
    names = [row.name for row in results.conditions if _agrees(figure, row)]
    cells = [cell for name in names if (cell := results.cell(figure.artefact, name))]
    if not cells or len(cells) < len(names):
        return None
    return sum((cell.words for cell in cells), ErrorCounts())


def _agrees(figure: PublishedFigure, condition: ConditionResult) -> bool:
    place = place_of(condition)
    return (
        figure.noise_type in (None, place.noise_type)
        and figure.room in (None, place.room)
        and figure.snr_db in (None, place.snr_db)
    )
