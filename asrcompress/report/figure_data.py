"""What the figures show, as numbers: WER against SNR, room size and pruning rate.

The figures are those of Pimentel et al. (2023): 1a and 1b against the SNR and the room, 2a and 2b
against the pruning rate with a line for each SNR and each room, 3 against the room with the SNRs
pooled and a line for each pruning rate. What was not measured is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asrcompress.core.comparison import Interval
from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.results import ArtefactResult, CellResult, ConditionResult, MarginResult
from asrcompress.report.places import Family, families_of
from asrcompress.report.series import (
    NoisyRooms,
    PruningSet,
    Series,
    noise_series,
    noisy_rooms,
    pruning_sets,
    room_series,
)
from asrcompress.report.view import View

WITHOUT = "none"  # the x of what has no noise, or no room
_LEAST_PLACES = 2  # one place is no line


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the x axis: its value, its label there, and both in words.

    at: the number where distances count; None where places are evenly spaced.
    """

    value: str
    label: str
    words: str
    at: float | None = None


@dataclass(frozen=True, slots=True)
class FigurePoint:
    """What one artefact scored at a place; interval None where it is not known."""

    tick: Tick
    artefact: str
    words: ErrorCounts
    interval: Interval | None

    @property
    def wer(self) -> float:
        """Figures hold defined rates only."""
        return self.words.rate or 0.0


@dataclass(frozen=True, slots=True)
class FigureLine:
    """Points that belong together, in the ticks' order; those not measured are missing."""

    name: str
    points: tuple[FigurePoint, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture: its number in the paper, the model, what is the same for all its points."""

    number: str
    model: str
    title: str
    x_name: str
    ticks: tuple[Tick, ...]
    lines: tuple[FigureLine, ...]


def figures_of(view: View) -> tuple[Figure, ...]:
    """All figures that the results have points for: by number, by title, a picture per model."""
    return tuple(figure for figure in _candidates(view) if _is_drawn(figure))


def _candidates(view: View) -> Iterator[Figure]:
    conditions = [row.result for row in view.conditions]
    scores = _Scores.of(view)
    families = families_of(view.results)
    pruned = [(family, found) for family in families for found in pruning_sets(family)]
    noises, rooms = noise_series(conditions), room_series(conditions)
    levels = [row for row in noises if len(row.conditions) >= _LEAST_PLACES]
    yield from (_by_condition("1a", row, family, scores) for row in levels for family in families)
    yield from (_by_condition("1b", row, family, scores) for row in rooms for family in families)
    yield from (_by_rate("2a", row, found, scores) for row in noises for found in pruned)
    yield from (_by_rate("2b", row, found, scores) for row in rooms for found in pruned)
    noisy = noisy_rooms(conditions)
    yield from (_in_noisy_rooms(row, found, scores) for row in noisy for found in pruned)


def _is_drawn(figure: Figure) -> bool:
    places = {point.tick.value for line in figure.lines for point in line.points}
    return len(places) >= _LEAST_PLACES


_Conditions = tuple[ConditionResult, ...]


@dataclass(frozen=True, slots=True)
class _Scores:
    """Where the points come from: cells, and margins for the intervals of pooled conditions."""

    cells: Mapping[tuple[str, str], CellResult]
    margins: tuple[MarginResult, ...]

    @classmethod
    def of(cls, view: View) -> _Scores:
        cells = {(row.artefact, row.condition): row for row in view.results.cells}
        return cls(cells, view.results.margins)

    def point(
        self, tick: Tick, artefact: ArtefactResult, conditions: _Conditions
    ) -> FigurePoint | None:
        """The conditions together; None where one was not run, or there are no words."""
        names = [row.name for row in conditions]
        found = [cell for name in names if (cell := self.cells.get((artefact.name, name)))]
        words = sum((cell.words for cell in found), ErrorCounts())
        if len(found) < len(names) or words.rate is None:
            return None
        interval = found[0].wer_interval if len(found) == 1 else self._pooled(found, words)
        return FigurePoint(tick, artefact.name, words, interval)

    def _pooled(self, cells: Sequence[CellResult], words: ErrorCounts) -> Interval | None:
        """The interval of the margin over the same cells.

        A margin may hold some of its conditions' utterances only, so its counts have to agree.
        """
        place = (cells[0].artefact, {cell.condition for cell in cells}, words)
        same = (
            row for row in self.margins if (row.artefact, set(row.conditions), row.words) == place
        )
        return next((row.wer_interval for row in same), None)


def _by_condition(number: str, series: Series, family: Family, scores: _Scores) -> Figure:
    """Figures 1a and 1b: a line for each artefact."""
    places = _places(series)
    lines = [
        FigureLine(
            family.short_name(row.name),
            _present(scores.point(tick, row, (condition,)) for tick, condition in places),
        )
        for row in family.artefacts
    ]
    ticks = tuple(tick for tick, _ in places)
    return Figure(number, family.name, series.title, series.varied, ticks, tuple(lines))


def _by_rate(
    number: str, series: Series, made: tuple[Family, PruningSet], scores: _Scores
) -> Figure:
    """Figures 2a and 2b: a line for each SNR or room."""
    family, pruned = made
    rates = [(_rate_tick(rate), row) for rate, row in pruned.artefacts.items()]
    lines = [
        FigureLine(
            place.words, _present(scores.point(tick, row, (condition,)) for tick, row in rates)
        )
        for place, condition in _places(series)
    ]
    ticks = tuple(tick for tick, _ in rates)
    title = f"{series.title}; {pruned.title}"
    return Figure(number, family.name, title, "pruning_rate", ticks, tuple(lines))


def _in_noisy_rooms(noisy: NoisyRooms, made: tuple[Family, PruningSet], scores: _Scores) -> Figure:
    """Figure 3: a line for each pruning rate, the noise's SNRs together."""
    family, pruned = made
    places = [(_room_tick(name), conditions) for name, conditions in noisy.rooms.items()]
    if noisy.without:
        places.insert(0, (_NO_ROOM, noisy.without))
    lines = [
        FigureLine(
            _rate_tick(rate).words,
            _present(scores.point(tick, row, conditions) for tick, conditions in places),
        )
        for rate, row in pruned.artefacts.items()
    ]
    ticks = tuple(tick for tick, _ in places)
    return Figure("3", family.name, f"{noisy.title}; {pruned.title}", "room", ticks, tuple(lines))


def _places(series: Series) -> list[tuple[Tick, ConditionResult]]:
    """The series with its own axis, what has no noise or no room first."""
    is_level = series.varied == "snr_db"
    tick_of = _level_tick if is_level else _room_tick
    places = [(tick_of(value), row) for value, row in series.conditions.items()]
    if series.without:
        places.insert(0, (_NO_NOISE if is_level else _NO_ROOM, series.without))
    return places


_NO_NOISE = Tick(WITHOUT, "no noise", "no noise")
_NO_ROOM = Tick(WITHOUT, "no room", "no room")


def _level_tick(value: str) -> Tick:
    return Tick(value, value, f"{value} dB")


def _room_tick(value: str) -> Tick:
    return Tick(value, value, f"{value} room")


def _rate_tick(rate: float) -> Tick:
    words = f"{100 * rate:.6g} % pruned" if rate else "not pruned"
    return Tick(f"{rate:g}", f"{100 * rate:.6g}", words, at=rate)


def _present(points: Iterable[FigurePoint | None]) -> tuple[FigurePoint, ...]:
    return tuple(point for point in points if point)
