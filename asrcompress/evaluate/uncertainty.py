"""Every interval and comparison of a matrix, all from the same resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asrcompress.core.comparison import Comparison, Interaction, Interval, Mapsswe
from asrcompress.core.evaluation import Evaluation
from asrcompress.evaluate.holm import holm
from asrcompress.evaluate.interaction import (
    InteractionSample,
    interaction_of,
    interaction_sample,
)
from asrcompress.evaluate.intervals import comparison_of, rate_interval, rate_sample
from asrcompress.evaluate.mapsswe import Aligner, mapsswe_of
from asrcompress.evaluate.margins import Margin
from asrcompress.evaluate.matrix import Cell, Matrix, Statistics
from asrcompress.evaluate.pairs import Pairs, paired, pooled
from asrcompress.evaluate.resampling import RateSample, resample
from asrcompress.evaluate.tails import Resampled

Place = tuple[str, str | Margin]  # an artefact, and a condition or a margin


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The intervals of all cells and margins, and the comparisons of those with a baseline."""

    intervals: Mapping[Place, Interval | None]
    comparisons: Mapping[Place, Comparison]


def uncertainty_of(
    matrix: Matrix, margins: Sequence[Margin], statistics: Statistics
) -> Uncertainty:
    """All blocks are resampled once: one matrix product gives every sum that is needed.

    Holm's correction is over the cells, each direction by itself, and over the margins likewise:
    these sum up what the cells have tested and are a family of their own. A margin that is one
    whole cell has that cell's comparison, so that one number never has two verdicts.

    Raises:
        InputError: a cell and its baseline are on different utterances.
    """
    artefacts = dict.fromkeys(name for name, _ in matrix.cells)
    places: list[Place] = [*matrix.cells, *((name, one) for name in artefacts for one in margins)]
    pairs = {place: found for place in places if (found := _pairs(matrix, place)) is not None}
    samples = _interaction_samples(matrix, pairs)
    whole = {place: rate_sample(list(evaluations_at(matrix, place).values())) for place in places}
    rates, losses, beyond = _resampled(
        whole,
        {place: found.sample for place, found in pairs.items()},
        {place: found.sample for place, found in samples.items()},
        statistics=statistics,
    )
    comparisons = {
        place: comparison_of(pairs[place].changes, found, statistics.bootstrap, name)
        for place, found in losses.items()
        if found is not None and (name := matrix.baseline_of(place[0])) is not None
    }
    interactions = {
        place: interaction_of(found, samples[place].changes, matrix.reference)
        for place, found in beyond.items()
    }
    return Uncertainty(
        intervals={place: rate_interval(found, whole[place]) for place, found in rates.items()},
        comparisons=_with_margins(_of_cells(matrix, comparisons, interactions), comparisons),
    )


def evaluations_at(matrix: Matrix, place: Place) -> dict[str, Evaluation]:
    """The evaluations of a cell or a margin by condition."""
    name, where = place
    if isinstance(where, Margin):
        return where.evaluations(matrix, name)
    return {where: matrix.evaluations[name, where]} if (name, where) in matrix.evaluations else {}


def _pairs(matrix: Matrix, place: Place) -> Pairs | None:
    """None for a baseline, and where the baseline lacks one of the conditions."""
    baseline = matrix.baseline_of(place[0])
    if baseline is None:
        return None
    mine, theirs = evaluations_at(matrix, place), evaluations_at(matrix, (baseline, place[1]))
    if not mine or set(mine) != set(theirs):
        return None
    return pooled([paired(evaluation, theirs[name]) for name, evaluation in mine.items()])


def _interaction_samples(
    matrix: Matrix, pairs: Mapping[Place, Pairs]
) -> dict[Place, InteractionSample]:
    """For every cell beside the reference condition whose artefact has that too."""
    return {
        (name, where): interaction_sample(found, pairs[name, matrix.reference])
        for (name, where), found in pairs.items()
        if not isinstance(where, Margin)
        and matrix.reference not in (None, where)
        and (name, matrix.reference) in pairs
    }


def _resampled(
    *groups: Mapping[Place, RateSample], statistics: Statistics
) -> list[dict[Place, Resampled | None]]:
    """The samples of each group, resampled together."""
    every = [sample for group in groups for sample in group.values()]
    found = iter(resample(every, seed=statistics.seed, replicates=statistics.replicates))
    return [{place: next(found) for place in group} for group in groups]


def _of_cells(
    matrix: Matrix,
    comparisons: Mapping[Place, Comparison],
    interactions: Mapping[Place, Interaction | None],
) -> dict[Place, Comparison]:
    """The cells' comparisons with adjusted p-values, interaction and segment test."""
    cells = [cell for cell in matrix.cells if cell in comparisons]
    tests = _segment_tests(matrix, cells)
    adjusted = _adjusted({cell: comparisons[cell] for cell in cells})
    return {
        cell: adjusted[cell].model_copy(
            update={"mapsswe": tests[cell], "interaction": interactions.get(cell)}
        )
        for cell in cells
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


def _segment_tests(matrix: Matrix, cells: Sequence[Cell]) -> dict[Cell, Mapsswe | None]:
    """The segment test of every cell; each evaluation is aligned once."""
    baselines = {cell: (str(matrix.baseline_of(cell[0])), cell[1]) for cell in cells}
    needed = dict.fromkeys([*cells, *baselines.values()])
    aligner = Aligner(matrix.normaliser)
    places = {cell: aligner.places(matrix.evaluations[cell]) for cell in needed}
    return {cell: mapsswe_of(places[cell], places[baselines[cell]]) for cell in cells}
