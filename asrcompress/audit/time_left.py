"""How long the rest of an audit takes, from how long the parts that are done took.

An artefact's cells take as long as its cells before; an artefact without any takes as long as the
others of its model, between the fastest and the slowest of them. Of a model without any nothing is
known, and no number is made up for it: the rest then takes at least so long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from asrcompress.audit.jobs import ArtefactJob, Cell
from asrcompress.audit.measuring import missing_costs
from asrcompress.audit.plan import Plan
from asrcompress.audit.speed import costs_of, options_of_recipe, speed_of
from asrcompress.audit.tasks import Kind, task_id
from asrcompress.audit.timings import read_timings

_CLOSE = 0.1  # a range this narrow, relative to its middle, is one number for a reader
_NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Seconds that are left: expected, and between what bounds.

    unknown: pieces that are not in it, by what they are, for nothing like them was timed yet.
    timed_cells: how many finished cells it is based on. is_measured_after: whether speed or cost
    is to be measured, which is not in it either.
    """

    expected_s: float
    low_s: float
    high_s: float
    unknown: Mapping[str, int]
    timed_cells: int
    is_measured_after: bool

    @property
    def words(self) -> str | None:
        """It in a few words; None where nothing was timed yet."""
        if self.unknown and not self.low_s:
            return "unknown time" if self.timed_cells else None
        if self.unknown:
            return f"at least {_clock(self.low_s)}"
        if self.high_s - self.low_s > _CLOSE * self.expected_s:
            return f"{_clock(self.low_s)} to {_clock(self.high_s)}"
        return f"about {_clock(self.expected_s)}"

    @property
    def line(self) -> str:
        """It for a reader, with what it is based on and what is not in it."""
        if not self.expected_s and not self.unknown:
            return "none" + (", but for measuring speed" if self.is_measured_after else "")
        listed = ", ".join(f"{count} {what}" for what, count in self.unknown.items())
        cells = f"from {self.timed_cells} cells timed" if self.timed_cells else None
        parts = (
            self.words or "unknown",
            cells,
            f"not timed yet: {listed}" if listed else None,
            "measuring speed comes after" if self.is_measured_after else None,
        )
        return "; ".join(filter(None, parts))


@dataclass(slots=True)
class _Sum:
    """What the pieces so far take together."""

    done: Mapping[str, float]
    expected_s: float = 0.0
    low_s: float = 0.0
    high_s: float = 0.0
    unknown: dict[str, int] = field(default_factory=dict)

    def add(self, task: str, durations_s: Sequence[float], what: str) -> None:
        """One more piece, that takes as long as one of these, less what is done of it."""
        if not durations_s:
            self.unknown[what] = self.unknown.get(what, 0) + 1
            return
        left = 1 - self.done.get(task, 0.0)
        self.expected_s += left * fmean(durations_s)
        self.low_s += left * min(durations_s)
        self.high_s += left * max(durations_s)


def time_left(
    plan: Plan, timings: Mapping[str, float] | None = None, done: Mapping[str, float] = _NOTHING
) -> TimeLeft:
    """What is left of a plan: to compress, to corrupt and to recognise.

    timings: seconds by the id of a finished task; None takes those beside the cache. done: how
    much of a task that runs is done, 0 to 1, by its id.
    """
    known = read_timings(plan) if timings is None else timings
    total = _Sum(done)
    _add_artefacts(total, plan, known)
    corpora = _known(known, "corpus", (job.key for job in plan.conditions))
    for condition in plan.missing_conditions():
        total.add(task_id("corpus", condition.key), corpora, "corpora to write")
    rates = _Rates(plan, known)
    for cell in plan.missing_cells():
        total.add(task_id("cell", cell.key), rates.of(cell.artefact), "cells to recognise")
    return TimeLeft(
        expected_s=total.expected_s,
        low_s=total.low_s,
        high_s=total.high_s,
        unknown=total.unknown,
        timed_cells=rates.timed_cells,
        is_measured_after=_is_measured_after(plan),
    )


def _add_artefacts(total: _Sum, plan: Plan, known: Mapping[str, float]) -> None:
    """As long as the same compression of other models took, else as others of the same model."""
    for job in plan.missing_artefacts():
        alike = [one for one in plan.artefacts if one.compression == job.compression]
        family = [one for one in plan.artefacts if one.model == job.model]
        found = _known(known, "artefact", (one.key for one in alike))
        found = found or _known(known, "artefact", (one.key for one in family))
        total.add(task_id("artefact", job.key), found, "artefacts to make")


def _known(known: Mapping[str, float], kind: Kind, keys: Iterable[str]) -> list[float]:
    ids = dict.fromkeys(task_id(kind, key) for key in keys)
    return [known[one] for one in ids if one in known]


class _Rates:
    """Seconds a cell by artefact."""

    def __init__(self, plan: Plan, known: Mapping[str, float]) -> None:
        self.timed_cells = 0
        self._own: dict[str, float] = {}
        self._family: dict[str, list[float]] = {}
        costs = costs_of(plan)
        for job, cells in _by_artefact(plan):
            timed = _known(known, "cell", (cell.key for cell in cells))
            self.timed_cells += len(timed)
            rtfx = costs[job.name].rtfx if job.name in costs else None
            if timed:
                self._own[job.key] = fmean(timed)
            elif rtfx:
                self._own[job.key] = plan.corpus.audio_s / rtfx
            if job.key in self._own:
                self._family.setdefault(job.model, []).append(self._own[job.key])

    def of(self, job: ArtefactJob) -> list[float]:
        """The artefact's own, else all of its model's; none where none was timed."""
        if job.key in self._own:
            return [self._own[job.key]]
        return self._family.get(job.model, [])


def _by_artefact(plan: Plan) -> list[tuple[ArtefactJob, list[Cell]]]:
    found: dict[str, list[Cell]] = {job.name: [] for job in plan.artefacts}
    for cell in plan.cells:
        found[cell.artefact.name].append(cell)
    return [(job, found[job.name]) for job in plan.artefacts]


def _is_measured_after(plan: Plan) -> bool:
    if options_of_recipe(plan.recipe) is not None:
        return speed_of(plan) is None
    return plan.recipe.evaluate.measure_cost and bool(missing_costs(plan))


def _clock(duration_s: float) -> str:
    """Hours, minutes and seconds: 2:13:00."""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
