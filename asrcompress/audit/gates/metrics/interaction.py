"""What compression costs more under a condition than in clean, at most so much."""

from __future__ import annotations

from typing import ClassVar, Literal

from asrcompress.audit.gates.evidence import CellEvidence
from asrcompress.audit.gates.figures import points, points_range, shortest
from asrcompress.audit.gates.judgement import Hold, Judgement, at_most, interval_at_most, missing
from asrcompress.audit.gates.rule import CellRule, Fraction
from asrcompress.core.comparison import Interaction
from asrcompress.core.evaluation import Evaluation


class Rule(CellRule):
    """max: of dWER here minus dWER in clean, as a fraction of words."""

    needs_baseline: ClassVar[bool] = True
    is_beside_clean: ClassVar[bool] = True

    metric: Literal["interaction"]
    max: Fraction
    hold: Literal["interval", "estimate"] = "interval"

    @property
    def words(self) -> str:
        return f"dWER above clean's by at most {shortest(100 * self.max)} points"

    def judge_cell(self, evidence: CellEvidence) -> Judgement:
        found = _interaction(evidence)
        if found is None:
            return missing("no comparison here and in clean to set beside each other")
        value = found.delta_wer
        if self.hold == Hold.ESTIMATE.value:
            return at_most(value, self.max, f"{points(value)} above {found.reference}'s")
        words = f"{points(value)} above {found.reference}'s ({points_range(found.interval)})"
        return interval_at_most(value, found.interval, self.max, words)


def _interaction(evidence: CellEvidence) -> Interaction | None:
    """As in the results; of a subgroup, from the same resamples as they would have."""
    if evidence.group is None:
        comparison = evidence.result.comparison
        return None if comparison is None else comparison.interaction
    here, clean = evidence.sides, evidence.reference
    if here is None or here.baseline is None or clean is None or clean.baseline is None:
        return None
    from asrcompress.evaluate.interaction import interaction_of, interaction_sample
    from asrcompress.evaluate.pairs import Pairs, paired
    from asrcompress.evaluate.resampling import resample
    from asrcompress.evaluate.roll import Rolls
    from asrcompress.evaluate.tally import tally_of

    rolls = Rolls()

    def loss(evaluation: Evaluation, baseline: Evaluation) -> Pairs:
        return paired(tally_of(evaluation, rolls), tally_of(baseline, rolls))

    sample = interaction_sample(
        loss(here.evaluation, here.baseline), loss(clean.evaluation, clean.baseline), rolls
    )
    (found,) = resample([sample.sample], seed=evidence.seed, replicates=evidence.replicates)
    return interaction_of(found, sample.changes, evidence.reference_name)
