"""What rules look at: an artefact with its costs, a cell or a subgroup of it with its counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asrcompress.audit.gates.baseline import Baseline
from asrcompress.audit.gates.judgement import Pending
from asrcompress.core.cost import Cost, Sizes
from asrcompress.core.evaluation import ErrorCounts, Evaluation, UtteranceScore
from asrcompress.core.findings import Findings
from asrcompress.core.results import ArtefactResult, CellResult
from asrcompress.core.speed import Speed

Evaluations = Mapping[tuple[str, str], Evaluation]
Group = tuple[str, str]  # a column and a value of it


@dataclass(frozen=True, slots=True)
class ArtefactEvidence:
    """One artefact: its sizes and what was measured of it and of its baseline.

    committed: the figures of an accepted run; None where the rules name none.
    """

    found: Findings
    artefact: ArtefactResult
    committed: Baseline | None = None

    @property
    def sizes(self) -> Sizes:
        return self.artefact.sizes

    @property
    def baseline_sizes(self) -> Sizes | None:
        """None where there is no baseline."""
        rows = self.found.results.artefacts
        return next((row.sizes for row in rows if row.name == self.artefact.baseline), None)

    @property
    def cost(self) -> Cost | None:
        """As speed.json has it where speeds were measured, else as cost.json has it."""
        return cost_of(self.found, self.artefact.name)

    @property
    def baseline_cost(self) -> Cost | None:
        baseline = self.artefact.baseline
        return None if baseline is None else cost_of(self.found, baseline)

    @property
    def speeds(self) -> tuple[Speed | None, Speed | None]:
        """What the interleaved run measured, of the artefact and of its baseline."""
        table = self.found.speed
        if table is None:
            return None, None
        return table.speeds.get(self.artefact.name), table.speeds.get(self.artefact.baseline or "")


def cost_of(found: Findings, artefact: str) -> Cost | None:
    """An artefact's cost: from the interleaved run of speed.json where there is one."""
    from asrcompress.evaluate import cost_of as cost_of_speed

    speed = None if found.speed is None else found.speed.speeds.get(artefact)
    if speed is not None and speed.throughputs:
        return cost_of_speed(speed)
    return found.costs.costs.get(artefact)


def rtfx_ratio(found: Findings, artefact: ArtefactResult) -> float | None:
    """How many times as fast as its baseline an artefact is; None where it is not known."""
    if artefact.baseline is None:
        return None
    mine, theirs = cost_of(found, artefact.name), cost_of(found, artefact.baseline)
    if mine is None or theirs is None or not mine.rtfx or not theirs.rtfx:
        return None
    return mine.rtfx / theirs.rtfx


@dataclass(frozen=True, slots=True)
class Sides:
    """An artefact's utterances under a condition, and its baseline's of the same recordings."""

    evaluation: Evaluation
    baseline: Evaluation | None

    def only(self, group: Group | None) -> Sides:
        """Those of a subgroup."""
        if group is None:
            return self
        kept = None if self.baseline is None else of_group(self.baseline, group)
        return Sides(of_group(self.evaluation, group), kept)


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """One artefact under one condition, or a subgroup there.

    sides: the utterances here, of the subgroup alone; reference: all those under the clean
    condition. None where no rule needs more than the results.
    """

    found: Findings
    artefact: ArtefactResult
    result: CellResult
    group: Group | None = None
    sides: Sides | None = None
    reference: Sides | None = None
    committed: Baseline | None = None

    @property
    def words(self) -> ErrorCounts:
        return self.result.words if self.group is None else self.evaluation.words

    @property
    def chars(self) -> ErrorCounts:
        return self.result.chars if self.group is None else self.evaluation.chars

    @property
    def evaluation(self) -> Evaluation:
        """The utterances here."""
        if self.sides is None:
            raise ValueError("a rule without the utterances that it needs")
        return self.sides.evaluation

    @property
    def reference_name(self) -> str | None:
        """The clean condition: the only one without steps."""
        return clean_of(self.found)

    @property
    def seed(self) -> int:
        return self.found.results.seed

    @property
    def replicates(self) -> int:
        """As the results' own comparisons have them."""
        return replicates_of(self.found)


def clean_of(found: Findings) -> str | None:
    """The only condition without steps; None where there is none or several."""
    clean = [row.name for row in found.results.conditions if not row.steps]
    return clean[0] if len(clean) == 1 else None


def replicates_of(found: Findings) -> int:
    """The bootstrap replicates of the results' comparisons; the default where there is none."""
    from asrcompress.evaluate.intervals import REPLICATES

    comparisons = (cell.comparison for cell in found.results.cells)
    return next((one.replicates for one in comparisons if one is not None), REPLICATES)


def loss_to(before: Evaluation, evidence: CellEvidence, what: str, margin: float) -> Pending:
    """The artefact here against another model's evaluation, compared as whole cells are.

    Raises:
        InputError: the two are not of the same utterances and normaliser.
    """
    from asrcompress.evaluate.pairs import paired
    from asrcompress.evaluate.roll import Rolls
    from asrcompress.evaluate.tally import tally_of

    rolls = Rolls()
    pairs = paired(tally_of(evidence.evaluation, rolls), tally_of(before, rolls))
    return Pending(what, margin, pairs.sample(rolls), pairs.changes)


def of_group(evaluation: Evaluation, group: Group) -> Evaluation:
    """The utterances of a subgroup alone."""
    column, value = group
    kept = tuple(row for row in evaluation.utterances if value_of(row, column) == value)
    return evaluation.model_copy(update={"utterances": kept})


def value_of(row: UtteranceScore, column: str) -> str:
    """A subgroup's value as results name it."""
    from asrcompress.evaluate.groups import NO_VALUE, SPEAKER

    value = row.speaker if column == SPEAKER else row.fields.get(column)
    return NO_VALUE if value is None or value == "" else str(value)


def has_column(evaluation: Evaluation, column: str) -> bool:
    """Whether any utterance has the column."""
    from asrcompress.evaluate.groups import SPEAKER

    if column == SPEAKER:
        return any(row.speaker is not None for row in evaluation.utterances)
    return any(column in row.fields for row in evaluation.utterances)
