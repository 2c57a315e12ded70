"""How a room tells of progress without knowing of consoles."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how many units are done, and how many there are.

    A task is known by its words; those behind a colon, and a number before it, may change from
    call to call: `training 1200: loss 0.123`.
    """

    def __call__(self, what: str, done: int, total: int) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """The progress that nobody watches."""
