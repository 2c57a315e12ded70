"""The accelerator of a training: which device, how many processes, and in what precision."""

from __future__ import annotations

from typing import Any

import torch

from asrcompress.compress.training import processes
from asrcompress.core.device import resolve_device
from asrcompress.core.errors import InputError


def accelerator_for(device: str, precision: str) -> Any:
    """accelerate's Accelerator; one begun before in this process with other settings is forgotten.

    Raises:
        InputError: there is no such device here, or it cannot compute in that precision.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs
    from accelerate.state import AcceleratorState

    found = torch.device(resolve_device(device))
    if precision != "fp32" and found.type == "cpu":
        raise InputError(
            "training in half precision on the CPU",
            got=precision,
            expected="fp32",
            next_step="leave precision out, or train on a GPU",
        )
    if processes.count() == 1:
        AcceleratorState._reset_state(reset_partial_state=True)
        if found.type == "cuda" and found.index is not None:
            torch.cuda.set_device(found)
    return Accelerator(
        cpu=found.type == "cpu",
        mixed_precision="no" if precision == "fp32" else precision,
        # the blocks after the last that the loss looks at have no gradient
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )


def device_name(device: torch.device) -> str:
    """For example cpu with 2 threads, or a GPU's name."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)
