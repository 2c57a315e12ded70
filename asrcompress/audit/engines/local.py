"""The local engine: every missing piece on this machine, in processes of its own.

Work that is killed or crashes loses one task, and the rest goes on. Artefacts come first, then
corrupted corpora, then cells model by model, so that each model is loaded once; what is measured
comes last and alone. Every piece goes into the cache as soon as it is whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import wait

from asrcompress.audit.engines._local_worker import WorkerProcess
from asrcompress.audit.failures import Failure, reason_of
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.work import BusyError, Worker
from asrcompress.core.errors import InputError
from asrcompress.core.progress import Progress, silent

_GRACE_S = 10.0  # for work that Ctrl-C ends, such as a training that closes its state
_IDLE_GRACE_S = 2.0  # for a process that has nothing to do any more


def execute(plan: Plan, request: AuditRequest, progress: Progress = silent) -> tuple[Failure, ...]:
    """Make what the cache does not have of the plan; what could not be made, and why.

    Raises:
        InputError: it is given an address.
        IncompleteError: no process can be started.
        KeyboardInterrupt: its words say where a training goes on.
    """
    if request.address is not None:
        raise InputError(
            "option 'address' needs a cluster", got=request.address, next_step="add --engine ray"
        )
    schedule = Schedule(plan, progress)
    if not schedule.is_over:
        if request.jobs == 0:
            _execute_here(plan, request, schedule)
        else:
            _execute_apart(plan, request, schedule)
    return schedule.failures


def _execute_here(plan: Plan, request: AuditRequest, schedule: Schedule) -> None:
    """In this process, one task after the other."""
    worker, group = Worker(plan, request), None
    while (task := schedule.next(group)) is not None:
        group = task.group
        try:
            is_patient = schedule.is_worth_waiting(task)
            worker.perform(task, schedule.progress_of(task), is_patient=is_patient)
        except BusyError:
            schedule.busy(task)
        except Exception as error:  # noqa: BLE001 - the boundary of a task
            schedule.failed_for(task, reason_of(error, task))
        else:
            schedule.done(task)


def _execute_apart(plan: Plan, request: AuditRequest, schedule: Schedule) -> None:
    environment = {}
    if request.jobs > 1:  # together they take what one takes alone
        environment = {"OMP_NUM_THREADS": str(plan.machine.threads)}
        workers = request.workers or max(1, _cores() // request.jobs)
        request = replace(request, workers=workers)
    processes = [WorkerProcess(plan, request, schedule, environment) for _ in range(request.jobs)]
    try:
        _work_through(processes, schedule)
    except KeyboardInterrupt as stop:
        words = [*map(str, stop.args), *_interrupted(processes)]
        raise KeyboardInterrupt(*words[:1]) from None
    finally:
        for process in processes:
            process.end(_IDLE_GRACE_S if schedule.is_over else 0.0)


def _work_through(processes: Sequence[WorkerProcess], schedule: Schedule) -> None:
    while not schedule.is_over:
        for process in processes:
            if process.task is None and (task := schedule.next(process.group)) is not None:
                process.begin(task)
        busy = {one.connection: one for one in processes if one.task and one.connection}
        for connection in wait(list(busy)):
            busy[connection].hear()  # type: ignore[index]


def _interrupted(processes: Sequence[WorkerProcess]) -> list[str]:
    """End all of them, each after leaving its work in order; what they say of going on."""
    for process in processes:
        process.interrupt()
    until_s = time.monotonic() + _GRACE_S
    return [words for process in processes if (words := process.last_words(until_s))]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
