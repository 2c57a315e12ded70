"""How a room tells of progress without knowing of consoles."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how many units are done, and how many there are.

    A task is known by its words; those behind a colon, and a number before it, may change from
    call to call: `training 1200: loss 0.123`. Where they end in ` left` they say how much time is
    left, by who knows better than can be told from the units.
    """

    def __call__(self, what: str, done: int, total: int) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """The progress that nobody watches."""


def tells_time_left(what: str) -> bool:
    """Whether the words of a progress say themselves how much time is left."""
    return what.endswith(" left")
