"""Cells of a table found by artefact and condition, without going through all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar


class Placed(Protocol):
    """Anything of one artefact under one condition."""

    @property
    def artefact(self) -> str: ...

    @property
    def condition(self) -> str: ...


Row = TypeVar("Row", bound=Placed)


class Places(Generic[Row]):
    """The rows of the table that was asked for last, by place: who asks for one asks for all."""

    def __init__(self) -> None:
        self._last: tuple[tuple[Row, ...], Mapping[tuple[str, str], Row]] = (), {}

    def of(self, rows: tuple[Row, ...]) -> Mapping[tuple[str, str], Row]:
        """The first row of each place."""
        known, places = self._last
        if known is not rows:
            places = {(row.artefact, row.condition): row for row in reversed(rows)}
            self._last = rows, places
        return places
