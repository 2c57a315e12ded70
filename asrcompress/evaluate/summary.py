"""From evaluations to results: every cell's counts, interval, comparison and subgroups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asrcompress.core.comparison import Comparison
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.provenance import versions
from asrcompress.core.results import ArtefactResult, CellResult, ConditionResult, Results
from asrcompress.evaluate.groups import groups_of
from asrcompress.evaluate.intervals import (
    FEW_BLOCKS,
    MARGIN,
    REPLICATES,
    blocks_of,
    compare,
    wer_interval,
)
from asrcompress.evaluate.score import NO_REFERENCE

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class ArtefactNote:
    """What an evaluation does not know of its model.

    compression: fp32, int8, ... baseline: the artefact to compare with, in place of the
    summary's; None for none.
    """

    compression: str = "fp32"
    sparsity: float | None = None
    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """How uncertainty and subgroups are computed; margin in absolute WER."""

    seed: int = 0
    margin: float = MARGIN
    replicates: int = REPLICATES
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """The evaluations of a run by (artefact name, condition name), and what describes them.

    artefacts and conditions give the order of the results; a cell without an evaluation is
    missing in them. baseline: the artefact that the others are compared with, under the same
    condition.
    """

    title: str
    artefacts: Mapping[str, ArtefactNote]
    conditions: tuple[ConditionResult, ...]
    evaluations: Mapping[tuple[str, str], Evaluation]
    baseline: str | None = None
    notes: tuple[str, ...] = ()

    def baseline_of(self, artefact: str) -> str | None:
        """The artefact that this one is compared with; None for a baseline itself."""
        baseline = self.artefacts[artefact].baseline or self.baseline
        return None if baseline == artefact else baseline


def summarise(matrix: Matrix, statistics: Statistics | None = None) -> Results:
    """The results of a matrix; the same input always gives the same results.

    Raises:
        InputError: evaluations with different normalisers, a baseline that is no artefact, or a
            cell and its baseline on different utterances.
    """
    statistics = statistics or Statistics()
    names = [name for name in matrix.artefacts if _of_artefact(matrix, name)]
    _check(matrix)
    cells = tuple(
        _cell(matrix, (artefact, condition.name), statistics)
        for artefact in names
        for condition in matrix.conditions
        if (artefact, condition.name) in matrix.evaluations
    )
    return Results(
        title=matrix.title,
        normaliser=next(iter(matrix.evaluations.values())).normaliser,
        seed=statistics.seed,
        artefacts=tuple(_artefact(matrix, name) for name in names),
        conditions=matrix.conditions,
        cells=cells,
        notes=(*matrix.notes, *_notes(matrix)),
        versions=versions(),
    )


def clean_condition(evaluation: Evaluation, name: str = CLEAN) -> ConditionResult:
    """The condition of a corpus as it is, as an evaluation met it."""
    return ConditionResult(
        name=name,
        corpus=evaluation.corpus,
        corpus_sha256=evaluation.corpus_sha256,
        utterances=len(evaluation.utterances),
        audio_s=round(evaluation.audio_s, 6),
    )


def _check(matrix: Matrix) -> None:
    normalisers = sorted({evaluation.normaliser for evaluation in matrix.evaluations.values()})
    if len(normalisers) != 1:
        raise InputError(
            "evaluations to sum up need one normaliser", got=", ".join(normalisers) or "none"
        )
    for name in matrix.artefacts:
        baseline = matrix.baseline_of(name)
        if baseline is not None and baseline not in matrix.artefacts:
            raise InputError("no such baseline among the artefacts", where=name, got=baseline)


def _of_artefact(matrix: Matrix, name: str) -> list[Evaluation]:
    cells = ((name, condition.name) for condition in matrix.conditions)
    return [matrix.evaluations[cell] for cell in cells if cell in matrix.evaluations]


def _artefact(matrix: Matrix, name: str) -> ArtefactResult:
    evaluation = _of_artefact(matrix, name)[0]
    note = matrix.artefacts[name]
    return ArtefactResult(
        name=name,
        model=evaluation.model,
        compression=note.compression,
        baseline=matrix.baseline_of(name),
        sha256=evaluation.model_sha256,
        sizes=evaluation.sizes,
        sparsity=note.sparsity,
        decoding=evaluation.decoding,
    )


def _cell(matrix: Matrix, cell: tuple[str, str], statistics: Statistics) -> CellResult:
    evaluation = matrix.evaluations[cell]
    return CellResult(
        artefact=cell[0],
        condition=cell[1],
        utterances=len(evaluation.utterances),
        words=evaluation.words,
        chars=evaluation.chars,
        wer_interval=wer_interval(
            evaluation, seed=statistics.seed, replicates=statistics.replicates
        ),
        comparison=_comparison(matrix, cell, statistics),
        groups=groups_of(evaluation, statistics.by),
    )


def _comparison(matrix: Matrix, cell: tuple[str, str], statistics: Statistics) -> Comparison | None:
    """Against the baseline under the same condition, named as the results name it."""
    name, condition = matrix.baseline_of(cell[0]), cell[1]
    if name is None or (name, condition) not in matrix.evaluations:
        return None
    found = compare(
        matrix.evaluations[cell],
        matrix.evaluations[name, condition],
        margin=statistics.margin,
        seed=statistics.seed,
        replicates=statistics.replicates,
    )
    return None if found is None else found.model_copy(update={"baseline": name})


def _notes(matrix: Matrix) -> Iterator[str]:
    """What a reader of the numbers has to know: what was left out, and how sure they are."""
    yield from dict.fromkeys(_unscored_notes(matrix))
    yield from dict.fromkeys(
        note for evaluation in matrix.evaluations.values() for note in _block_notes(evaluation)
    )


def _unscored_notes(matrix: Matrix) -> Iterator[str]:
    for (_, condition), evaluation in matrix.evaluations.items():
        silent = sum(why == NO_REFERENCE for why in evaluation.unscored.values())
        unreadable = len(evaluation.unscored) - silent
        if silent:
            utterances = _count(silent, "utterance")
            yield f"Not scored under {condition}: {utterances} without a reference."
        if unreadable:
            files = _count(unreadable, "audio file")
            yield f"Not scored under {condition}: {files} that could not be read."


def _block_notes(evaluation: Evaluation) -> Iterator[str]:
    blocks = blocks_of(evaluation.utterances)
    if evaluation.words.n == 0:
        yield "No reference words: the word error rate is undefined."
    elif blocks.count < 2:
        yield "One utterance only: no interval and no verdict."
    elif blocks.count < FEW_BLOCKS:
        yield f"Intervals resample {blocks.count} {blocks.of}s only and may be too narrow."
    else:
        yield f"Intervals resample {blocks.count} {blocks.of}s."


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
