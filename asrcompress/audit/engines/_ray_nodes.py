"""Which node of a cluster takes a task: nothing of Ray is in here, so it can be followed by hand.

A node takes as many tasks as its cores and GPUs hold. A task that is to be alone gets a node that
takes nothing else until it is over, the same one for all such tasks, while the others go on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from asrcompress.audit.tasks import Task

MAX_LOSSES = 3  # processes or nodes that may die under a task; with the fourth it has failed
MAX_MEMORY_LOSSES = 1  # others may have filled the node once; a third try would tell nothing new


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster, with what Ray may use of it."""

    id: str
    hostname: str
    cpus: int
    gpus: float


@dataclass(slots=True)
class _Load:
    node: Node
    running: dict[str, Task] = field(default_factory=dict)
    is_suspended: bool = False


class Nodes:
    """The nodes there are, and what each is doing.

    threads: the cores that a task takes, the same everywhere, for results depend on it.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._loads: dict[str, _Load] = {}
        self._alone: dict[str, Task] = {}  # those that run or wait for the measuring node
        self._measuring: str | None = None

    def __len__(self) -> int:
        return len(self._loads)

    def __contains__(self, node_id: str) -> bool:
        return node_id in self._loads

    def join(self, node: Node) -> None:
        """A node can be used from now on, or again."""
        self._loads.setdefault(node.id, _Load(node)).is_suspended = False

    def suspend(self, node_id: str) -> None:
        """Begin nothing on a node for now: it may be dead, though nobody has missed it yet."""
        if node_id in self._loads:
            self._loads[node_id].is_suspended = True

    def leave(self, node_id: str) -> None:
        """A node is gone; another one measures from now on, if this one did."""
        self._loads.pop(node_id, None)
        if self._measuring == node_id:
            self._measuring = None

    def could_hold(self, gpus: float) -> bool:
        """Whether there is a node for a task of so many GPUs, were it idle."""
        return any(self._is_able(load.node, gpus) for load in self._loads.values())

    def freest(self) -> Node | None:
        """The node to look for a task for: the least busy one with cores left."""
        open_ones = [load for load in self._loads.values() if self._has_room(load, 0.0)]
        if not open_ones:
            return None
        return min(open_ones, key=lambda load: (len(load.running), load.node.id)).node

    def place(self, task: Task, wanted: Node | None = None) -> Node | None:
        """The node where the task can start now, the wanted one if possible; None: it has to wait.

        A task that is to be alone keeps others off its node from the first time it is asked for.
        """
        if task.is_alone:
            return self._place_alone(task)
        able = [load for load in self._loads.values() if self._has_room(load, task.gpus)]
        if not able:
            return None
        return min(able, key=lambda load: (load.node != wanted, len(load.running))).node

    def start(self, task: Task, node: Node) -> None:
        """The task runs there from now on."""
        self._loads[node.id].running[task.id] = task

    def stop(self, task: Task) -> None:
        """The task is over, or was lost."""
        self._alone.pop(task.id, None)
        for load in self._loads.values():
            load.running.pop(task.id, None)

    def _place_alone(self, task: Task) -> Node | None:
        self._alone[task.id] = task
        if self._measuring is None:
            able = [
                load.node for load in self._loads.values() if self._is_able(load.node, task.gpus)
            ]
            if not able:
                return None
            self._measuring = min(able, key=lambda node: (-node.gpus, -node.cpus, node.id)).id
        load = self._loads[self._measuring]
        return None if load.running or load.is_suspended else load.node

    def _is_able(self, node: Node, gpus: float) -> bool:
        return node.cpus >= self._threads and node.gpus >= gpus

    def _has_room(self, load: _Load, gpus: float) -> bool:
        if load.is_suspended or (self._alone and load.node.id == self._measuring):
            return False
        cpus = self._threads * (len(load.running) + 1)
        taken = sum(task.gpus for task in load.running.values())
        return cpus <= load.node.cpus and taken + gpus <= load.node.gpus


class Losses:
    """How often something died under each task."""

    def __init__(self) -> None:
        self._by_task: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self._by_task.total()

    def count(self, task: Task) -> int:
        """How often so far, for this task."""
        return self._by_task[task.id]

    def add(self, task: Task, *, is_memory: bool) -> bool:
        """Once more; whether the task is to be tried again."""
        self._by_task[task.id] += 1
        return self._by_task[task.id] <= (MAX_MEMORY_LOSSES if is_memory else MAX_LOSSES)
