"""The losses and rates of every compared cell of a run, with the limits that they pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asrcompress.audit.gates.calibration.resampled import Bounded, Draws, least_margin
from asrcompress.audit.gates.evidence import Evaluations, replicates_of
from asrcompress.core.evaluation import Evaluation
from asrcompress.core.findings import Findings
from asrcompress.core.results import CellResult
from asrcompress.evaluate.pairs import paired
from asrcompress.evaluate.resampling import resample
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.tails import LEVEL
from asrcompress.evaluate.tally import rate_sample, tally_of


@dataclass(frozen=True, slots=True)
class Cells:
    """What a run says of its compared cells.

    untold: cells of which nothing can be said, in words: one block, no words.
    """

    losses: tuple[Bounded, ...]
    rates: tuple[Bounded, ...]
    untold: tuple[str, ...]


def draws_of(found: Findings) -> Draws:
    """As the results were resampled."""
    return Draws(found.results.seed, replicates_of(found))


def cells_of(found: Findings, evaluations: Evaluations) -> Cells:
    """The losses and rates of all compared cells, one condition after the other."""
    baselines = {row.name: row.baseline for row in found.results.artefacts}
    compared = [cell for cell in found.results.cells if cell.comparison is not None]
    conditions = [row.name for row in found.results.conditions]
    losses: list[Bounded] = []
    rates: list[Bounded] = []
    untold: list[str] = []
    for condition in conditions:
        read: dict[str, Evaluation] = {}
        for cell in (one for one in compared if one.condition == condition):
            baseline = str(baselines[cell.artefact])
            if baseline not in read:
                read[baseline] = evaluations[baseline, condition]
            mine = evaluations[cell.artefact, condition]
            loss = _loss(cell, (mine, read[baseline]), draws_of(found), len(compared))
            if loss is None:
                untold.append(f"{cell.artefact} under {condition}")
            else:
                losses.append(loss)
            rates += _rate(cell, mine)
    return Cells(tuple(losses), tuple(rates), tuple(untold))


def _loss(
    cell: CellResult, sides: tuple[Evaluation, Evaluation], draws: Draws, tests: int
) -> Bounded | None:
    """The loss with the least margin that passes whatever the other tests say (Bonferroni).

    Holm's correction asks for no more of any test. None where 100 points are not told either.
    """
    rolls = Rolls()
    mine, theirs = (tally_of(one, rolls) for one in sides)
    pairs = paired(mine, theirs)
    sample, changes = pairs.sample(rolls), pairs.changes
    (found,) = resample([sample], seed=draws.seed, replicates=draws.replicates)
    if found is None or cell.comparison is None:
        return None
    told = found

    def p_within(margin: float) -> float:
        return max(told.p_within(margin), changes.p_within(margin))

    needed = least_margin(p_within, (1 - LEVEL) / 2 / tests)
    if needed is None:
        return None
    apart = cell.comparison.smallest_detectable
    return Bounded(cell.artefact, cell.condition, sample, found.estimate, needed, apart)


def _rate(cell: CellResult, mine: Evaluation) -> Iterator[Bounded]:
    """The rate with its interval's end; nothing where there is none."""
    rate, interval = cell.words.rate, cell.wer_interval
    if rate is not None and interval is not None:
        rolls = Rolls()
        sample = rate_sample([tally_of(mine, rolls)], rolls)
        yield Bounded(cell.artefact, cell.condition, sample, rate, interval.high)
