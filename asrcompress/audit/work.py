"""A task done in this process: what it makes is put into the cache whole, or not at all."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from asrcompress.audit import speed
from asrcompress.audit.calibration import made_calibration, make_noisy
from asrcompress.audit.compressions import hears, options_of
from asrcompress.audit.jobs import ArtefactJob, Cell
from asrcompress.audit.measuring import measure_costs
from asrcompress.audit.pieces import corpus_of, model_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.tasks import Task
from asrcompress.audit.training_audio import training_params
from asrcompress.core.checkpoint import locate
from asrcompress.core.files import is_whole_json, write_json
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.evaluate.recogniser import Recogniser

_LOG = logging.getLogger(__name__)


class Worker:
    """Does tasks of a plan, one after the other, and keeps what the next ones may use again.

    That is the last model that was loaded, and what was measured of a model's layers.
    """

    def __init__(self, plan: Plan, request: AuditRequest) -> None:
        from asrcompress.compress import Scans

        self._plan, self._request = plan, request
        self._scans = Scans()  # several budgets of one model start from the same measurements
        self._opened: tuple[str, Recogniser] | None = None
        self._has_waited = False

    def perform(self, task: Task, progress: Progress = silent) -> None:
        """Do the task, unless another process has done it meanwhile or does it now: then wait.

        Raises:
            AsrcompressError: what keeps the task from being done.
        """
        make = {
            "calibration": self._calibration,
            "artefact": self._artefact,
            "corpus": self._corpus,
            "cell": self._cell,
            "cost": self._cost,
            "speed": self._speed,
        }[task.kind]
        if task.is_alone or task.kind == "artefact":
            self._opened = None  # its memory is wanted, or measured
        locks = self._plan.cache.locks

        def waiting() -> None:
            self._tell_waiting(task)
            progress("waiting", 0, 1)

        with (
            locks.held(task.id, waiting),
            locks.machine(waiting, is_alone=task.is_alone),
        ):
            make(task.key, progress)

    def _tell_waiting(self, task: Task) -> None:
        if not self._has_waited:
            _LOG.warning("waiting for another process on this cache: %s", task.words)
        self._has_waited = True

    def _calibration(self, key: str, progress: Progress) -> None:
        planned, folder = self._plan.listening.calibration, self._plan.cache.calibration
        if planned is not None and not (folder / key).is_dir():
            make_noisy(planned, key, folder, workers=self._request.workers, progress=progress)

    def _artefact(self, key: str, progress: Progress) -> None:
        from asrcompress.compress import CompressRequest, run
        from asrcompress.compress.training.trained import TrainingPlace

        plan = self._plan
        job = next(job for job in plan.artefacts if job.key == key)
        if plan.cache.artefact(key).is_dir():
            return
        wanted = CompressRequest(
            model=model_of(plan, job.made_from) if job.made_from else job.model,
            options=self._options(job),
            output=plan.cache.artefact(key),
            seed=plan.recipe.seed,
            audio=self._calibration_audio(job),
            training=self._training_audio(job),
            place=TrainingPlace(device=plan.machine.device),
            scans=self._scans,
        )
        run(wanted, progress)

    def _options(self, job: ArtefactJob) -> CompressOptions:
        """The job's options; a budget that is another one's size is known by now."""
        if job.same_size_as is None:
            return job.options
        made = locate(self._plan.cache.artefact(job.same_size_as.key))
        budget_bytes = sum(path.stat().st_size for path in made.weight_files)
        return options_of(self._plan.recipe.compressions[job.compression], budget_bytes)

    def _calibration_audio(self, job: ArtefactJob) -> tuple[CalibrationAudio, ...]:
        """What the job is to measure on; nothing where it does not."""
        planned = self._plan.listening.calibration
        if planned is None or not hears(job.options):
            return ()
        return made_calibration(planned, self._plan.cache.calibration)

    def _training_audio(self, job: ArtefactJob) -> TrainingAudio | None:
        """What the job is to learn from; None where it does not train."""
        params, training = training_params(job.options), self._plan.listening.training
        return None if params is None or training is None else training.audio(params)

    def _corpus(self, key: str, progress: Progress) -> None:
        from asrcompress.corrupt import CorruptRequest, run

        plan = self._plan
        job = next(job for job in plan.conditions if job.key == key)
        if plan.cache.corpus(key).is_dir():
            return
        wanted = CorruptRequest(
            corpus=plan.corpus,
            conditions=(job.condition,),
            output=plan.cache.corpus(key),
            noise=plan.noise,
            rir=plan.rir,
            workers=self._request.workers,
            max_bad_files=plan.recipe.evaluate.max_bad_files,
        )
        run(wanted, progress)

    def _cell(self, key: str, progress: Progress) -> None:
        from asrcompress.evaluate import BatchPlan, TranscribeOptions, transcribe

        plan, evaluation = self._plan, self._plan.recipe.evaluate
        cell = next(cell for cell in plan.cells if cell.key == key)
        if is_whole_json(plan.cache.cell(key)):
            return
        options = TranscribeOptions(
            plan=BatchPlan(evaluation.batch_size),
            max_bad_files=evaluation.max_bad_files,
            chunk_s=evaluation.chunk_s,
        )
        recogniser = self._recogniser(cell)
        corpus = corpus_of(plan, cell.condition)
        hypotheses = transcribe(recogniser, corpus, options=options, progress=progress)
        write_json(plan.cache.cell(key), hypotheses.model_dump(mode="json"))

    def _recogniser(self, cell: Cell) -> Recogniser:
        """The cell's model, loaded; the same object as long as the artefact is the same."""
        from asrcompress.evaluate import RecogniserOptions, open_recogniser

        job, machine = cell.artefact, self._plan.machine
        if self._opened is None or self._opened[0] != job.key:
            self._opened = None  # before the next one is loaded beside it
            how = RecogniserOptions(
                device=machine.device,
                threads=machine.threads,
                dtype=machine.dtype,
                compile=machine.compile,
                language=self._plan.recipe.evaluate.language,
            )
            self._opened = job.key, open_recogniser(model_of(self._plan, job), how)
        return self._opened[1]

    def _cost(self, key: str, progress: Progress) -> None:  # noqa: ARG002 - of all artefacts
        measure_costs(self._plan, progress)

    def _speed(self, key: str, progress: Progress) -> None:  # noqa: ARG002 - of all artefacts
        models = {job.name: locate(model_of(self._plan, job)) for job in self._plan.artefacts}
        speed.measure(self._plan, models, progress)
