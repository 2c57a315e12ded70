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
    def sum(self) -> Ledger:
        """Their totals."""
        return _part(self.rows)

    @property
    def shape(self) -> str:
        """The tensors' one shape before and, where it changed, after; `various` for several.

        Shapes after may differ in their sizes: 768x768 -> 64..512x768; removed tensors: -> 0.
        """
        before = {row.shape_before for row in self.rows}
        after = {row.shape_after for row in self.rows}
        is_removed = all(row.is_removed for row in self.rows)
        if len(before) > 1 or len({len(shape) for shape in after}) > 1:
            return "various -> 0" if is_removed else "various"
        changed = "0" if is_removed else _shape_words(after)
        return " -> ".join(dict.fromkeys([_shape_words(before), changed]))


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


def sums_of(ledger: Ledger, left_alone: str) -> dict[str, Ledger]:
    """The compressed tensors, those left alone under that name, and all."""
    return {
        "compressed": _part(row for row in ledger.rows if row.is_compressed),
        left_alone: _part(row for row in ledger.rows if not row.is_compressed),
        "total": ledger,
    }


def _part(rows: Iterable[LedgerRow]) -> Ledger:
    """A ledger of rows that were checked when they were read."""
    return Ledger.model_construct(rows=tuple(rows))


def _pattern(name: str) -> str:
    return _INDEX.sub("*", _LEAF.sub("", name))


def _group_name(rows: Sequence[LedgerRow]) -> str:
    if len(rows) == 1:
        return rows[0].name
    patterns = {_pattern(row.name) for row in rows}
    if len(patterns) == 1:
        return patterns.pop()
    return f"{shared_parent(patterns)}*"


def _shape_words(shapes: Iterable[tuple[int, ...]]) -> str:
    """Shapes of as many axes, with the least and the largest size of each: 64..512x768."""
    return "x".join(_range(list(map(str, sizes))) for sizes in zip(*shapes, strict=True)) or "1"


def _with_ranges(texts: Sequence[str]) -> str:
    """Texts that differ in numbers only as one, the lowest and highest where they differ."""
    places = list(zip(*(_NUMBER.findall(text) for text in texts), strict=True))
    ranges = iter([_range(numbers) for numbers in places])
    return _NUMBER.sub(lambda _: next(ranges), texts[0])


def _range(numbers: Sequence[str]) -> str:
    ordered = sorted(dict.fromkeys(numbers), key=float)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]}..{ordered[-1]}"
