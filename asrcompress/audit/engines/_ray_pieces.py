"""What a task reads from a cache and what it puts there: names relative to the cache's folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from asrcompress.audit.jobs import ArtefactJob, ConditionJob
from asrcompress.audit.plan import Plan
from asrcompress.audit.store import Store
from asrcompress.audit.tasks import Task


def outputs_of(plan: Plan, task: Task) -> tuple[str, ...]:
    """What is there when the task is done."""
    cache, key = plan.cache, task.key
    places = {
        "calibration": lambda: [cache.calibration / key],
        "artefact": lambda: [cache.artefact(key)],
        "corpus": lambda: [cache.corpus(key)],
        "cell": lambda: [cache.cell(key)],
        "cost": lambda: [cache.cost(plan.cost_key(job)) for job in plan.artefacts],
        "speed": lambda: [cache.speed(key)],
    }[task.kind]()
    return _named(plan, places)


def inputs_of(plan: Plan, task: Task) -> tuple[str, ...]:
    """What the task may read: of it, what is no piece of the cache is left out."""
    if task.kind == "cell":
        cell = next(cell for cell in plan.cells if cell.key == task.key)
        return _named(plan, (*_artefacts(plan, [cell.artefact]), *_corpora(plan, [cell.condition])))
    if task.kind == "artefact":
        job = next(job for job in plan.artefacts if job.key == task.key)
        before = [one for one in (job.made_from, job.same_size_as) if one is not None]
        return _named(plan, (*_artefacts(plan, before), *_calibrations(plan)))
    if task.kind in ("cost", "speed"):
        return _named(plan, _artefacts(plan, plan.artefacts))
    return ()


def mirror(plan: Plan, store: Store) -> None:
    """Bring what the store has of a plan into its cache folder, and the other way round.

    Raises:
        AsrcompressError: the store cannot be read or written.
    """
    folder = plan.cache.folder
    for name in _all(plan):
        if (folder / name).exists():
            store.publish(folder, name)
        else:
            store.fetch(name, folder)


def _all(plan: Plan) -> tuple[str, ...]:
    """Every piece of a plan but a speed, which is of the machine that the plan was made on."""
    cells = (plan.cache.cell(cell.key) for cell in plan.cells)
    costs = (plan.cache.cost(plan.cost_key(job)) for job in plan.artefacts)
    made = (*_artefacts(plan, plan.artefacts), *_corpora(plan, plan.conditions))
    return _named(plan, (*_calibrations(plan), *made, *cells, *costs))


def _artefacts(plan: Plan, jobs: Iterable[ArtefactJob]) -> Iterator[Path]:
    return (plan.cache.artefact(job.key) for job in jobs if not job.is_original)


def _corpora(plan: Plan, jobs: Iterable[ConditionJob]) -> Iterator[Path]:
    return (plan.cache.corpus(job.key) for job in jobs if not job.condition.is_clean)


def _calibrations(plan: Plan) -> Iterator[Path]:
    planned = plan.listening.calibration
    return (plan.cache.calibration / key for _, key in (planned.noisy if planned else ()))


def _named(plan: Plan, places: Iterable[Path]) -> tuple[str, ...]:
    names = (place.relative_to(plan.cache.folder).as_posix() for place in places)
    return tuple(dict.fromkeys(names))
