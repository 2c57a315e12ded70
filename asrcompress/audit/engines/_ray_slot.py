"""What runs on the nodes of a cluster: a process that does one task after the other."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from asrcompress.audit.engines._ray_pieces import inputs_of, outputs_of
from asrcompress.audit.failures import Reason, reason_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.store import Store
from asrcompress.audit.tasks import Task
from asrcompress.core.files import sha256_of_json
from asrcompress.core.progress import silent


@dataclass(frozen=True, slots=True)
class Work:
    """What every process of the cluster gets: the same plan, and how to reach what it names.

    home: where the audit was started; relative paths start there. paths: the local files and
    folders that the plan names. store: where pieces are exchanged, None for the plan's own cache
    folder, which every node then shares. probe: a file of that folder, and its text.
    """

    plan: Plan
    request: AuditRequest
    home: Path
    paths: tuple[str, ...]
    store: Store | None
    probe: tuple[Path, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a task went. reason: why it could not be done. warnings: a line each."""

    reason: Reason | None = None
    warnings: tuple[str, ...] = ()


class Slot:
    """A process of a node, for as many cores as one task computes with.

    It keeps what it has loaded for the next task.
    """

    def __init__(self, work: Work) -> None:
        from asrcompress.audit.work import Worker

        enter(work.home)
        # As many as a task has, for processes of its own too; Ray sets it by the cores it gives.
        os.environ["OMP_NUM_THREADS"] = str(work.plan.machine.threads)
        self._store = work.store
        self._plan = _local_plan(work)
        # More processes than it has cores would take those of the tasks beside it.
        request = replace(work.request, workers=work.plan.machine.threads)
        self._worker = Worker(self._plan, request)

    def perform(self, task: Task) -> Answer:
        """Do a task; what is wrong with the task, as against with the cluster, is the answer."""
        reason = None
        with _warnings() as found:
            try:
                self._perform(task)
            except Exception as error:  # noqa: BLE001 - the boundary of a task
                reason = reason_of(error, task)
        return Answer(reason, tuple(found))

    def _perform(self, task: Task) -> None:
        store, folder = self._store, self._plan.cache.folder
        if store is None:
            self._worker.perform(task, silent)
            _name_by_task(self._plan, task)
            return
        for name in inputs_of(self._plan, task):
            store.fetch(name, folder)
        found = [store.fetch(name, folder) for name in outputs_of(self._plan, task)]
        if not all(found):
            self._worker.perform(task, silent)
            _name_by_task(self._plan, task)
        for name in outputs_of(self._plan, task):
            if (folder / name).exists():
                store.publish(folder, name)


def enter(home: Path) -> None:
    """Go where relative paths start, if the node has it; whether paths lead anywhere is checked."""
    if home.is_dir():
        os.chdir(home)


def _local_plan(work: Work) -> Plan:
    """The plan with the cache folder of this node."""
    if work.store is None:
        return work.plan
    import platformdirs

    nodes = Path(platformdirs.user_cache_path("asrcompress")) / "nodes"
    folder = nodes / sha256_of_json(work.store.url)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return replace(work.plan, cache=replace(work.plan.cache, folder=folder))


def _name_by_task(plan: Plan, task: Task) -> None:
    """Give speeds the name that the plan's maker looks for.

    Their key has the machine in it. What is measured here is of this node, and says so itself; the
    one who made the plan on another machine asked for it under the key of that one.
    """
    from asrcompress.audit.speed import options_of_recipe, speed_key

    options = options_of_recipe(plan.recipe)
    wanted = plan.cache.speed(task.key)
    if task.kind != "speed" or options is None or wanted.exists():
        return
    from asrcompress.core.files import read_text, write_text

    write_text(wanted, read_text(plan.cache.speed(speed_key(plan, options))))


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What the program warns of meanwhile, for whoever waits for the answer."""
    found: list[str] = []
    handler = _Collector(found)
    logger = logging.getLogger("asrcompress")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self, found: list[str]) -> None:
        super().__init__(level=logging.WARNING)
        self._found = found

    def emit(self, record: logging.LogRecord) -> None:
        self._found.append(record.getMessage())
