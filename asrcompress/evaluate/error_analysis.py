"""What compression broke: utterances that were right before, and words confused more often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from asrcompress.core.error_table import CellErrors, Confusion, ErrorTable, Flip
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.alignment import WordPair, aligned_words, confusions
from asrcompress.evaluate.matrix import Matrix
from asrcompress.evaluate.normalise import normaliser_for

MOST = 20
_Normalise = Callable[[str], str]


class _Compared(NamedTuple):
    """A cell's artefact and condition, and the artefact that it is compared with."""

    artefact: str
    condition: str
    baseline: str


def errors_of(matrix: Matrix, *, most: int = MOST) -> ErrorTable:
    """The errors that compression added, for every cell with its baseline under its condition.

    Lists hold `most` entries; ties are ordered by length and id, or by the words, so the same
    matrix always gives the same table.

    Raises:
        InputError: a cell and its baseline are not of the same utterances, or the normaliser is
            none of this program's.
    """
    compared = _compared(matrix)
    if not compared:
        return ErrorTable()
    # The same references come back in every cell, and much the same hypotheses.
    normalise = cache(normaliser_for(matrix.normaliser).apply)
    names = {(name, row.condition) for row in compared for name in (row.artefact, row.baseline)}
    confused = {cell: _confusions(matrix.evaluations[cell], normalise) for cell in names}
    cells = []
    for row in compared:
        sides = (row.artefact, row.condition), (row.baseline, row.condition)
        pairs = _paired(*(matrix.evaluations[side] for side in sides))
        added = _added(*(confused[side] for side in sides))
        cells.append(_cell(row, pairs, added, normalise, most))
    return ErrorTable(cells=tuple(cells))


def _cell(
    row: _Compared,
    pairs: Sequence[tuple[UtteranceScore, UtteranceScore]],
    added: Sequence[Confusion],
    normalise: _Normalise,
    most: int,
) -> CellErrors:
    flipped = [after for after, before in pairs if _wrong(after) and not _wrong(before)]
    return CellErrors(
        artefact=row.artefact,
        condition=row.condition,
        baseline=row.baseline,
        flips_total=len(flipped),
        recoveries_total=sum(_wrong(before) and not _wrong(after) for after, before in pairs),
        flips=tuple(_flip(one, normalise) for one in sorted(flipped, key=_badness)[:most]),
        confusions=tuple(added[:most]),
    )


def _compared(matrix: Matrix) -> list[_Compared]:
    """Every cell that has a baseline under its condition, in the results' order."""
    return [
        _Compared(artefact, condition.name, baseline)
        for artefact in matrix.artefacts
        if (baseline := matrix.baseline_of(artefact)) is not None
        for condition in matrix.conditions
        if (artefact, condition.name) in matrix.evaluations
        and (baseline, condition.name) in matrix.evaluations
    ]


def _paired(
    evaluation: Evaluation, baseline: Evaluation
) -> list[tuple[UtteranceScore, UtteranceScore]]:
    before = {row.id: row for row in baseline.utterances}
    if before.keys() != {row.id for row in evaluation.utterances}:
        raise InputError(
            "errors to compare are not of the same utterances",
            where=evaluation.corpus,
            next_step="evaluate both on the same corpus",
        )
    return [(row, before[row.id]) for row in evaluation.utterances]


def _wrong(row: UtteranceScore) -> bool:
    return row.words.errors > 0


def _badness(row: UtteranceScore) -> tuple[int, int, str]:
    """Sorts the worst first: most errors, then longest, then by id."""
    return -row.words.errors, -row.words.n, row.id


def _flip(row: UtteranceScore, normalise: _Normalise) -> Flip:
    return Flip(
        id=row.id,
        text=row.text,
        pred_text=row.pred_text,
        errors=row.words.errors,
        alignment=aligned_words(normalise(row.text), normalise(row.pred_text)),
    )


def _confusions(evaluation: Evaluation, normalise: _Normalise) -> Counter[WordPair]:
    """How often each pair of words was confused; utterances without an error have none."""
    wrong = [row for row in evaluation.utterances if _wrong(row)]
    return confusions(
        [normalise(row.text) for row in wrong], [normalise(row.pred_text) for row in wrong]
    )


def _added(counts: Mapping[WordPair, int], baseline: Mapping[WordPair, int]) -> list[Confusion]:
    """The pairs that are confused more often than with the baseline, largest increase first."""
    found = [
        Confusion(
            reference=pair[0],
            hypothesis=pair[1],
            count=count,
            baseline_count=baseline.get(pair, 0),
        )
        for pair, count in counts.items()
        if count > baseline.get(pair, 0)
    ]
    return sorted(
        found, key=lambda row: (-row.added, -row.count, row.reference or "", row.hypothesis or "")
    )
