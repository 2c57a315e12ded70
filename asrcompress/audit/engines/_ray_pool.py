"""The processes on a cluster's nodes: made for a task, kept for the next one, ended in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from asrcompress.audit.engines._ray_nodes import Node
from asrcompress.audit.engines._ray_slot import Slot
from asrcompress.audit.tasks import Task


@dataclass(slots=True)
class PooledSlot:
    """A slot's actor, what it was made for, and the group whose model it has loaded."""

    actor: Any
    gpus: float
    group: str | None = None


class Pool:
    """The idle slots of the nodes that can be used.

    threads: the cores of a slot. work_ref: what Ray hands to each.
    """

    def __init__(self, threads: int, work_ref: Any) -> None:
        self._threads, self._work_ref = threads, work_ref
        self._idle: dict[str, list[PooledSlot]] = {}

    def group_of(self, node: Node) -> str | None:
        """What an idle slot there has loaded."""
        groups = (slot.group for slot in self._idle.get(node.id, ()))
        return next((group for group in groups if group is not None), None)

    def take(self, task: Task, node: Node) -> PooledSlot:
        """An idle slot of the node that fits, the one with the task's model first; else a new one.

        Idle ones that do not fit end first, for they hold cores, GPUs and memory. A task that is to
        be alone has all cores of its node, so that other users of the cluster get none of them.
        """
        idle = self._idle.setdefault(node.id, [])
        fitting = [slot for slot in idle if slot.gpus == task.gpus and not task.is_alone]
        if fitting:
            chosen = min(fitting, key=lambda slot: slot.group != task.group)
            idle.remove(chosen)
        else:
            self.drop(node)
            cpus = node.cpus if task.is_alone else self._threads
            chosen = PooledSlot(self._actor(node, cpus, task.gpus), task.gpus)
        chosen.group = task.group
        return chosen

    def give_back(self, slot: PooledSlot, node: Node) -> None:
        """It has done its task and may do others."""
        self._idle.setdefault(node.id, []).append(slot)

    def drop(self, node: Node) -> None:
        """End the idle slots of a node."""
        for slot in self._idle.pop(node.id, ()):
            end(slot)

    def close(self) -> None:
        """End all idle slots."""
        for slots in self._idle.values():
            for slot in slots:
                end(slot)
        self._idle.clear()

    def _actor(self, node: Node, cpus: int, gpus: float) -> Any:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        how = {
            "num_cpus": cpus,
            "num_gpus": gpus,
            "max_restarts": 0,
            "max_task_retries": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node.id, soft=False),
        }
        return ray.remote(Slot).options(**how).remote(self._work_ref)


def end(slot: PooledSlot) -> None:
    """End a slot's process, whatever it is doing."""
    import ray

    ray.kill(slot.actor)
