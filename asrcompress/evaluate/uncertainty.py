"""Every interval and comparison of a matrix, all from the same resamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asrcompress.core.comparison import Comparison, Interaction, Interval
from asrcompress.evaluate.holm import holm
from asrcompress.evaluate.interaction import interaction_of, interaction_sample
from asrcompress.evaluate.intervals import Bootstrap, comparison_of, rate_interval
from asrcompress.evaluate.margins import Margin
from asrcompress.evaluate.matrix import Cell, Matrix, Statistics
from asrcompress.evaluate.pairs import Pairs, paired, pooled
from asrcompress.evaluate.resampling import RateSample, resampled
from asrcompress.evaluate.sparse import Changes
from asrcompress.evaluate.survey import Survey
from asrcompress.evaluate.tails import Resampled
from asrcompress.evaluate.tally import Tally, rate_sample

Place = tuple[str, str | Margin]  # an artefact, and a condition or a margin


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The intervals of all cells and margins, and the comparisons of those with a baseline."""

    intervals: Mapping[Place, Interval | None]
    comparisons: Mapping[Place, Comparison]


def uncertainty_of(
    matrix: Matrix, found: Survey, margins: Sequence[Margin], statistics: Statistics
) -> Uncertainty:
    """Every interval and comparison, from resamples of the same blocks.

    Holm's correction is over the cells, each direction by itself, and over the margins likewise:
    these sum up what the cells have tested and are a family of their own. A margin that is one
    whole cell has that cell's comparison, so that one number never has two verdicts.

    Raises:
        InputError: a cell and its baseline are on different utterances.
    """
    cells = [cell for cell in matrix.cells if cell in found.facts]
    artefacts = dict.fromkeys(name for name, _ in cells)
    places: list[Place] = [*cells, *((name, one) for name in artefacts for one in margins)]
    answers = _Answers(statistics.bootstrap)
    asked = (one for place in places for one in _asked(matrix, found, place))
    how = statistics.bootstrap
    for question, values in resampled(asked, seed=how.seed, replicates=how.replicates):
        question.settle(answers, values)
    return Uncertainty(
        intervals=answers.intervals,
        comparisons=_with_margins(
            _of_cells(cells, found, answers.comparisons, answers.interactions),
            answers.comparisons,
        ),
    )


def tallies_at(found: Survey, place: Place) -> dict[str, Tally]:
    """The tallies of a cell or a margin by condition."""
    name, where = place
    if not isinstance(where, Margin):
        return {where: found.facts[name, where].tally} if (name, where) in found.facts else {}
    tallies = {
        condition: found.facts[name, condition].tally
        for condition in where.conditions
        if (name, condition) in found.facts
    }
    if where.noise_type is None:
        return tallies
    return {
        condition: tally.met(where.noise_type, found.rolls) for condition, tally in tallies.items()
    }


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the resamples have said so far."""

    how: Bootstrap
    intervals: dict[Place, Interval | None] = field(default_factory=dict)
    comparisons: dict[Place, Comparison] = field(default_factory=dict)
    interactions: dict[Place, Interaction | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rate:
    """What is the interval of the rate?"""

    place: Place
    words: int

    def settle(self, answers: _Answers, values: Resampled | None) -> None:
        answers.intervals[self.place] = rate_interval(values, self.words)


@dataclass(frozen=True, slots=True)
class _Loss:
    """How does it compare with its baseline?"""

    place: Place
    changes: Changes
    baseline: str

    def settle(self, answers: _Answers, values: Resampled | None) -> None:
        if values is not None:
            answers.comparisons[self.place] = comparison_of(
                self.changes, values, answers.how, self.baseline
            )


@dataclass(frozen=True, slots=True)
class _Beyond:
    """Does compression cost more here than under the reference condition?"""

    place: Place
    changes: Changes
    reference: str

    def settle(self, answers: _Answers, values: Resampled | None) -> None:
        answers.interactions[self.place] = interaction_of(values, self.changes, self.reference)


_Question = _Rate | _Loss | _Beyond


def _asked(matrix: Matrix, found: Survey, place: Place) -> Iterator[tuple[_Question, RateSample]]:
    """What is asked of a place, each with the sample that answers it."""
    whole = rate_sample(list(tallies_at(found, place).values()), found.rolls)
    yield _Rate(place, int(whole.lengths.sum())), whole
    baseline, pairs = matrix.baseline_of(place[0]), _pairs(matrix, found, place)
    if baseline is None or pairs is None:
        return
    yield _Loss(place, pairs.changes, baseline), pairs.sample(found.rolls)
    reference = matrix.reference
    if isinstance(place[1], Margin) or reference in (None, place[1]):
        return
    in_reference = _pairs(matrix, found, (place[0], str(reference)))
    if in_reference is not None:
        beyond = interaction_sample(pairs, in_reference, found.rolls)
        yield _Beyond(place, beyond.changes, str(reference)), beyond.sample


def _pairs(matrix: Matrix, found: Survey, place: Place) -> Pairs | None:
    """None for a baseline, and where the baseline lacks one of the conditions."""
    baseline = matrix.baseline_of(place[0])
    if baseline is None:
        return None
    mine, theirs = tallies_at(found, place), tallies_at(found, (baseline, place[1]))
    if not mine or set(mine) != set(theirs):
        return None
    return pooled([paired(tally, theirs[name]) for name, tally in mine.items()])


def _of_cells(
    cells: Sequence[Cell],
    found: Survey,
    comparisons: Mapping[Place, Comparison],
    interactions: Mapping[Place, Interaction | None],
) -> dict[Place, Comparison]:
    """The cells' comparisons with adjusted p-values, interaction and segment test."""
    adjusted = _adjusted({cell: comparisons[cell] for cell in cells if cell in comparisons})
    return {
        cell: comparison.model_copy(
            update={
                "mapsswe": found.segment_tests.get((cell[0], str(cell[1]))),
                "interaction": interactions.get(cell),
            }
        )
        for cell, comparison in adjusted.items()
    }


def _with_margins(
    cells: Mapping[Place, Comparison], comparisons: Mapping[Place, Comparison]
) -> dict[Place, Comparison]:
    """The cells' comparisons, and those of the margins, adjusted among themselves."""
    sums: dict[Place, Comparison] = {}
    found = dict(cells)
    for (name, where), comparison in comparisons.items():
        if not isinstance(where, Margin):
            continue
        if where.is_one_condition:
            found[name, where] = cells[name, where.conditions[0]]
        else:
            sums[name, where] = comparison
    return {**found, **_adjusted(sums)}


def _adjusted(comparisons: Mapping[Place, Comparison]) -> dict[Place, Comparison]:
    """One family of tests after Holm's correction, each direction by itself."""
    within = holm([found.p_non_inferior for found in comparisons.values()])
    beyond = holm([found.p_inferior for found in comparisons.values()])
    return {
        place: found.model_copy(
            update={
                "adjusted_p_non_inferior": within[rank],
                "adjusted_p_inferior": beyond[rank],
                "tests": len(comparisons),
            }
        )
        for rank, (place, found) in enumerate(comparisons.items())
    }
