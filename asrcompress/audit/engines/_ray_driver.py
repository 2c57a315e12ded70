"""The tasks of an audit on the nodes of a Ray cluster, seen from the process that hands them out.

Every task runs in a slot, a Ray actor with the cores that one task computes with, bound to a node
by name: which task goes where is decided here, so that Ray starts nothing again on its own. What
dies under a task is told apart from what is wrong with the task: only the first is tried again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from asrcompress.audit.engines._ray_cluster import ClusterError
from asrcompress.audit.engines._ray_members import Members
from asrcompress.audit.engines._ray_nodes import Losses, Node, Nodes
from asrcompress.audit.engines._ray_pieces import outputs_of
from asrcompress.audit.engines._ray_pool import Pool, PooledSlot, end
from asrcompress.audit.engines._ray_slot import Answer, Work
from asrcompress.audit.failures import Reason
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.tasks import Task

_WAIT_S = 0.5  # how long a look for finished tasks lasts, and so the answer to an interrupt
_LOOK_S = 5.0  # between two looks at which nodes there are
_PATIENCE_S = 180.0  # for a node to come (back), or to answer, when there is none for what is left
_LESS_MEMORY = "try a smaller evaluate.batch_size or chunk_s, or more --threads: fewer at once"
_LOW_ON_MEMORY = "low on memory"  # in Ray's words of why it ended an actor
_HELD_A_NODE = 2  # tasks taken from the schedule that wait for a node with a GPU


Level = Literal["warning", "note"]


class Interrupted(Exception):  # noqa: N818 - no error
    """Whoever waits for the audit does not any more."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A task under way."""

    task: Task
    node: Node
    slot: PooledSlot


class Driver:
    """Hands the schedule's tasks to the nodes until it is over.

    say: is told what a user should know, and what may be of interest, a line each. stop: set when
    the work is not wanted any more.
    """

    def __init__(
        self,
        work: Work,
        schedule: Schedule,
        say: Callable[[Level, str], None],
        stop: threading.Event,
    ) -> None:
        import ray

        self._ray = ray
        self._work, self._schedule, self._say, self._stop = work, schedule, say, stop
        work_ref = ray.put(work)
        self._nodes = Nodes(work.plan.machine.threads)
        self._members = Members(self._nodes, work, work_ref, lambda line: say("warning", line))
        self._pool = Pool(work.plan.machine.threads, work_ref)
        self._runs: dict[Any, _Run] = {}
        self._held: list[Task] = []
        self._losses = Losses()
        self._said: set[str] = set()
        self._looked_s = 0.0
        self._stuck_since_s: float | None = None

    @property
    def retries(self) -> int:
        """How often something died under a task."""
        return self._losses.total

    def run(self) -> None:
        """Do all that can be done.

        Raises:
            ClusterError: a node that lacks something, or none left for what is to be done.
            Interrupted: told to stop.
        """
        while not self._schedule.is_over:
            if self._stop.is_set():
                raise Interrupted
            self._fill()
            self._wait()
            if self._members.is_looking or time.monotonic() - self._looked_s > _LOOK_S:
                self._looked_s = time.monotonic()
                self._members.refresh()

    def close(self) -> None:
        """End every process on the nodes."""
        self._pool.close()
        for run in self._runs.values():
            end(run.slot)

    def _fill(self) -> None:
        """Start what can start now."""
        for held in list(self._held):
            node = self._nodes.place(held)
            if node is not None:
                self._held.remove(held)
                self._start(held, node)
        while len(self._held) <= _HELD_A_NODE * len(self._nodes):
            free = self._nodes.freest()
            group = None if free is None else self._pool.group_of(free)
            task = None if free is None else self._schedule.next(group, is_one_machine=False)
            if task is None:
                return
            node = self._nodes.place(task, free)
            if node is None:
                self._held.append(task)
            else:
                self._start(task, node)

    def _start(self, task: Task, node: Node) -> None:
        slot = self._pool.take(task, node)
        self._nodes.start(task, node)
        self._say("note", f"{task.id} begins on {node.hostname}, node {node.id}")
        if task.is_alone:
            self._tell_measuring(task, node, done=0)
        self._runs[slot.actor.perform.remote(task)] = _Run(task, node, slot)

    def _tell_measuring(self, task: Task, node: Node, done: int) -> None:
        self._schedule.progress_of(task)(f"measuring speed: on {node.hostname}", done, 1)

    def _wait(self) -> None:
        """Settle the tasks that have ended meanwhile."""
        if not self._runs:
            self._be_patient()
            return
        self._stuck_since_s = None
        ended, _ = self._ray.wait(list(self._runs), num_returns=1, timeout=_WAIT_S)
        for ref in ended:
            self._settle(self._runs.pop(ref), ref)

    def _be_patient(self) -> None:
        """Nothing runs though something is left: nodes may come back, but not for ever."""
        now = time.monotonic()
        self._stuck_since_s = now if self._stuck_since_s is None else self._stuck_since_s
        wanted = {task.gpus for task in self._held} or {0.0}
        is_hopeful = self._members.is_looking or self._members.has_lost or not self._looked_s
        is_able = any(self._nodes.could_hold(gpus) for gpus in wanted)
        if now - self._stuck_since_s > _PATIENCE_S or not (is_able or is_hopeful):
            cores = self._work.plan.machine.threads
            raise ClusterError(
                "no node of the cluster can do what is left",
                got=f"{len(self._nodes)} nodes",
                expected=f"one with {cores} free cores" + (" and a GPU" if max(wanted) else ""),
                next_step="run the audit again when there is one: what is done is kept",
            )
        self._stop.wait(_WAIT_S)

    def _settle(self, run: _Run, ref: Any) -> None:
        """What became of a task: done, not to be done, or to be tried again."""
        exceptions = self._ray.exceptions
        self._nodes.stop(run.task)
        self._say("note", f"{run.task.id} ends on {run.node.hostname}, node {run.node.id}")
        try:
            answer: Answer = self._ray.get(ref)
        except exceptions.RayError as error:
            self._lost(run, error)
        else:
            self._answered(run, answer)

    def _answered(self, run: _Run, answer: Answer) -> None:
        for line in answer.warnings:
            if line not in self._said:
                self._said.add(line)
                self._say("warning", line)
        if run.task.is_alone or run.node.id not in self._nodes:
            end(run.slot)
        else:
            self._pool.give_back(run.slot, run.node)
        if answer.reason is not None:
            self._schedule.failed_for(run.task, answer.reason)
            return
        plan, store = self._work.plan, self._work.store
        if store is not None:
            for name in outputs_of(plan, run.task):
                store.fetch(name, plan.cache.folder)
        self._schedule.done(run.task)
        if run.task.is_alone:
            self._tell_measuring(run.task, run.node, done=1)

    def _lost(self, run: _Run, error: Exception) -> None:
        """The process or the node died; nothing of the task is in the cache."""
        task = run.task
        is_memory = _is_memory(error, self._ray.exceptions)
        what = "ran out of memory" if is_memory else "died"
        cause = f"its process {what} on node {run.node.hostname}"
        if getattr(error, "actor_init_failed", False):
            said = str(error).strip().rpartition("\n")[2]
            self._schedule.failed_for(task, Reason(f"{cause} at its start: {said}", True))
            return
        self._members.doubt(run.node)
        if self._losses.add(task, is_memory=is_memory):
            self._say("warning", f"{task.words}: {cause}; it starts again")
            self._schedule.again(task)
        else:
            hint = f"; {_LESS_MEMORY}" if is_memory else ""
            cause = f"{cause}, at attempt {self._losses.count(task)}{hint}"
            self._schedule.failed_for(task, Reason(cause, is_retried_next_run=True))


def _is_memory(error: Exception, exceptions: Any) -> bool:
    """Whether Ray ended the process because the node was running out of memory."""
    return isinstance(error, exceptions.OutOfMemoryError) or _LOW_ON_MEMORY in str(error)
