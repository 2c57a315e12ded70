"""Which nodes a cluster has: each looked at before it gets work, and told of when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asrcompress.audit.engines._ray_cluster import ClusterError, found_wrong, look_at, node_of
from asrcompress.audit.engines._ray_nodes import Node, Nodes
from asrcompress.audit.engines._ray_slot import Work


class Members:
    """Keeps the nodes that can be used up to date.

    warn: is told of nodes that were lost or cannot be used, a line each.
    """

    def __init__(
        self, nodes: Nodes, work: Work, work_ref: Any, warn: Callable[[str], None]
    ) -> None:
        self._nodes, self._work, self._work_ref, self._warn = nodes, work, work_ref, warn
        self._known: dict[str, Node] = {}
        self._first: frozenset[str] | None = None  # those that were there from the start
        self._looks: dict[Any, Node] = {}
        self.has_lost = False

    @property
    def is_looking(self) -> bool:
        """Whether a node has not answered yet that may be used then."""
        return bool(self._looks)

    def refresh(self) -> None:
        """Take in nodes that came, and let go of those that went.

        Raises:
            ClusterError: a node that was there from the start cannot be used.
        """
        import ray

        there = {row["NodeID"]: node_of(row) for row in ray.nodes() if row["Alive"]}
        if self._first is None:
            self._first = frozenset(there)
        for node in [node for node_id, node in self._known.items() if node_id not in there]:
            self._leave(node)
        for node in [node for node_id, node in there.items() if node_id not in self._known]:
            self._known[node.id] = node
            self._look_at(node)
        if self._looks:
            ended, _ = ray.wait(list(self._looks), num_returns=len(self._looks), timeout=0)
            for reference in ended:
                self._looked(self._looks.pop(reference), reference)

    def doubt(self, node: Node) -> None:
        """A process died there, perhaps with its node: look again before it gets more work."""
        if node.id in self._nodes and node not in self._looks.values():
            self._nodes.suspend(node.id)
            self._look_at(node)

    def _look_at(self, node: Node) -> None:
        """One with too few cores for a task gets none, whatever it has."""
        if node.cpus >= self._work.plan.machine.threads:
            self._looks[look_at(node, self._work_ref)] = node

    def _looked(self, node: Node, reference: Any) -> None:
        import ray

        try:
            wrong = found_wrong(reference, self._work)
        except ray.exceptions.RayError:
            self._leave(node)
            return
        if wrong is None:
            self._nodes.join(node)
            return
        text = f"node {node.hostname} cannot be used: {wrong}"
        if node.id in (self._first or ()) and node.id not in self._nodes:
            raise ClusterError(text)
        self._warn(text)

    def _leave(self, node: Node) -> None:
        self._known.pop(node.id, None)  # where it answers after all, it is looked at again
        if node.id in self._nodes:
            self._nodes.leave(node.id)
            self.has_lost = True
            self._warn(f"node {node.hostname} was lost; {len(self._nodes)} left")
