"""What an audit still has to do, as tasks that any process with the same plan and cache can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from asrcompress.audit.compressions import hears
from asrcompress.audit.jobs import ArtefactJob, Cell, ConditionJob
from asrcompress.audit.measuring import missing_costs
from asrcompress.audit.plan import Plan
from asrcompress.audit.soundness import has_corpus
from asrcompress.audit.speed import options_of_recipe, speed_key, speed_of
from asrcompress.audit.training_audio import training_params
from asrcompress.core.files import sha256_of_json

Kind = Literal["calibration", "artefact", "corpus", "cell", "cost", "speed"]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work; when it is done, what it makes is in the cache, whole.

    id: its kind and the key of what it makes. words: for a reader. needs: the tasks whose work it
    uses: it cannot be done if one of them fails. after: those that have to be over, well or not.
    group: tasks of one group share a loaded model. is_alone: nothing else may run on the machine
    meanwhile. gpus: how many it computes on.
    """

    id: str
    kind: Kind
    key: str
    words: str
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    group: str | None = None
    is_alone: bool = False
    gpus: float = 0.0


def tasks_of(plan: Plan) -> tuple[Task, ...]:
    """What the cache does not have yet, each after all that it needs; nothing when all is there."""
    return _Tasks(plan, plan.missing_artefacts(), plan.missing_conditions()).all()


def task_id(kind: Kind, key: str) -> str:
    """A task's id, which is a file's name too."""
    return f"{kind}-{key}"


@dataclass(frozen=True, slots=True)
class _Tasks:
    plan: Plan
    artefacts: Sequence[ArtefactJob]
    conditions: Sequence[ConditionJob]

    def all(self) -> tuple[Task, ...]:
        calibrations = tuple(self._calibrations())
        made = tuple(self._artefact(job, calibrations) for job in self.artefacts)
        corpora = tuple(self._corpus(job) for job in self.conditions)
        cells = tuple(self._cell(cell) for cell in self.plan.missing_cells())
        return (*calibrations, *made, *corpora, *cells, *self._measurements())

    def _calibrations(self) -> Iterator[Task]:
        """The noisy versions of the calibration audio, where something is to listen to them."""
        planned = self.plan.listening.calibration
        if planned is None or not any(hears(job.options) for job in self.artefacts):
            return
        for condition, key in planned.noisy:
            if not has_corpus(self.plan.cache.calibration / key):
                words = f"calibration audio {condition.name}"
                yield Task(task_id("calibration", key), "calibration", key, words)

    def _artefact(self, job: ArtefactJob, calibrations: Sequence[Task]) -> Task:
        heard = [task.id for task in calibrations] if hears(job.options) else []
        before = self._made(one for one in (job.made_from, job.same_size_as) if one is not None)
        trains = training_params(job.options) is not None
        return Task(
            id=task_id("artefact", job.key),
            kind="artefact",
            key=job.key,
            words=f"artefact {job.name}",
            needs=(*heard, *before),
            group=job.model,
            gpus=self._gpus if trains else 0.0,
        )

    def _corpus(self, job: ConditionJob) -> Task:
        words = f"corpus {job.condition.name}"
        return Task(task_id("corpus", job.key), "corpus", job.key, words)

    def _cell(self, cell: Cell) -> Task:
        corpora = {job.key for job in self.conditions} & {cell.condition.key}
        return Task(
            id=task_id("cell", cell.key),
            kind="cell",
            key=cell.key,
            words=f"{cell.artefact.name} under {cell.condition.condition.name}",
            needs=(
                *self._made([cell.artefact]),
                *(task_id("corpus", key) for key in corpora),
            ),
            group=cell.artefact.key,
            gpus=self._gpus,
        )

    def _measurements(self) -> Iterator[Task]:
        """Cost or speed, whichever the recipe asks for, of all artefacts in one task."""
        plan = self.plan
        made = self._made(plan.artefacts)
        if (options := options_of_recipe(plan.recipe)) is not None:
            if speed_of(plan) is None:
                key = speed_key(plan, options)
                words = "speed of all artefacts"
                yield Task(
                    task_id("speed", key), "speed", key, words, made, (), None, True, self._gpus
                )
        elif plan.recipe.evaluate.measure_cost and missing_costs(plan):
            key = sha256_of_json([plan.cost_key(job) for job in plan.artefacts])
            words = "cost of the artefacts"
            yield Task(task_id("cost", key), "cost", key, words, (), made, None, True, self._gpus)

    def _made(self, jobs: Iterator[ArtefactJob] | Sequence[ArtefactJob]) -> tuple[str, ...]:
        """The tasks that make those of the jobs that are not there yet, each once."""
        missing = {job.key for job in self.artefacts}
        keys = dict.fromkeys(job.key for job in jobs if job.key in missing)
        return tuple(task_id("artefact", key) for key in keys)

    @property
    def _gpus(self) -> float:
        return 1.0 if self.plan.machine.device.startswith("cuda") else 0.0
