"""From a filled cache to results: every hypothesis scored, every cell compared and summed up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asrcompress.audit.cache import read_cached
from asrcompress.audit.describe import (
    Manifests,
    described,
    manifests_of,
    notes_of,
    sizes_of_original,
)
from asrcompress.audit.failures import Failure
from asrcompress.audit.jobs import Cell, ConditionJob
from asrcompress.audit.pieces import corpus_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.published import published_of
from asrcompress.audit.speed import costs_of, speed_of
from asrcompress.core.comparison import Interval
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import IncompleteError, InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.files import read_json
from asrcompress.core.findings import Findings
from asrcompress.core.ledger_table import ledger_table
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import ConditionResult, CostTable

Evaluations = dict[tuple[str, str], Evaluation]
CORPUS_MARKER_NAME = "corpus.json"  # what corrupt writes beside its conditions
# The columns of a corrupted corpus's manifest, by the noise's reference.
_ACHIEVED = {"overall": "achieved_snr_db", "active": "achieved_active_snr_db"}
_MOST_NAMED = 10  # missing cells in the note on them


@dataclass(frozen=True, slots=True)
class Assembled:
    """What an audit found."""

    findings: Findings
    evaluations: Evaluations


def assemble(plan: Plan, failures: Sequence[Failure] = (), home: Path | None = None) -> Assembled:
    """The results of the cells that are in the cache; no model is run.

    failures: why the others are missing. home: the folder that the audio's paths are relative to,
    where it is in it; None takes the cache's.

    Raises:
        IncompleteError: there is not a single one.
    """
    from asrcompress.evaluate import Matrix, Statistics, errors_of, summarise

    manifests = manifests_of(plan)
    home = (home or plan.cache.folder.parent).absolute()
    unheard = {job.key for job in plan.missing_conditions()}
    conditions = [job for job in plan.conditions if job.key not in unheard]
    heard = {job.condition.name: _heard(plan, job) for job in conditions}
    evaluations: Evaluations = {}
    for cell in plan.cells:
        name = cell.condition.condition.name
        scored = _scored(plan, cell, heard[name], home) if name in heard else None
        if scored is not None:
            evaluations[cell.artefact.name, name] = _with_sizes(scored, manifests)
    if not evaluations:
        raise _nothing_run(failures)
    options = plan.recipe.evaluate
    matrix = Matrix(
        title=plan.recipe.title,
        artefacts=notes_of(plan, manifests),
        conditions=tuple(
            _condition(plan, job, heard[job.condition.name].corpus) for job in conditions
        ),
        evaluations=evaluations,
        baseline=plan.single_baseline,
        notes=(*plan.notes, *_not_run(plan, evaluations)),
    )
    statistics = Statistics(
        seed=plan.recipe.seed,
        margin=options.margin,
        replicates=options.replicates,
        by=tuple(options.by),
    )
    results = summarise(matrix, statistics)
    results = results.model_copy(
        update={
            "artefacts": tuple(described(row, manifests) for row in results.artefacts),
            "published": published_of(plan.recipe),
            "tables": tuple(
                PivotTable.model_validate(table.model_dump()) for table in plan.recipe.tables
            ),
        }
    )
    findings = Findings(
        results,
        CostTable(costs=costs_of(plan)),
        errors_of(matrix),
        speed_of(plan),
        ledgers=ledger_table(manifests),
    )
    return Assembled(findings, evaluations)


def _nothing_run(failures: Sequence[Failure]) -> IncompleteError:
    return IncompleteError(
        "no cell could be run",
        got=failures[0].line if failures else None,
        next_step="mend that, and run the audit again",
    )


def _not_run(plan: Plan, evaluations: Evaluations) -> Iterator[str]:
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


@dataclass(frozen=True, slots=True)
class _Heard:
    """A condition's corpus with every utterance, and those lost in corrupting, with the cause."""

    corpus: Corpus
    lost: Mapping[str, str]


def _heard(plan: Plan, job: ConditionJob) -> _Heard:
    corpus = corpus_of(plan, job)
    if job.condition.is_clean:
        return _Heard(corpus, {})
    marker = read_json(plan.cache.corpus(job.key) / CORPUS_MARKER_NAME)
    bad = [row for condition in marker["conditions"] for row in condition["bad_files"]]
    written = {utterance.id: utterance for utterance in corpus.utterances}
    every = tuple(written.get(original.id, original) for original in plan.corpus.utterances)
    return _Heard(Corpus(corpus.name, every), {row["id"]: row["cause"] for row in bad})


def _scored(plan: Plan, cell: Cell, heard: _Heard, home: Path) -> Evaluation | None:
    """None where the cell was not run."""
    from asrcompress.evaluate import Hypotheses, score

    cached = read_cached(plan.cache.cell(cell.key), Hypotheses)
    if cached is None:
        return None
    bad_files = {**heard.lost, **cached.bad_files}
    _check_bad(plan, cell, bad_files)
    hypotheses = cached.model_copy(update={"bad_files": bad_files})
    scored = score(hypotheses, heard.corpus, plan.recipe.evaluate.normaliser)
    return scored.model_copy(
        update={
            "model": cell.artefact.model,
            "corpus": plan.corpus.name,
            "utterances": tuple(_placed(row, home) for row in scored.utterances),
        }
    )


def _with_sizes(scored: Evaluation, manifests: Manifests) -> Evaluation:
    """The original's zipped size is known from the artefacts made of it."""
    if scored.sizes.zipped_bytes is not None:
        return scored
    sizes = sizes_of_original(scored.model_sha256, manifests)
    return scored if sizes is None else scored.model_copy(update={"sizes": sizes})


def _check_bad(plan: Plan, cell: Cell, bad_files: Mapping[str, str]) -> None:
    """A cell made when more bad files were allowed does not slip through now."""
    allowed = plan.recipe.evaluate.max_bad_files
    if len(bad_files) > allowed:
        raise InputError(
            "audio that cannot be read",
            where=cell.condition.condition.name,
            got=f"{len(bad_files)} files, first: {next(iter(bad_files.values()))}",
            expected=f"at most {allowed}, the recipe's max_bad_files",
        )


def _placed(row: UtteranceScore, home: Path) -> UtteranceScore:
    """Audio that the audit made is named relative to its folder, so that the folder can move."""
    path = None if row.audio_filepath is None else Path(row.audio_filepath)
    if path is None or not path.is_relative_to(home):
        return row
    return row.model_copy(update={"audio_filepath": path.relative_to(home).as_posix()})


def _condition(plan: Plan, job: ConditionJob, corpus: Corpus) -> ConditionResult:
    achieved = _achieved_snr_db(job, corpus)
    return ConditionResult(
        name=job.condition.name,
        corpus=plan.corpus.name,
        corpus_sha256=corpus_of(plan, job).sha256(),
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
