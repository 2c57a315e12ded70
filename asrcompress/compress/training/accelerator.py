"""The accelerator of a training: which device, how many processes, and in what precision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from asrcompress.compress.training import processes
from asrcompress.core.device import resolve_device
from asrcompress.core.errors import InputError


class OwnState:
    """accelerate's settings, of which a process has one set: ours while a block lasts.

    So two trainings of one process may differ, and an Accelerator of a user's own goes on as it
    was. Where several processes train together there is one set for all of their life.
    """

    def __init__(self) -> None:
        self._own: tuple[dict[str, Any], ...] = ({}, {}, {})

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Ours while it lasts."""
        from accelerate.state import AcceleratorState, GradientState, PartialState

        if processes.count() > 1:
            yield
            return
        holders: tuple[Any, ...] = (PartialState, AcceleratorState, GradientState)
        others = [holder._shared_state for holder in holders]
        for holder, own in zip(holders, self._own, strict=True):
            holder._shared_state = own
        try:
            yield
        finally:
            for holder, other in zip(holders, others, strict=True):
                holder._shared_state = other


def accelerator_for(device: str, precision: str) -> Any:
    """accelerate's Accelerator, with the settings of the state that is in force.

    Raises:
        InputError: there is no such device here, or it cannot compute in that precision.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs
    from accelerate.state import is_initialized

    if processes.count() > 1 and is_initialized() and not processes.are_connected():
        raise InputError(
            "a second training in processes that trained together",
            expected="one training for each launch",
            next_step="launch it by itself, or train in one process",
        )
    found = torch.device(resolve_device(device))
    if precision != "fp32" and found.type != "cuda":
        raise InputError(
            "training in half precision without a GPU",
            got=f"{precision} on {found.type}",
            expected="fp32",
            next_step="leave precision out, or train on a GPU",
        )
    if processes.count() == 1 and found.type == "cuda" and found.index is not None:
        torch.cuda.set_device(found)
    try:
        return Accelerator(
            cpu=found.type == "cpu",
            mixed_precision="no" if precision == "fp32" else precision,
            # the blocks after the last that the loss looks at have no gradient
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
    except ValueError as error:
        raise InputError(
            "the device cannot be trained on so", got=f"{precision} on {device}: {error}"
        ) from None


@contextmanager
def own_randomness() -> Iterator[None]:
    """Whatever is seeded or drawn while it lasts, torch's random numbers go on after it as before.

    Those of GPUs too, where they are in use already.
    """
    gpus: Any = torch.cuda
    in_use = range(gpus.device_count()) if gpus.is_initialized() else ()
    with torch.random.fork_rng(devices=list(in_use)):
        yield


def device_name(device: torch.device) -> str:
    """For example cpu with 2 threads, or a GPU's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)
