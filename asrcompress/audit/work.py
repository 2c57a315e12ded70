"""A task done in this process: what it makes is put into the cache whole, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from asrcompress.audit import speed
from asrcompress.audit.cache import remove
from asrcompress.audit.calibration import made_calibration, make_noisy
from asrcompress.audit.compressions import hears, options_of
from asrcompress.audit.jobs import ArtefactJob, Cell
from asrcompress.audit.measuring import measure_costs
from asrcompress.audit.pieces import corpus_of, is_made, model_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.soundness import (
    has_artefact,
    has_corpus,
    is_sound_artefact,
    is_sound_corpus,
)
from asrcompress.audit.tasks import Task, task_id
from asrcompress.audit.timings import timed
from asrcompress.audit.training_audio import training_params
from asrcompress.core.checkpoint import Checkpoint, locate
from asrcompress.core.files import is_whole_json, write_json
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.evaluate.recogniser import Recogniser

_LOG = logging.getLogger(__name__)


class BusyError(Exception):
    """Another process on the same cache does the task now."""


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
        self._sound: set[str] = set()  # keys of pieces that were looked through

    def perform(self, task: Task, progress: Progress = silent, *, is_patient: bool = True) -> None:
        """Do the task, unless another process has done it meanwhile or does it now: then wait.

        Raises:
            BusyError: another process does it now, and is_patient is not set.
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
        locks = self._plan.cache.locks

        def waiting() -> None:
            self._tell_waiting(task)
            progress("waiting", 0, 1)

        def busy() -> None:
            raise BusyError(task.words)

        with (
            locks.held(task.id, waiting if is_patient else busy),
            locks.machine(waiting, is_alone=task.is_alone),
        ):
            if task.is_alone or task.kind == "artefact":
                self._opened = None  # its memory is wanted, or measured
            try:
                with timed(self._plan, task, self._request.jobs):
                    make(task.key, progress)
            except BaseException:
                self._opened = None  # what ran out of memory leaves it to the next task
                raise

    def _tell_waiting(self, task: Task) -> None:
        if not self._has_waited:
            _LOG.warning("waiting for another process on this cache: %s", task.words)
        self._has_waited = True

    def _calibration(self, key: str, progress: Progress) -> None:
        planned, folder = self._plan.listening.calibration, self._plan.cache.calibration
        if planned is not None and not has_corpus(folder / key):
            remove(folder / key)
            make_noisy(planned, key, folder, workers=self._request.workers, progress=progress)

    def _artefact(self, key: str, progress: Progress) -> None:
        from asrcompress.compress import CompressRequest, run
        from asrcompress.compress.training.trained import TrainingPlace

        plan = self._plan
        job = next(job for job in plan.artefacts if job.key == key)
        if has_artefact(plan.cache.artefact(key)):
            return
        remove(plan.cache.artefact(key))
        wanted = CompressRequest(
            model=self._model(job.made_from) if job.made_from else job.model,
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
        if has_corpus(plan.cache.corpus(key)):
            return
        remove(plan.cache.corpus(key))
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
        if not cell.condition.condition.is_clean:
            self._mend("corpus", cell.condition.key, progress)
        recogniser = self._recogniser(cell)
        corpus = corpus_of(plan, cell.condition)
        options = TranscribeOptions(
            plan=BatchPlan(evaluation.batch_size),
            max_bad_files=evaluation.max_bad_files,
            corpus_sha256=plan.sha256_of(corpus),  # audio is hashed for the first cell alone
            chunk_s=evaluation.chunk_s,
        )
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
            self._opened = job.key, open_recogniser(self._model(job), how)
        return self._opened[1]

    def _model(self, job: ArtefactJob) -> str:
        """What to load for an artefact that is there; a damaged one is made again."""
        if not job.is_original:
            self._mend("artefact", job.key, silent)
        return model_of(self._plan, job)

    def _mend(self, kind: Literal["artefact", "corpus"], key: str, progress: Progress) -> None:
        """Make a piece again whose bytes are not those that were written."""
        path = self._plan.cache.piece(kind, key)
        is_sound = is_sound_artefact if kind == "artefact" else is_sound_corpus
        if key in self._sound or is_sound(path):
            self._sound.add(key)
            return
        with self._plan.cache.locks.held(task_id(kind, key), lambda: None):
            if not is_sound(path):  # unless another process was faster
                _LOG.warning("damaged in the cache, and made again: %s", path)
                remove(path)
                make = self._artefact if kind == "artefact" else self._corpus
                make(key, progress)
        self._sound.add(key)

    def _cost(self, key: str, progress: Progress) -> None:  # noqa: ARG002 - of all artefacts
        self._models(job for job in self._plan.artefacts if is_made(self._plan, job))
        measure_costs(self._plan, progress)

    def _speed(self, key: str, progress: Progress) -> None:  # noqa: ARG002 - of all artefacts
        speed.measure(self._plan, self._models(self._plan.artefacts), progress)

    def _models(self, jobs: Iterable[ArtefactJob]) -> dict[str, Checkpoint]:
        """Each artefact's checkpoint, none of them damaged."""
        return {job.name: locate(self._model(job)) for job in jobs}
