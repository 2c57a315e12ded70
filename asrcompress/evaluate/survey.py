"""One visit to every evaluation of a matrix, and what it leaves behind: counts, few texts.

Evaluations may be read from a disk one by one. A visit keeps the counts that intervals are made
of and the worst errors, and lets the texts go, so a matrix may be larger than the memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from asrcompress.core.comparison import Mapsswe
from asrcompress.core.cost import Sizes
from asrcompress.core.error_table import CellErrors, ErrorTable
from asrcompress.core.evaluation import Decoding, Evaluation
from asrcompress.core.results import GroupResult
from asrcompress.evaluate.error_analysis import MOST, Compared, errors_in
from asrcompress.evaluate.groups import groups_of
from asrcompress.evaluate.mapsswe import Aligner, ErrorPlaces, mapsswe_of
from asrcompress.evaluate.matrix import Cell, Matrix
from asrcompress.evaluate.pairs import paired
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.score import NO_HYPOTHESIS, NO_REFERENCE
from asrcompress.evaluate.tally import Tally, tally_of

Heed = Callable[[Cell, Evaluation], None]


class Unscored(NamedTuple):
    """How many utterances have no score, by the reason."""

    without_reference: int
    without_hypothesis: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What results say of an evaluation beside its uncertainty."""

    model: str
    model_sha256: str
    sizes: Sizes
    decoding: Decoding
    tally: Tally
    groups: tuple[GroupResult, ...]
    unscored: Unscored


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in every cell that has an evaluation, in the order of the matrix's.

    errors, segment_tests: of the cells whose baseline was there too.
    """

    facts: Mapping[Cell, CellFacts]
    segment_tests: Mapping[Cell, Mapsswe | None]
    errors: Mapping[Cell, CellErrors]
    rolls: Rolls


def survey(
    matrix: Matrix, by: tuple[str, ...] = (), *, most: int = MOST, heed: Heed | None = None
) -> Survey:
    """Visit every evaluation once, condition by condition.

    by: the columns to break down by; none for those worth it. most: errors that are kept of each
    cell. heed: is shown every evaluation too, to write it down, say. A cell whose evaluation is
    None when it is asked for is left out as a missing one.

    Raises:
        InputError: evaluations with different normalisers, none at all, or a cell and its
            baseline on different utterances.
    """
    visits = _Visits(matrix, by, most, heed)
    for condition in matrix.conditions:
        visits.go_through(condition.name)
    if not visits.facts:
        visits.refuse_normalisers()
    listed = [cell for cell in matrix.evaluations if cell in visits.facts]
    return Survey(
        {cell: visits.facts[cell] for cell in listed},
        visits.segment_tests,
        visits.errors,
        visits.rolls,
    )


def facts_of(evaluation: Evaluation, rolls: Rolls, by: tuple[str, ...] = ()) -> CellFacts:
    """The facts of one evaluation."""
    reasons = Counter(evaluation.unscored.values())
    silent, missing = reasons[NO_REFERENCE], reasons[NO_HYPOTHESIS]
    return CellFacts(
        model=evaluation.model,
        model_sha256=evaluation.model_sha256,
        sizes=evaluation.sizes,
        decoding=evaluation.decoding,
        tally=tally_of(evaluation, rolls),
        groups=groups_of(evaluation, by),
        unscored=Unscored(silent, missing, reasons.total() - silent - missing),
    )


def errors_of(matrix: Matrix, *, most: int = MOST) -> ErrorTable:
    """The errors that compression added, for every cell with its baseline under its condition.

    Lists hold `most` entries; ties are ordered by length and id, or by the words, so the same
    matrix always gives the same table.

    Raises:
        InputError: a cell and its baseline are not of the same utterances, or the normaliser is
            none of this program's.
    """
    return error_table(survey(matrix, most=most), matrix)


def error_table(found: Survey, matrix: Matrix) -> ErrorTable:
    """The errors in the results' order of cells."""
    return ErrorTable(
        cells=tuple(found.errors[cell] for cell in matrix.cells if cell in found.errors)
    )


class _Side(NamedTuple):
    """An evaluation as those that are compared with it need it."""

    tally: Tally
    places: ErrorPlaces
    confusions: Counter[tuple[str | None, str | None]]


@dataclass(slots=True)
class _Visits:
    """The visits so far. Baselines are held while a cell under their condition waits for them."""

    matrix: Matrix
    by: tuple[str, ...]
    most: int
    heed: Heed | None
    rolls: Rolls = field(default_factory=Rolls)
    facts: dict[Cell, CellFacts] = field(default_factory=dict)
    segment_tests: dict[Cell, Mapsswe | None] = field(default_factory=dict)
    errors: dict[Cell, CellErrors] = field(default_factory=dict)
    _aligner: Aligner | None = None

    def go_through(self, condition: str) -> None:
        """All artefacts under a condition, each baseline before what is compared with it."""
        waiting = Counter(
            baseline
            for name in self.matrix.artefacts
            if (baseline := self.matrix.baseline_of(name)) is not None
        )
        held: dict[str, _Side | None] = {}
        for name in self._baselines_first():
            baseline = self.matrix.baseline_of(name)
            side = self._visit((name, condition), held.get(baseline) if baseline else None)
            if waiting[name]:
                held[name] = side
            if baseline is not None:
                waiting[baseline] -= 1
                if not waiting[baseline]:
                    held.pop(baseline, None)

    def _baselines_first(self) -> list[str]:
        """The artefacts in their order, each after its baseline wherever that can be."""
        order: dict[str, None] = {}
        for name in self.matrix.artefacts:
            line = [name]
            while (before := self.matrix.baseline_of(line[-1])) in self.matrix.artefacts:
                if before in line or before in order:
                    break
                line.append(str(before))
            order.update(dict.fromkeys(reversed(line)))
        return list(order)

    def _visit(self, cell: Cell, before: _Side | None) -> _Side | None:
        """None where there is no evaluation."""
        evaluation = self.matrix.evaluations.get(cell)
        if evaluation is None:
            return None
        aligner = self._aligner_of(evaluation)
        self.facts[cell] = found = facts_of(evaluation, self.rolls, self.by)
        if self.heed is not None:
            self.heed(cell, evaluation)
        if before is not None:
            paired(found.tally, before.tally)
        aligned = aligner.aligned(evaluation)
        side = _Side(found.tally, aligned.places(), aligned.confusions())
        if before is not None:
            self.segment_tests[cell] = mapsswe_of(side.places, before.places)
            self.errors[cell] = self._errors(cell, evaluation, side, before)
        return side

    def _errors(self, cell: Cell, evaluation: Evaluation, side: _Side, before: _Side) -> CellErrors:
        roll = before.tally.roll
        wrong = {roll.ids[place] for place in before.tally.errors.nonzero()[0].tolist()}
        compared = Compared(
            *cell, str(self.matrix.baseline_of(cell[0])), wrong, before.confusions, side.confusions
        )
        return errors_in(evaluation, compared, self._aligner_of(evaluation).normalise, self.most)

    def _aligner_of(self, evaluation: Evaluation) -> Aligner:
        """The one aligner: all evaluations have the same normaliser."""
        if self._aligner is None:
            self._aligner = Aligner(evaluation.normaliser)
        if self._aligner.normaliser != evaluation.normaliser:
            self.refuse_normalisers()
        return self._aligner

    def refuse_normalisers(self) -> None:
        """Name those that there are."""
        self.matrix.normaliser  # noqa: B018 - it raises the error
