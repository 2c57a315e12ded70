"""From evaluations to results: every cell's counts, interval, comparison and subgroups."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts, Evaluation
from asrcompress.core.provenance import versions
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    MarginResult,
    Results,
)
from asrcompress.evaluate.blocks import blocks_of
from asrcompress.evaluate.groups import groups_of
from asrcompress.evaluate.intervals import FEW_BLOCKS
from asrcompress.evaluate.margins import Margin, margins_of
from asrcompress.evaluate.matrix import ArtefactNote, Cell, Matrix, Statistics
from asrcompress.evaluate.score import NO_HYPOTHESIS, NO_REFERENCE
from asrcompress.evaluate.tails import LEVEL
from asrcompress.evaluate.uncertainty import Uncertainty, evaluations_at, uncertainty_of

__all__ = ["ArtefactNote", "Matrix", "Statistics", "clean_condition", "notes_of", "summarise"]

CLEAN = "clean"


def summarise(matrix: Matrix, statistics: Statistics | None = None) -> Results:
    """The results of a matrix; the same input always gives the same results.

    Raises:
        InputError: evaluations with different normalisers, a baseline that is no artefact, or a
            cell and its baseline on different utterances.
    """
    statistics = statistics or Statistics()
    normaliser = matrix.normaliser
    _check_baselines(matrix)
    margins = margins_of(matrix)
    uncertainty = uncertainty_of(matrix, margins, statistics)
    names = dict.fromkeys(name for name, _ in matrix.cells)
    results = (_margin(matrix, (name, one), uncertainty) for name in names for one in margins)
    return Results(
        title=matrix.title,
        normaliser=normaliser,
        seed=statistics.seed,
        artefacts=tuple(_artefact(matrix, name) for name in names),
        conditions=matrix.conditions,
        cells=tuple(_cell(matrix, cell, uncertainty, statistics) for cell in matrix.cells),
        margins=tuple(margin for margin in results if margin is not None),
        notes=(*matrix.notes, *notes_of(matrix, statistics.margin)),
        versions=versions(),
    )


def clean_condition(evaluation: Evaluation, name: str = CLEAN) -> ConditionResult:
    """The condition of a corpus as it is, as an evaluation met it."""
    return ConditionResult(
        name=name,
        corpus=evaluation.corpus,
        corpus_sha256=evaluation.corpus_sha256,
        utterances=len(evaluation.utterances),
        audio_s=None if evaluation.audio_s is None else round(evaluation.audio_s, 6),
    )


def _check_baselines(matrix: Matrix) -> None:
    for name in matrix.artefacts:
        baseline = matrix.baseline_of(name)
        if baseline is not None and baseline not in matrix.artefacts:
            raise InputError("no such baseline among the artefacts", where=name, got=baseline)


def _artefact(matrix: Matrix, name: str) -> ArtefactResult:
    evaluation = next(matrix.evaluations[cell] for cell in matrix.cells if cell[0] == name)
    note = matrix.artefacts[name]
    return ArtefactResult(
        name=name,
        model=evaluation.model,
        compression=note.compression,
        methods=note.methods,
        baseline=matrix.baseline_of(name),
        sha256=evaluation.model_sha256,
        sizes=evaluation.sizes,
        sparsity=note.sparsity,
        decoding=evaluation.decoding,
    )


def _cell(
    matrix: Matrix, cell: Cell, uncertainty: Uncertainty, statistics: Statistics
) -> CellResult:
    evaluation = matrix.evaluations[cell]
    return CellResult(
        artefact=cell[0],
        condition=cell[1],
        utterances=len(evaluation.utterances),
        words=evaluation.words,
        chars=evaluation.chars,
        wer_interval=uncertainty.intervals[cell],
        comparison=uncertainty.comparisons.get(cell),
        groups=groups_of(evaluation, statistics.by),
    )


def _margin(
    matrix: Matrix, place: tuple[str, Margin], uncertainty: Uncertainty
) -> MarginResult | None:
    """None where the artefact has no utterance in it."""
    name, margin = place
    evaluations = evaluations_at(matrix, place)
    found = {name: one for name, one in evaluations.items() if one.utterances}
    if not found:
        return None
    return MarginResult(
        artefact=name,
        by=margin.by,
        value=margin.value,
        conditions=tuple(found),
        utterances=sum(len(one.utterances) for one in found.values()),
        words=ErrorCounts.total(one.words for one in found.values()),
        chars=ErrorCounts.total(one.chars for one in found.values()),
        wer_interval=uncertainty.intervals[place],
        comparison=uncertainty.comparisons.get(place),
    )


def notes_of(matrix: Matrix, margin: float) -> Iterator[str]:
    """What a reader of the numbers has to know: what was left out, and how sure they are."""
    yield from dict.fromkeys(_unscored_notes(matrix))
    yield from dict.fromkeys(
        note for evaluation in matrix.evaluations.values() for note in _block_notes(evaluation)
    )
    if any(matrix.baseline_of(name) for name, _ in matrix.cells):
        yield from _too_small_notes(matrix, margin)


def _unscored_notes(matrix: Matrix) -> Iterator[str]:
    for (_, condition), evaluation in matrix.evaluations.items():
        reasons = list(evaluation.unscored.values())
        silent, missing = reasons.count(NO_REFERENCE), reasons.count(NO_HYPOTHESIS)
        unreadable = len(reasons) - silent - missing
        if silent:
            utterances = _count(silent, "utterance")
            yield f"Not scored under {condition}: {utterances} without a reference."
        if missing:
            utterances = _count(missing, "utterance")
            yield f"Not scored under {condition}: {utterances} without a hypothesis."
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


def _too_small_notes(matrix: Matrix, margin: float) -> Iterator[str]:
    """Where even models without any difference could not be told from a loss of the margin.

    To see no change has a score of sqrt(words * margin / (1 - margin)) (see `sparse`); with Holm's
    correction one of m cells has to pass the tail of 1 / m of the level's.
    """
    from scipy.special import ndtri

    compared = [cell for cell in matrix.cells if matrix.baseline_of(cell[0]) is not None]
    counts = (matrix.evaluations[cell].words.n for cell in compared)
    words = min((count for count in counts if count), default=0)
    if not words or not margin:
        return
    score = float(ndtri((1 - LEVEL) / 2 / len(compared)))
    square = score * score
    enough = ceil(square * (1 - margin) / margin)
    if words < enough:
        yield (
            f"{words} words are few for a margin of {100 * margin:g} points of WER over "
            f"{_count(len(compared), 'cell')}: models without any difference can be told from a "
            f"loss of it from {enough} words on, or with a margin of "
            f"{100 * square / (words + square):.2g} points."
        )


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
