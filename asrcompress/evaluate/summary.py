"""From evaluations to results: every cell's counts, interval, comparison and subgroups."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.error_table import ErrorTable
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.provenance import versions
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    MarginResult,
    Results,
)
from asrcompress.evaluate.margins import Margin, margins_of
from asrcompress.evaluate.matrix import ArtefactNote, Cell, Matrix, Statistics
from asrcompress.evaluate.notes import notes_of
from asrcompress.evaluate.survey import CellFacts, Heed, Survey, error_table, survey
from asrcompress.evaluate.tally import Sums
from asrcompress.evaluate.uncertainty import Uncertainty, tallies_at, uncertainty_of

__all__ = ["ArtefactNote", "Matrix", "Statistics", "clean_condition", "sum_up", "summarise"]

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a matrix comes to: the results, and what compression broke in each cell."""

    results: Results
    errors: ErrorTable


def summarise(matrix: Matrix, statistics: Statistics | None = None) -> Results:
    """The results of a matrix; the same input always gives the same results.

    Raises:
        InputError: evaluations with different normalisers, a baseline that is no artefact, or a
            cell and its baseline on different utterances.
    """
    return sum_up(matrix, statistics).results


def sum_up(
    matrix: Matrix, statistics: Statistics | None = None, *, heed: Heed | None = None
) -> Summary:
    """Results and errors of a matrix, each of its evaluations looked at once.

    heed: is shown every evaluation too.

    Raises:
        InputError: as `summarise`.
    """
    statistics = statistics or Statistics()
    check_baselines(matrix)
    found = survey(matrix, statistics.by, heed=heed)
    cells = [cell for cell in matrix.cells if cell in found.facts]
    margins = margins_of(matrix.conditions, _noise_types(found))
    uncertainty = uncertainty_of(matrix, found, margins, statistics)
    first: dict[str, CellFacts] = {}
    for cell in cells:
        first.setdefault(cell[0], found.facts[cell])
    results = (_margin(found, (name, one), uncertainty) for name in first for one in margins)
    summed = Results(
        title=matrix.title,
        normaliser=next(iter(found.facts.values())).tally.normaliser,
        seed=statistics.seed,
        artefacts=tuple(_artefact(matrix, name, facts) for name, facts in first.items()),
        conditions=matrix.conditions,
        cells=tuple(_cell(found, cell, uncertainty) for cell in cells),
        margins=tuple(margin for margin in results if margin is not None),
        notes=(*matrix.notes, *notes_of(matrix, found.facts, found.rolls, statistics.margin)),
        versions=versions(),
    )
    return Summary(summed, error_table(found, matrix))


def clean_condition(evaluation: Evaluation, name: str = CLEAN) -> ConditionResult:
    """The condition of a corpus as it is, as an evaluation met it."""
    return ConditionResult(
        name=name,
        corpus=evaluation.corpus,
        corpus_sha256=evaluation.corpus_sha256,
        utterances=len(evaluation.utterances),
        audio_s=None if evaluation.audio_s is None else round(evaluation.audio_s, 6),
    )


def check_baselines(matrix: Matrix) -> None:
    """Make sure that every baseline is an artefact of the matrix.

    Raises:
        InputError: one is not.
    """
    for name in matrix.artefacts:
        baseline = matrix.baseline_of(name)
        if baseline is not None and baseline not in matrix.artefacts:
            raise InputError("no such baseline among the artefacts", where=name, got=baseline)


def _noise_types(found: Survey) -> dict[str, set[str]]:
    """The types of noise that utterances met, by condition."""
    met: dict[str, set[str]] = {}
    for (_, condition), facts in found.facts.items():
        met.setdefault(condition, set()).update(facts.tally.with_noise)
    return met


def _artefact(matrix: Matrix, name: str, facts: CellFacts) -> ArtefactResult:
    note = matrix.artefacts[name]
    return ArtefactResult(
        name=name,
        model=facts.model,
        compression=note.compression,
        methods=note.methods,
        baseline=matrix.baseline_of(name),
        sha256=facts.model_sha256,
        sizes=facts.sizes,
        sparsity=note.sparsity,
        decoding=facts.decoding,
    )


def _cell(found: Survey, cell: Cell, uncertainty: Uncertainty) -> CellResult:
    facts = found.facts[cell]
    sums = facts.tally.sums
    return CellResult(
        artefact=cell[0],
        condition=cell[1],
        utterances=sums.utterances,
        words=sums.words,
        chars=sums.chars,
        wer_interval=uncertainty.intervals[cell],
        comparison=uncertainty.comparisons.get(cell),
        groups=facts.groups,
    )


def _margin(
    found: Survey, place: tuple[str, Margin], uncertainty: Uncertainty
) -> MarginResult | None:
    """None where the artefact has no utterance in it."""
    name, margin = place
    sums = {
        condition: tally.sums
        for condition, tally in tallies_at(found, place).items()
        if tally.sums.utterances
    }
    if not sums:
        return None
    total = Sums.total(sums.values())
    return MarginResult(
        artefact=name,
        by=margin.by,
        value=margin.value,
        conditions=tuple(sums),
        utterances=total.utterances,
        words=total.words,
        chars=total.chars,
        wer_interval=uncertainty.intervals[place],
        comparison=uncertainty.comparisons.get(place),
    )
