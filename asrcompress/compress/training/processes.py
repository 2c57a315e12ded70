"""Which of several processes this is, as `accelerate launch` and `torchrun` start them."""

from __future__ import annotations

import os


def rank() -> int:
    """This process's number, from 0."""
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_main() -> bool:
    """Whether this is the process that prints and writes."""
    return rank() == 0
