"""Rules that accepted results pass, each with the words that say where its limits come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from asrcompress.audit.gates.calibration.cells import Cells, draws_of
from asrcompress.audit.gates.calibration.resampled import (
    Bounded,
    Draws,
    chance_of_stopping,
    limit_for,
)
from asrcompress.audit.gates.calibration.rounding import rounded_down, rounded_up
from asrcompress.audit.gates.calibration.spread import (
    CHANCE,
    ENOUGH_RUNS,
    highest_next,
    lowest_next,
)
from asrcompress.audit.gates.evidence import cost_of, rtfx_ratio
from asrcompress.audit.gates.figures import megabytes, percent, shortest
from asrcompress.core.findings import Findings
from asrcompress.core.results import ArtefactResult, ConditionResult

_MB = 1e6


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule by its keys, and comments on it."""

    rule: dict[str, Any]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """chance: of a rule on errors to stop the same model on other recordings. measured: what speed
    and memory may be worse by where there are too few runs to tell, as a fraction.
    """

    chance: float = 0.05
    measured: float = 0.2


def losses(runs: Sequence[Cells], found: Findings, room: Room) -> Iterator[Proposal]:
    """A margin for each kind of condition, and of artefacts that need the same one."""
    draws = draws_of(found)
    every = [cell for run in runs for cell in run.losses]
    for names in _kinds(found.results.conditions):
        here = [cell for cell in every if cell.condition in names]
        margins = {
            artefact: rounded_up(limit_for(cells, room.chance, draws))
            for artefact, cells in _by(here, lambda cell: cell.artefact)
        }
        for margin in sorted(set(margins.values())):
            artefacts = [name for name, one in margins.items() if one == margin]
            about = [cell for cell in here if cell.artefact in artefacts]
            rule = {"metric": "dwer", "artefacts": artefacts, "conditions": list(names)}
            yield Proposal({**rule, "absolute": margin}, _loss_words(about, margin, draws))


def _loss_words(cells: Sequence[Bounded], margin: float, draws: Draws) -> tuple[str, ...]:
    worst = max(cells, key=lambda cell: cell.needed)
    blind = max(cells, key=lambda cell: cell.apart)
    return (
        f"The least margin that passes is {_points(worst.needed)}, of {_place(worst)}; the least "
        f"loss that these recordings show is {_points(blind.apart)} ({_place(blind)}).",
        _chance_words(chance_of_stopping(cells, margin, draws)),
    )


def rates(runs: Sequence[Cells], found: Findings, room: Room) -> Iterator[Proposal]:
    """The most that the WER may be under each condition, for all artefacts."""
    draws = draws_of(found)
    every = [cell for run in runs for cell in run.rates]
    for row in found.results.conditions:
        here = [cell for cell in every if cell.condition == row.name]
        if not here:
            continue
        most = rounded_up(limit_for(here, room.chance, draws))
        worst = max(here, key=lambda cell: cell.needed)
        words = (
            f"The highest interval ends at {percent(worst.needed, 1)}, of {worst.artefact} "
            f"({percent(worst.estimate, 1)}).",
            _chance_words(chance_of_stopping(here, most, draws)),
        )
        artefacts = list(dict.fromkeys(cell.artefact for cell in here))
        rule = {"metric": "wer", "artefacts": artefacts, "conditions": [row.name], "max": most}
        yield Proposal(rule, words)


def _chance_words(chance: float) -> str:
    return f"Stopped by chance: in {100 * chance:.1f} % of resamples."


def costs(every: Sequence[Findings], room: Room) -> Iterator[Proposal]:
    """Sizes to the byte; speed against the original and memory with room for another run."""
    for row in _compared(every[0]):
        sizes = [_row(found, row.name).sizes.disk_bytes for found in every]
        known = [size for size in sizes if size is not None]
        if known:
            rule = {"metric": "size", "artefacts": [row.name], "max_bytes": max(known)}
            words = "To the byte. Stopped by chance: never."
            yield Proposal(rule, (words,))
    for row in _compared(every[0]):
        ratios = [rtfx_ratio(found, _row(found, row.name)) for found in every]
        measured = [ratio for ratio in ratios if ratio is not None]
        if measured:
            least = rounded_down(lowest_next(measured, room.measured))
            rule = {"metric": "rtfx_ratio", "artefacts": [row.name], "min": least}
            seen = _seen([f"{shortest(ratio)}x" for ratio in sorted(measured)])
            yield Proposal(rule, (_spread_words(seen, len(measured), room),))
    for row in _compared(every[0]):
        found_costs = [cost_of(found, row.name) for found in every]
        peaks = [float(cost.peak_memory_bytes) for cost in found_costs if cost is not None]
        if peaks:
            most = rounded_up(highest_next(peaks, room.measured) / _MB)
            rule = {"metric": "memory", "artefacts": [row.name], "max_mb": most}
            seen = _seen([megabytes(peak) for peak in sorted(peaks)])
            yield Proposal(rule, (_spread_words(seen, len(peaks), room),))


def _spread_words(seen: str, runs: int, room: Room) -> str:
    if runs >= ENOUGH_RUNS:
        return (
            f"Seen: {seen} in {runs} runs. The next is beyond with a chance of at most "
            f"{100 * CHANCE:g} % (a prediction interval on logarithms)."
        )
    many = "1 run" if runs == 1 else f"{runs} runs"
    return (
        f"Seen: {seen} in {many}, too few to tell how it varies: {100 * room.measured:g} % of "
        f"room. Give {ENOUGH_RUNS} or more runs."
    )


def _seen(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"


def _compared(found: Findings) -> list[ArtefactResult]:
    return [row for row in found.results.artefacts if row.baseline is not None]


def _row(found: Findings, name: str) -> ArtefactResult:
    return next(row for row in found.results.artefacts if row.name == name)


def _kinds(conditions: Sequence[ConditionResult]) -> list[tuple[str, ...]]:
    """The conditions that have the same effects, together."""
    kinds: dict[tuple[str, ...], list[str]] = {}
    for row in conditions:
        kinds.setdefault(tuple(str(step["effect"]) for step in row.steps), []).append(row.name)
    return [tuple(names) for names in kinds.values()]


def _by(
    cells: Sequence[Bounded], key: Callable[[Bounded], str]
) -> Iterator[tuple[str, list[Bounded]]]:
    """The cells of each artefact, in the order in which it comes up."""
    order = list(dict.fromkeys(key(cell) for cell in cells))
    listed = sorted(cells, key=lambda cell: order.index(key(cell)))
    for name, found in groupby(listed, key=key):
        yield name, list(found)


def _place(cell: Bounded) -> str:
    return f"{cell.artefact} under {cell.condition}"


def _points(difference: float) -> str:
    return f"{100 * difference:.2f} points"
