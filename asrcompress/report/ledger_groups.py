"""A ledger's rows put together: tensors of one kind and fate, and their totals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asrcompress.core.ledger import Ledger, LedgerRow
from asrcompress.report.layers import shared_parent

_INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")  # encoder.layers.7.attention: the 7
_NUMBER = re.compile(r"(?:(?<![\w.])-)?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_LEAF = re.compile(r"\.(weight|bias)$")


@dataclass(frozen=True, slots=True)
class RowSum:
    """What several tensors have together; a tied one's weights count where they are stored."""

    rows: tuple[LedgerRow, ...]

    @property
    def weights(self) -> int:
        return sum(row.weights for row in self.rows if row.tied_to is None)

    @property
    def sparsity(self) -> float | None:
        """Zeros / weights, None where there are no weights of their own."""
        zeros = sum(row.sparsity * row.weights for row in self.rows if row.tied_to is None)
        return zeros / self.weights if self.weights else None

    @property
    def bytes_before(self) -> int:
        return sum(row.bytes_before for row in self.rows)

    @property
    def bytes_after(self) -> int:
        return sum(row.bytes_after for row in self.rows)

    @property
    def rate(self) -> float | None:
        """Bytes before / bytes after, None where none are left."""
        return self.bytes_before / self.bytes_after if self.bytes_after else None


@dataclass(frozen=True, slots=True)
class LedgerGroup:
    """Tensors that share a module's name up to layer numbers, their type and their treatment."""

    name: str
    rows: tuple[LedgerRow, ...]

    @property
    def first(self) -> LedgerRow:
        """The tensor that stands for all: they share kind and type."""
        return self.rows[0]

    @property
    def why(self) -> str:
        """The tensors' reason; where numbers differ, their range: pruned 31..45 %."""
        return _with_ranges([row.why for row in self.rows])

    @property
    def sum(self) -> RowSum:
        return RowSum(self.rows)

    @property
    def shape(self) -> str:
        """The tensors' one shape before and, where it changed, after; `various` for several."""
        before = {row.shape_before for row in self.rows}
        after = {row.shape_after for row in self.rows}
        if len(before) > 1 or len(after) > 1:
            return "various"
        shapes = ["x".join(map(str, shape)) or "1" for shape in (*before, *after)]
        return " -> ".join(dict.fromkeys(shapes))


def group_rows(rows: Iterable[LedgerRow]) -> list[LedgerGroup]:
    """Compressed tensors by module name, layer numbers aside; then the others by class and reason.

    Within both, the order of the state dict. Reasons may differ in their numbers.
    """
    found: dict[tuple[str, ...], list[LedgerRow]] = {}
    for row in sorted(rows, key=lambda row: not row.is_compressed):
        name = _pattern(row.name) if row.is_compressed else ""
        key = (name, row.kind, row.qtype, _NUMBER.sub("*", row.why))
        found.setdefault(key, []).append(row)
    return [LedgerGroup(_group_name(members), tuple(members)) for members in found.values()]


def sums_of(ledger: Ledger) -> dict[str, RowSum]:
    """The compressed tensors, those left alone, and all."""
    return {
        "compressed": RowSum(tuple(row for row in ledger.rows if row.is_compressed)),
        "left alone": RowSum(tuple(row for row in ledger.rows if not row.is_compressed)),
        "total": RowSum(ledger.rows),
    }


def _pattern(name: str) -> str:
    return _INDEX.sub("*", _LEAF.sub("", name))


def _group_name(rows: Sequence[LedgerRow]) -> str:
    if len(rows) == 1:
        return rows[0].name
    patterns = {_pattern(row.name) for row in rows}
    if len(patterns) == 1:
        return patterns.pop()
    return f"{shared_parent(patterns)}*"


def _with_ranges(texts: Sequence[str]) -> str:
    """Texts that differ in numbers only as one, the lowest and highest where they differ."""
    places = list(zip(*(_NUMBER.findall(text) for text in texts), strict=True))
    ranges = iter([_range(numbers) for numbers in places])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _range(numbers: Sequence[str]) -> str:
    ordered = sorted(dict.fromkeys(numbers), key=float)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]}..{ordered[-1]}"
