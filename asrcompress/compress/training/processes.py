"""Which of several processes this is, as `accelerate launch` and `torchrun` start them.

    accelerate launch --num_processes 4 --module asrcompress compress MODEL --method distill ...
    torchrun --nproc-per-node 2 --module asrcompress compress MODEL --device cpu ...

The first one is for GPUs; on a CPU accelerate starts one process alone, and torchrun several. Each
hears batches of its own, so a step hears as many times batch_seconds as there are processes. Only
the main one prints, writes, and goes on when training is over.
"""

from __future__ import annotations

import os
from typing import Any


def rank() -> int:
    """This process's number, from 0."""
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    """Whether this is the process that prints and writes."""
    return rank() == 0


def are_connected() -> bool:
    """Whether they can still exchange what they compute."""
    from torch import distributed

    group: Any = distributed
    return bool(group.is_available() and group.is_initialized())


def part() -> None:
    """End what connects the processes, after which each is alone; nothing where one trained."""
    from torch import distributed

    group: Any = distributed
    if count() > 1 and are_connected():
        group.destroy_process_group()
