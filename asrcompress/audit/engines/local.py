"""The local engine: every missing piece on this machine, one after the other.

Artefacts first, then corrupted corpora, then cells model by model, so that each model is loaded
once. Every piece goes into the cache as soon as it is whole; a killed run loses one piece at most.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit import speed
from asrcompress.audit.cache import read_cached
from asrcompress.audit.calibration import make_calibration
from asrcompress.audit.compressions import is_measured, may_calibrate, options_of
from asrcompress.audit.jobs import ArtefactJob, Cell, ConditionJob
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.training_audio import training_params
from asrcompress.core.checkpoint import locate
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.cost import Cost
from asrcompress.core.files import write_json
from asrcompress.core.progress import Progress

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.compress.training.audio import TrainingAudio

_UNITS = 1000  # a job's share of the whole, so that long jobs move the bar too


def execute(plan: Plan, request: AuditRequest, progress: Progress) -> None:
    """Make each artefact, corpus, cell, cost and speed of the plan that the cache does not have."""
    _compress(plan, plan.missing_artefacts(), request, progress)
    _corrupt(plan, plan.missing_conditions(), request, progress)
    _transcribe(plan, plan.missing_cells(), progress)
    if plan.recipe.evaluate.speed:
        models = {job.name: locate(model_of(plan, job)) for job in plan.artefacts}
        speed.measure(plan, models, progress)
    elif plan.recipe.evaluate.measure_cost:
        _measure(plan, progress)


def model_of(plan: Plan, job: ArtefactJob) -> str:
    """What to load for an artefact: its folder in the cache, or the original."""
    return job.model if job.is_original else str(plan.cache.artefact(job.key))


def corpus_of(plan: Plan, job: ConditionJob) -> Corpus:
    """The corpus of a condition: as written in the cache, or the original for clean."""
    if job.condition.is_clean:
        return plan.corpus
    return read_corpus(plan.cache.corpus(job.key) / job.condition.name)


def _compress(
    plan: Plan, jobs: list[ArtefactJob], request: AuditRequest, progress: Progress
) -> None:
    from asrcompress.compress import CompressRequest, Scans, run
    from asrcompress.compress.training.trained import TrainingPlace

    audio = _calibration_audio(plan, jobs, request, progress)
    scans = Scans()  # several budgets of one model start from the same measurements
    for number, job in enumerate(jobs):
        wanted = CompressRequest(
            model=model_of(plan, job.made_from) if job.made_from else job.model,
            options=_options(plan, job),
            output=plan.cache.artefact(job.key),
            seed=plan.recipe.seed,
            audio=audio if _hears(job) else (),
            training=_training_audio(plan, job),
            place=TrainingPlace(device=plan.machine.device),
            scans=scans,
        )
        run(wanted, _part(progress, "compressing", number, len(jobs)))


def _hears(job: ArtefactJob) -> bool:
    return is_measured(job.options) or may_calibrate(job.options)


def _calibration_audio(
    plan: Plan, jobs: list[ArtefactJob], request: AuditRequest, progress: Progress
) -> tuple[CalibrationAudio, ...]:
    """What the jobs are to measure on; nothing is made where none of them does."""
    calibration = plan.listening.calibration
    if calibration is None or not any(map(_hears, jobs)):
        return ()
    folder = plan.cache.calibration
    part = _part(progress, "calibration audio", 0, 1)
    return make_calibration(calibration, folder, workers=request.workers, progress=part)


def _training_audio(plan: Plan, job: ArtefactJob) -> TrainingAudio | None:
    """What the job is to learn from; None where it does not train."""
    params, training = training_params(job.options), plan.listening.training
    return None if params is None or training is None else training.audio(params)


def _options(plan: Plan, job: ArtefactJob) -> CompressOptions:
    """The job's options; a budget that is another one's size is known by now."""
    if job.same_size_as is None:
        return job.options
    made = locate(plan.cache.artefact(job.same_size_as.key))
    budget_bytes = sum(path.stat().st_size for path in made.weight_files)
    return options_of(plan.recipe.compressions[job.compression], budget_bytes)


def _corrupt(
    plan: Plan, jobs: list[ConditionJob], request: AuditRequest, progress: Progress
) -> None:
    from asrcompress.corrupt import CorruptRequest, run

    for number, job in enumerate(jobs):
        wanted = CorruptRequest(
            corpus=plan.corpus,
            conditions=(job.condition,),
            output=plan.cache.corpus(job.key),
            noise=plan.noise,
            rir=plan.rir,
            workers=request.workers,
            max_bad_files=plan.recipe.evaluate.max_bad_files,
        )
        run(wanted, _part(progress, "corrupting", number, len(jobs)))


def _transcribe(plan: Plan, cells: list[Cell], progress: Progress) -> None:
    from asrcompress.evaluate import (
        BatchPlan,
        RecogniserOptions,
        TranscribeOptions,
        open_recogniser,
        transcribe,
    )

    evaluation = plan.recipe.evaluate
    options = TranscribeOptions(
        plan=BatchPlan(evaluation.batch_size),
        max_bad_files=evaluation.max_bad_files,
        chunk_s=evaluation.chunk_s,
    )
    numbered = enumerate(cells)
    for job, group in groupby(numbered, key=lambda item: item[1].artefact):
        how = RecogniserOptions(
            device=plan.machine.device,
            threads=plan.machine.threads,
            dtype=plan.machine.dtype,
            compile=plan.machine.compile,
            language=evaluation.language,
        )
        recogniser = open_recogniser(model_of(plan, job), how)
        for number, cell in group:
            corpus = corpus_of(plan, cell.condition)
            part = _part(progress, "recognising", number, len(cells))
            hypotheses = transcribe(recogniser, corpus, options=options, progress=part)
            write_json(plan.cache.cell(cell.key), hypotheses.model_dump(mode="json"))


def _measure(plan: Plan, progress: Progress) -> None:
    """Time the artefacts in rounds, there and back, and keep the fastest time of each.

    Other work on the machine then hits no artefact alone, and a disturbed time is not kept.
    """
    missing = [
        job
        for job in plan.artefacts
        if read_cached(plan.cache.cost(plan.cost_key(job)), Cost) is None
    ]
    measured: dict[str, Cost] = {}
    turns = _turns(missing, plan.recipe.evaluate.cost_rounds)
    for done, job in enumerate(turns):
        progress("measuring speed", done, len(turns))
        costs = [_cost(plan, job), measured.get(job.key)]
        measured[job.key] = min(filter(None, costs), key=lambda cost: cost.processing_s)
    for job in missing:
        cost = measured[job.key].model_dump(mode="json")
        write_json(plan.cache.cost(plan.cost_key(job)), cost)
    progress("measuring speed", len(turns), len(turns))


def _turns(jobs: list[ArtefactJob], rounds: int) -> list[ArtefactJob]:
    """The jobs in their order, then backwards, and so on; the first job is the last one too.

    Whatever slows the first process down would else be held against the baseline, which is first.
    """
    turns = [job for number in range(rounds) for job in (jobs if number % 2 == 0 else jobs[::-1])]
    return turns if rounds % 2 == 0 else turns + jobs[:1]


def _cost(plan: Plan, job: ArtefactJob) -> Cost:
    from asrcompress.evaluate import CostOptions, measure_cost

    options = CostOptions(
        device=plan.machine.device,
        threads=plan.machine.threads,
        dtype=plan.machine.dtype,
        compile=plan.machine.compile,
        batch_size=plan.recipe.evaluate.batch_size,
        language=plan.recipe.evaluate.language,
        chunk_s=plan.recipe.evaluate.chunk_s,
    )
    return measure_cost(Path(model_of(plan, job)), plan.corpus, options)


def _part(progress: Progress, whole: str, number: int, count: int) -> Progress:
    """A progress for one of `count` jobs, told onwards as a part of all of them."""

    def report(what: str, done: int, total: int) -> None:  # noqa: ARG001 - the whole's name
        progress(whole, number * _UNITS + _UNITS * done // max(total, 1), count * _UNITS)

    return report
