"""The matrix as a picture of numbers: artefacts down, conditions across in groups of one noise."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from asrcompress.core.results import CellResult, ConditionResult
from asrcompress.report.places import has_level, is_room, place_of
from asrcompress.report.view import ArtefactRow, View

# Steps of the colours: about equal ratios, so that 1 % and 2 % can be told apart as well as 40 %
# and 80 %, and the same on every page, so that two pages can be held beside each other.
RATE_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
DELTA_STEPS = (0.001, 0.003, 0.01, 0.03, 0.1)
_PLAIN = "no noise, no room"


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """One condition: its whole name, and what is left of it to say under its group's head."""

    name: str
    label: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One artefact with its cells in the columns' order; None where a cell was not run."""

    artefact: ArtefactRow
    cells: tuple[CellResult | None, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdicts that it has anywhere."""
        found = (cell.comparison for cell in self.cells if cell)
        return tuple(dict.fromkeys(row.verdict.value for row in found if row))


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The whole picture; groups as (head, number of columns)."""

    groups: tuple[tuple[str, int], ...]
    columns: tuple[HeatColumn, ...]
    rows: tuple[HeatRow, ...]

    @property
    def is_grouped(self) -> bool:
        """True where the groups say something: more than one, and one of them of several."""
        return len(self.groups) > 1 and any(count > 1 for _, count in self.groups)


def heat_map(view: View) -> HeatMap:
    """The view's cells, the conditions of one noise and of one room side by side."""
    found: dict[str, list[int]] = {}
    for index, condition in enumerate(view.conditions):
        found.setdefault(_group(condition.result), []).append(index)
    order = [index for indices in found.values() for index in indices]
    columns = [
        column
        for indices in found.values()
        for column in _columns([view.conditions[index].result for index in indices])
    ]
    rows = (
        HeatRow(artefact, tuple(view.conditions[index].cells[place] for index in order))
        for place, artefact in enumerate(view.artefacts)
    )
    groups = tuple((group, len(indices)) for group, indices in found.items())
    return HeatMap(groups, tuple(columns), tuple(rows))


def rate_level(rate: float | None) -> int:
    """The colour of a WER, 0 to 9; 0 too where there is none."""
    return 0 if rate is None else bisect_right(RATE_STEPS, rate)


def delta_level(delta: float | None) -> str:
    """The colour of a difference: up1 to up5 for worse, down1 to down5 for better, else nothing."""
    level = bisect_right(DELTA_STEPS, abs(delta)) if delta is not None else 0
    if delta is None or not level:
        return ""
    return f"{'up' if delta > 0 else 'down'}{level}"


def rate_scale() -> tuple[tuple[int, str], ...]:
    """The legend: each level with the rates it stands for, in per cent."""
    return tuple(enumerate(_ranges([100 * step for step in RATE_STEPS])))


def delta_scale() -> tuple[tuple[str, str], ...]:
    """The legend of differences, from better to worse, in percentage points."""
    words = list(enumerate(_ranges([100 * step for step in DELTA_STEPS])))
    better = [(f"down{level}", f"{text} better") for level, text in reversed(words[1:])]
    worse = [(f"up{level}", f"{text} worse") for level, text in words[1:]]
    return (*better, ("", words[0][1]), *worse)


def _ranges(steps: list[float]) -> list[str]:
    inner = [f"{low:g} to {high:g}" for low, high in pairwise(steps)]
    return [f"below {steps[0]:g}", *inner, f"{steps[-1]:g} or more"]


def _group(condition: ConditionResult) -> str:
    """Its noise type and its room, in words."""
    place = place_of(condition)
    noise = f"{place.noise_type} noise" if place.noise_type else ""
    room = f"{place.room} room" if place.room and noise else "rooms" if place.room else ""
    return " in ".join(part for part in (noise, room) if part) or _PLAIN


def _columns(conditions: list[ConditionResult]) -> Iterable[HeatColumn]:
    """Short labels, or the whole names where short ones would not tell them apart."""
    labels = [_label(condition) for condition in conditions]
    if len(set(labels)) < len(labels):
        labels = [condition.name for condition in conditions]
    for index, (condition, label) in enumerate(zip(conditions, labels, strict=True)):
        yield HeatColumn(condition.name, label, is_first=index == 0)


def _label(condition: ConditionResult) -> str:
    """The SNR or the room where the group's head says everything else."""
    place = place_of(condition)
    others = [step for step in condition.steps if not has_level(step) and not is_room(step)]
    if others or len(condition.steps) > (place.snr_db is not None) + (place.room is not None):
        return condition.name
    if place.snr_db is not None:
        return f"{place.snr_db:g} dB"
    return place.room or condition.name
