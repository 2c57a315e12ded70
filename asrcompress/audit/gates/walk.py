"""The way through a matrix that asks for every evaluation once, and judges what rules are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from asrcompress.audit.gates.baseline import Baseline
from asrcompress.audit.gates.evidence import (
    ArtefactEvidence,
    CellEvidence,
    Evaluations,
    Sides,
    clean_of,
    has_column,
    replicates_of,
    value_of,
)
from asrcompress.audit.gates.judgement import Judgement, Pending, inconclusive, missing
from asrcompress.audit.gates.places import Expected, unmatched
from asrcompress.audit.gates.rule import CellRule, Rule
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import ArtefactResult, CellResult

_AT_ONCE = 256  # losses whose resamples are held in memory together: 60 MB of 10,000
Numbered = list[tuple[int, CellRule]]


@dataclass(frozen=True, slots=True)
class Checked:
    """A judgement, or one that is pending, with its rule's number and its place."""

    rule: int
    artefact: str
    judgement: Judgement | Pending
    condition: str | None = None
    field: str | None = None
    group: str | None = None


@dataclass(slots=True)
class Walk:
    """The judgements of all rules, from what was found."""

    found: Findings
    rules: Sequence[Rule]
    expected: Expected
    committed: Baseline | None = None
    _reference: dict[str, Sides] = field(default_factory=dict)
    _rows: dict[str, ArtefactResult] = field(init=False)
    _cells: dict[tuple[str, str], CellResult] = field(init=False)

    def __post_init__(self) -> None:
        results = self.found.results
        self._rows = {row.name: row for row in results.artefacts}
        self._cells = {(cell.artefact, cell.condition): cell for cell in results.cells}

    def in_order(self, checked: Sequence[Checked]) -> list[Checked]:
        """By the rules, each one's as the matrix has its artefacts and conditions."""
        artefacts = {name: place for place, name in enumerate(self.expected.artefacts)}
        conditions = {name: place for place, name in enumerate(self.expected.conditions)}
        return sorted(
            checked,
            key=lambda one: (
                one.rule,
                artefacts.get(one.artefact, -1),
                conditions.get(one.condition or "", -1),
            ),
        )

    def unmatched(self) -> Iterator[Checked]:
        """What rules name and the matrix does not have."""
        for number, rule in enumerate(self.rules):
            about = self.expected.artefacts_of(rule)
            patterns = unmatched(rule.artefacts, self.expected.artefacts)
            for pattern in patterns if about else (rule.artefacts or ["*"]):
                yield Checked(number, pattern, missing("no such artefact to hold it against"))
            if isinstance(rule, CellRule) and rule.is_of_cells:
                for name in about:
                    yield from self._unmatched_conditions(number, rule, name)

    def _unmatched_conditions(
        self, number: int, rule: CellRule, artefact: str
    ) -> Iterator[Checked]:
        patterns = unmatched(rule.conditions, self.expected.conditions)
        for pattern in patterns:
            yield Checked(number, artefact, missing("no such condition"), pattern)
        if not patterns and not self._conditions_of(rule):
            yield Checked(number, artefact, missing("no condition that it can be held under"))

    def _conditions_of(self, rule: CellRule) -> tuple[str, ...]:
        return self.expected.conditions_of(rule, clean_of(self.found))

    def artefacts(self) -> Iterator[Checked]:
        """What rules say of artefacts as a whole."""
        for number, rule in enumerate(self.rules):
            if rule.is_of_cells:
                continue
            for name in self.expected.artefacts_of(rule):
                for judgement in self._of_artefact(rule, self._rows.get(name)):
                    yield Checked(number, name, judgement)

    def _of_artefact(self, rule: Rule, row: ArtefactResult | None) -> Iterator[Judgement]:
        if row is None:
            yield missing("not in the results")
        else:
            yield from rule.judge_artefact(ArtefactEvidence(self.found, row, self.committed))

    def cells(self, evaluations: Evaluations) -> Iterator[Checked]:
        """What rules say of cells and their subgroups; the clean condition comes first."""
        rules = [
            (number, rule, set(self.expected.artefacts_of(rule)), set(self._conditions_of(rule)))
            for number, rule in enumerate(self.rules)
            if isinstance(rule, CellRule) and rule.is_of_cells
        ]
        clean = clean_of(self.found)
        keeps = any(rule.is_beside_clean and rule.by is not None for _, rule, *_ in rules)
        for condition in sorted(self.expected.conditions, key=lambda name: name != clean):
            baselines: dict[str, Evaluation | None] = {}
            here: list[Checked] = []
            for artefact in self.expected.artefacts:
                about = [
                    (number, rule)
                    for number, rule, artefacts, conditions in rules
                    if artefact in artefacts and condition in conditions
                ]
                is_kept = keeps and condition == clean
                needs = is_kept or any(rule.needs_sides or rule.by for _, rule in about)
                sides = (
                    self._sides(evaluations, (artefact, condition), baselines) if needs else None
                )
                if is_kept and sides is not None:
                    self._reference[artefact] = sides
                here += self._of_cell(about, artefact, condition, sides)
            yield from self._resampled(here)

    def _resampled(self, checked: Sequence[Checked]) -> Iterator[Checked]:
        """With what was pending: its recordings are drawn again once for many."""
        from asrcompress.evaluate.resampling import resample

        seed, replicates = self.found.results.seed, replicates_of(self.found)
        waiting = [
            (place, one.judgement)
            for place, one in enumerate(checked)
            if isinstance(one.judgement, Pending)
        ]
        judged: dict[int, Judgement] = {}
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            found = resample([one.sample for _, one in some], seed=seed, replicates=replicates)
            for (place, pending), values in zip(some, found, strict=True):
                judged[place] = pending.judged(values, seed, replicates)
        for place, one in enumerate(checked):
            yield replace(one, judgement=judged.get(place, one.judgement))

    def _sides(
        self,
        evaluations: Evaluations,
        cell: tuple[str, str],
        baselines: dict[str, Evaluation | None],
    ) -> Sides | None:
        """Both sides of a cell; a baseline is read once for all artefacts under a condition."""
        artefact, condition = cell
        names = set(self.expected.artefacts.values())
        mine = baselines[artefact] if artefact in baselines else evaluations.get(cell)
        if artefact in names:
            baselines[artefact] = mine
        baseline = self.expected.artefacts[artefact]
        if baseline is not None and baseline not in baselines:
            baselines[baseline] = evaluations.get((baseline, condition))
        if mine is None:
            return None
        return Sides(mine, None if baseline is None else baselines[baseline])

    def _of_cell(
        self, about: Numbered, artefact: str, condition: str, sides: Sides | None
    ) -> Iterator[Checked]:
        if not about:
            return
        result = self._cells.get((artefact, condition))
        row = self._rows.get(artefact)
        for number, rule in about:
            if result is None or row is None or (sides is None and (rule.needs_sides or rule.by)):
                judgement = missing("this cell is missing in the results")
                yield Checked(number, artefact, judgement, condition)
                continue
            for whole in self._evidence(rule, row, result, sides):
                yield Checked(number, artefact, *self._judged(rule, whole, condition))

    def _evidence(
        self, rule: CellRule, row: ArtefactResult, result: CellResult, sides: Sides | None
    ) -> Iterator[CellEvidence]:
        """The whole cell, or its subgroups."""
        reference = self._reference.get(row.name)
        if rule.by is None or sides is None:
            yield CellEvidence(self.found, row, result, None, sides, reference, self.committed)
            return
        column = rule.by
        every = {value_of(one, column) for one in sides.evaluation.utterances}
        known = sorted(every) if has_column(sides.evaluation, column) else []
        for value in rule.values or known or [""]:
            group = (column, value)
            yield CellEvidence(
                self.found,
                row,
                result,
                group,
                sides.only(group),
                reference,
                self.committed,
            )

    def _judged(
        self, rule: CellRule, evidence: CellEvidence, condition: str
    ) -> tuple[Judgement | Pending, str, str | None, str | None]:
        """The judgement with the rest of its place."""
        column, value = evidence.group or (None, None)
        if value is not None and not evidence.evaluation.utterances:
            if not value:
                return missing(f"no column {column}"), condition, None, None
            return missing(f"no utterance with {column} = {value}"), condition, column, value
        spoken = evidence.words.n
        if spoken < rule.min_words:
            few = f"{spoken} reference words, fewer than {rule.min_words}"
            return inconclusive(few), condition, column, value
        return rule.judge_cell(evidence), condition, column, value
