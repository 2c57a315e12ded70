"""A Ray cluster: reached or started, and its nodes looked at before they get any work."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from typing import Any

from asrcompress.audit.engines._ray_look import Facts, look, what_is_wrong
from asrcompress.audit.engines._ray_nodes import Node
from asrcompress.audit.engines._ray_slot import Work
from asrcompress.core.errors import AsrcompressError, ExitCode

_STORE_BYTES = 256 << 20  # of a cluster of our own: the plan and short answers pass through it
_CONNECT_TIMEOUT_S = 10.0


class ClusterError(AsrcompressError):
    """The cluster cannot be reached, or cannot do the audit; what is done is kept."""

    exit_code = ExitCode.INTERNAL


def connect(address: str | None) -> None:
    """Join the cluster at the address (`auto`: the one of this machine); None makes one of it.

    Raises:
        ClusterError: it cannot be reached, or runs other versions.
    """
    import ray

    address = address or os.environ.get("RAY_ADDRESS")
    how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        how |= {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    else:
        _check_reachable(address)
    try:
        ray.init(address=address or "local", **how)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _unreachable(address or "this machine", str(error)) from None


def _check_reachable(address: str) -> None:
    """Ray itself tries for minutes to reach what is not there."""
    host, _, port = address.rpartition(":")
    if address == "auto":
        return
    if not host or not port.isdigit():
        raise _unreachable(address, "no HOST:PORT")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _CONNECT_TIMEOUT_S):
            pass
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from None


def _unreachable(address: str, got: str) -> ClusterError:
    return ClusterError(
        "cannot join the Ray cluster",
        where=address,
        got=got.strip().partition("\n")[0],
        next_step="start one with ray start --head, and give its --address HOST:6379",
    )


def node_of(row: Mapping[str, Any]) -> Node:
    """A node, as Ray lists it."""
    resources = row["Resources"]
    return Node(
        id=row["NodeID"],
        hostname=row["NodeManagerHostname"],
        cpus=int(resources.get("CPU", 0)),
        gpus=float(resources.get("GPU", 0)),
    )


def look_at(node: Node, work_ref: Any) -> Any:
    """Begin a look at a node; what `found_wrong` is asked with."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    strategy = NodeAffinitySchedulingStrategy(node.id, soft=False)
    how = {"num_cpus": 0, "max_retries": 0, "scheduling_strategy": strategy}
    return ray.remote(look).options(**how).remote(work_ref)


def found_wrong(reference: Any, work: Work) -> str | None:
    """What a look that is over found wrong with its node, in words; None where nothing is.

    Raises:
        RayError: the node died.
    """
    import ray

    try:
        facts: Facts = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return f"{type(error.cause).__name__}: {error.cause}"
    return what_is_wrong(facts, work)
