"""From a filled cache to results: every hypothesis scored, every cell compared and summed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit.describe import Manifests, described, manifests_of, notes_of
from asrcompress.audit.failures import Failure
from asrcompress.audit.jobs import ConditionJob
from asrcompress.audit.pieces import corpus_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.published import published_of
from asrcompress.audit.scored import CachedEvaluations, heard_under
from asrcompress.audit.speed import costs_of, speed_of
from asrcompress.core.comparison import Interval
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import IncompleteError, InputError
from asrcompress.core.findings import Findings
from asrcompress.core.ledger_table import ledger_table
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import ConditionResult, CostTable
from asrcompress.report.utterances import KeptLines

if TYPE_CHECKING:
    from asrcompress.evaluate import Matrix

# The columns of a corrupted corpus's manifest, by the noise's reference.
_ACHIEVED = {"overall": "achieved_snr_db", "active": "achieved_active_snr_db"}
_MOST_NAMED = 10  # missing cells in the note on them


@dataclass(frozen=True, slots=True)
class Assembled:
    """What an audit found.

    evaluations: read from the cache when they are asked for. lines: those of utterances.jsonl, kept
    outside the memory.
    """

    findings: Findings
    evaluations: CachedEvaluations
    lines: KeptLines


def assemble(plan: Plan, failures: Sequence[Failure] = (), home: Path | None = None) -> Assembled:
    """The results of the cells that are in the cache; no model is run.

    Each cell's hypotheses are read and scored once. What is kept of them in memory are counts.

    failures: why the others are missing. home: the folder that the audio's paths are relative to,
    where it is in it; None takes the cache's.

    Raises:
        IncompleteError: there is not a single one.
    """
    from asrcompress.evaluate import Statistics, sum_up

    manifests = manifests_of(plan)
    home = (home or plan.cache.folder.parent).absolute()
    evaluations = CachedEvaluations(plan, manifests, home)
    if not evaluations:
        raise _nothing_run(failures)
    matrix = _matrix(plan, manifests, evaluations)
    options, lines = plan.recipe.evaluate, KeptLines(plan.cache.folder)
    statistics = Statistics(
        seed=plan.recipe.seed,
        margin=options.margin,
        replicates=options.replicates,
        by=tuple(options.by),
    )
    try:
        found = sum_up(matrix, statistics, heed=lines.add)
    except InputError:
        if evaluations:
            raise
        raise _nothing_run(failures) from None  # none of them could be read
    results = found.results
    notes = (*plan.notes, *_not_run(plan, evaluations), *results.notes[len(matrix.notes) :])
    results = results.model_copy(
        update={
            "artefacts": tuple(described(row, manifests) for row in results.artefacts),
            "notes": notes,
            "published": published_of(plan.recipe),
            "tables": tuple(
                PivotTable.model_validate(table.model_dump()) for table in plan.recipe.tables
            ),
        }
    )
    plan.digests.save()
    costs, ledgers = CostTable(costs=costs_of(plan)), ledger_table(manifests)
    findings = Findings(results, costs, found.errors, speed_of(plan), ledgers=ledgers)
    return Assembled(findings, evaluations, lines)


def _matrix(plan: Plan, manifests: Manifests, evaluations: CachedEvaluations) -> Matrix:
    from asrcompress.evaluate import Matrix

    unheard = {job.key for job in plan.missing_conditions()}
    conditions = [job for job in plan.conditions if job.key not in unheard]
    return Matrix(
        title=plan.recipe.title,
        artefacts=notes_of(plan, manifests),
        conditions=tuple(_condition(plan, job) for job in conditions),
        evaluations=evaluations,
        baseline=plan.single_baseline,
        notes=(*plan.notes, *_not_run(plan, evaluations)),
    )


def _nothing_run(failures: Sequence[Failure]) -> IncompleteError:
    roots = [failure.line for failure in failures if failure.because_of is None]
    more = f" (and {len(roots) - 1} more)" if len(roots) > 1 else ""
    return IncompleteError(
        "no cell could be run",
        got=f"{roots[0]}{more}" if roots else None,
        next_step="mend that, and run the audit again",
    )


def _not_run(plan: Plan, evaluations: CachedEvaluations) -> Iterator[str]:
    """What a reader has to know of an incomplete matrix."""
    names = [(cell.artefact.name, cell.condition.condition.name) for cell in plan.cells]
    missing = [
        f"{artefact} under {name}"
        for artefact, name in names
        if (artefact, name) not in evaluations
    ]
    if missing:
        listed = ", ".join(missing[:_MOST_NAMED])
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        yield f"Incomplete: {len(missing)} of {len(names)} cells were not run: {listed}{more}."


def _condition(plan: Plan, job: ConditionJob) -> ConditionResult:
    corpus = heard_under(plan, job).corpus
    achieved = _achieved_snr_db(job, corpus)
    return ConditionResult(
        name=job.condition.name,
        corpus=plan.corpus.name,
        corpus_sha256=plan.sha256_of(corpus_of(plan, job)),
        utterances=len(corpus.utterances),
        audio_s=round(corpus.audio_s, 6),
        steps=tuple(job.condition.as_json()["steps"]),
        achieved_snr_db=Interval(low=min(achieved), high=max(achieved), level=1)
        if achieved
        else None,
        is_simulated=_is_simulated(plan, job),
    )


def _achieved_snr_db(job: ConditionJob, corpus: Corpus) -> list[float]:
    """As our own manifest has them: a user's column of that name means something else."""
    noises = [step for step in job.condition.steps if step.effect == "noise"]
    if not noises:
        return []
    column = _ACHIEVED[noises[0].params.get("reference", "overall")]
    found = (utterance.fields.get(column) for utterance in corpus.utterances)
    return [value for value in found if isinstance(value, float)]


def _is_simulated(plan: Plan, job: ConditionJob) -> bool:
    """Whether a built-in noise or room is in the condition."""
    effects = {step.effect for step in job.condition.steps}
    return ("noise" in effects and plan.noise is None) or ("reverb" in effects and plan.rir is None)
