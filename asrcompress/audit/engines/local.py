"""The local engine: every missing piece on this machine, one after the other.

Artefacts first, then corrupted corpora, then cells model by model, so that each model is loaded
once. Every piece goes into the cache as soon as it is whole; a killed run loses one piece at most.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from asrcompress.audit.cache import read_cached
from asrcompress.audit.plan import ArtefactJob, Cell, ConditionJob, Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.files import write_json
from asrcompress.core.progress import Progress


def execute(plan: Plan, request: AuditRequest, progress: Progress) -> None:
    """Make every artefact, corpus, cell and cost of the plan that the cache does not have."""
    _compress(plan, plan.missing_artefacts(), progress)
    _corrupt(plan, plan.missing_conditions(), request, progress)
    _transcribe(plan, plan.missing_cells(), request, progress)
    if plan.recipe.evaluate.measure_cost:
        _measure(plan, request, progress)


def model_of(plan: Plan, job: ArtefactJob) -> str:
    """What to load for an artefact: its folder in the cache, or the original."""
    return job.model if job.is_original else str(plan.cache.artefact(job.key))


def corpus_of(plan: Plan, job: ConditionJob) -> Corpus:
    """The corpus of a condition: as written in the cache, or the original for clean."""
    if job.condition.is_clean:
        return plan.corpus
    return read_corpus(plan.cache.corpus(job.key) / job.condition.name)


def _compress(plan: Plan, jobs: list[ArtefactJob], progress: Progress) -> None:
    from asrcompress.compress import CompressRequest, run

    for done, job in enumerate(jobs):
        progress("compressing", done, len(jobs))
        output = plan.cache.artefact(job.key)
        run(CompressRequest(model=job.model, steps=job.steps, output=output, seed=plan.recipe.seed))
    progress("compressing", len(jobs), len(jobs))


def _corrupt(
    plan: Plan, jobs: list[ConditionJob], request: AuditRequest, progress: Progress
) -> None:
    from asrcompress.corrupt import CorruptRequest, run

    for done, job in enumerate(jobs):
        progress("corrupting", done, len(jobs))
        run(
            CorruptRequest(
                corpus=plan.corpus,
                conditions=(job.condition,),
                output=plan.cache.corpus(job.key),
                noise=plan.noise,
                rir=plan.rir,
                workers=request.workers,
                max_bad_files=plan.recipe.evaluate.max_bad_files,
            )
        )
    progress("corrupting", len(jobs), len(jobs))


def _transcribe(plan: Plan, cells: list[Cell], request: AuditRequest, progress: Progress) -> None:
    from asrcompress.evaluate import (
        BatchPlan,
        RecogniserOptions,
        TranscribeOptions,
        open_recogniser,
        transcribe,
    )

    evaluation = plan.recipe.evaluate
    options = TranscribeOptions(
        plan=BatchPlan(evaluation.batch_size), max_bad_files=evaluation.max_bad_files
    )
    done = 0
    for job, group in groupby(cells, key=lambda cell: cell.artefact):
        how = RecogniserOptions(device=plan.device, threads=request.threads)
        recogniser = open_recogniser(model_of(plan, job), how)
        for cell in group:
            progress("recognising", done, len(cells))
            corpus = corpus_of(plan, cell.condition)
            hypotheses = transcribe(recogniser, corpus, options=options)
            write_json(plan.cache.cell(cell.key), hypotheses.model_dump(mode="json"))
            done += 1
    progress("recognising", len(cells), len(cells))


def _measure(plan: Plan, request: AuditRequest, progress: Progress) -> None:
    from asrcompress.evaluate import CostOptions, measure_cost

    missing = [
        job for job in plan.artefacts if read_cached(plan.cache.cost(plan.cost_key(job))) is None
    ]
    for done, job in enumerate(missing):
        progress("measuring speed", done, len(missing))
        options = CostOptions(
            device=plan.device,
            threads=request.threads,
            batch_size=plan.recipe.evaluate.batch_size,
        )
        cost = measure_cost(Path(model_of(plan, job)), plan.corpus, options)
        write_json(plan.cache.cost(plan.cost_key(job)), cost.model_dump(mode="json"))
    progress("measuring speed", len(missing), len(missing))
