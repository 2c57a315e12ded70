"""The layers of a ledger by their place in the model: blocks that repeat, and what is around them.

A ledger knows tensors by name only. The first number in a dotted name after which the siblings
repeat numbers the blocks of a stack: encoder.layers.7.attention.q_proj is the kind
attention.q_proj in block 7 of the stack encoder.layers. An encoder and a decoder are two stacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from asrcompress.core.ledger import LayerAnalysis, LedgerRow

WHOLE_BITS = 32  # of a weight as it is trained
PRUNED_SPARSITY = 0.01  # trained weights hold next to no exact zeros
_LEAF = re.compile(r"\.(weight|parametrizations\.weight\.original1)$")  # the second: weight norm's
_BITS = re.compile(r"\d{1,3}")  # qint4: 4; bfloat16: 16
_MOST_DIGITS = 6  # of a block's number; a longer one is a name
_PRUNED = re.compile(r"\bpruned\b")
_LEAST_KINDS = 2  # a chain of single layers, like a feature extractor's, is no stack of blocks


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer's weight and its place.

    stack and block: None outside of blocks. kind: the name within a block; outside the whole name
    with * for numbers, which layers of a chain like a feature extractor's share.
    """

    row: LedgerRow
    name: str
    stack: str | None
    block: int | None
    kind: str

    @property
    def bits(self) -> int | None:
        """Bits of a weight, without scales and shifts; None for a type without a number.

        None too where no weight is left.
        """
        if self.is_removed:
            return None
        found = _BITS.search(self.row.qtype)
        return int(found.group()) if found else None

    @property
    def is_removed(self) -> bool:
        """True where nothing of the layer's weight is left."""
        return self.row.is_removed

    @property
    def is_pruned(self) -> bool:
        """True where zeros were made on purpose; rounding to few bits makes zeros too."""
        return bool(_PRUNED.search(self.row.why)) and self.row.sparsity >= PRUNED_SPARSITY

    @property
    def number(self) -> str:
        """The block's number; outside of blocks the numbers in the name, for example 0.3."""
        found = _numbers(self.name) if self.block is None else [str(self.block)]
        return ".".join(found)

    @property
    def analysis(self) -> LayerAnalysis | None:
        return self.row.analysis

    @property
    def divergences(self) -> dict[str, float]:
        """By option, the mean over the conditions; in nats."""
        found = self.analysis.sensitivity if self.analysis else ()
        return {
            row.option: sum(row.divergence.values()) / len(row.divergence)
            for row in found
            if row.divergence
        }


@dataclass(frozen=True)
class Stack:
    """Blocks of the same kinds of layers, one after the other."""

    name: str
    layers: tuple[LayerView, ...]

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[LayerView, ...]]:
        """The layers of each kind, in the order of their first block."""
        return by_kind(self.layers)

    @cached_property
    def blocks(self) -> tuple[int, ...]:
        """The blocks' numbers, from the first to the last."""
        return tuple(sorted({layer.block for layer in self.layers if layer.block is not None}))


@dataclass(frozen=True, slots=True)
class Layout:
    """A model's layers: its stacks of blocks, and those outside."""

    stacks: tuple[Stack, ...]
    outside: tuple[LayerView, ...]

    @property
    def layers(self) -> tuple[LayerView, ...]:
        """All of them, stack by stack, then those outside."""
        return (*(layer for stack in self.stacks for layer in stack.layers), *self.outside)

    @property
    def is_uniform(self) -> bool:
        """True where every layer is whole in 32 bits: a map of bits would show nothing else."""
        return all(
            layer.bits == WHOLE_BITS and not (layer.is_removed or layer.is_pruned)
            for layer in self.layers
        )


def is_layer(row: LedgerRow) -> bool:
    """True for the weight matrix, kernel or table of a layer; gains and biases are none."""
    return len(row.shape_before) > 1 and bool(_LEAF.search(row.name))


def layer_name(row: LedgerRow) -> str:
    """The name of the layer whose weight it is."""
    return _LEAF.sub("", row.name)


def layout_of(rows: Iterable[LedgerRow]) -> Layout:
    """The layers among the rows by their place."""
    named = [(layer_name(row), row) for row in rows if is_layer(row)]
    stacks = _stack_names(name for name, _ in named)
    found: dict[str, list[LayerView]] = {}
    outside = []
    for name, row in named:
        place = next((place for place in _places(name) if place[0] in stacks), None)
        if place is None:
            kind = ".".join("*" if part.isdecimal() else part for part in name.split("."))
            outside.append(LayerView(row, name, None, None, kind))
        else:
            stack, block, kind = place
            found.setdefault(stack, []).append(LayerView(row, name, stack, block, kind))
    return Layout(
        tuple(Stack(name, tuple(layers)) for name, layers in found.items()), tuple(outside)
    )


def by_kind(layers: Iterable[LayerView]) -> Mapping[str, tuple[LayerView, ...]]:
    """The layers of each kind, kinds and layers in the order in which they come."""
    found: dict[str, list[LayerView]] = {}
    for layer in layers:
        found.setdefault(layer.kind, []).append(layer)
    return {kind: tuple(members) for kind, members in found.items()}


def options_of(layers: Iterable[LayerView]) -> tuple[str, ...]:
    """The options whose divergence was measured on any of the layers, as they come."""
    return tuple(dict.fromkeys(option for layer in layers for option in layer.divergences))


def shared_parent(names: Iterable[str]) -> str:
    """The dotted parent that all names share, with its dot, or nothing."""
    shared = []
    for parts in zip(*(name.split(".")[:-1] for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(f"{parts[0]}.")
    return "".join(shared)


def densities(histogram: Sequence[int]) -> tuple[float, ...]:
    """Counts a bin, two bins together from the middle one outwards, as shares of the largest.

    33 bins become 17 columns: the middle one is a bin alone, since it is centred on zero.
    """
    middle = len(histogram) // 2
    right = [sum(histogram[at : at + 2]) / 2 for at in range(middle + 1, len(histogram), 2)]
    left = [sum(histogram[max(at - 1, 0) : at + 1]) / 2 for at in range(middle - 1, -1, -2)]
    columns = [*reversed(left), float(histogram[middle]), *right]
    highest = max(columns)
    return tuple(column / highest if highest else 0.0 for column in columns)


def _numbers(name: str) -> list[str]:
    return [part for part in name.split(".") if part.isdecimal()]


def _places(name: str) -> Iterable[tuple[str, int, str]]:
    """(stack, block, kind) by each number in the name that something follows, first to last."""
    parts = name.split(".")
    for at, part in enumerate(parts[:-1]):
        if at and part.isdecimal() and len(part) <= _MOST_DIGITS:
            yield ".".join(parts[:at]), int(part), ".".join(parts[at + 1 :])


def _stack_names(names: Iterable[str]) -> frozenset[str]:
    """The numbered containers that hold several kinds of layers."""
    kinds: dict[str, set[str]] = {}
    for name in names:
        for stack, _, kind in _places(name):
            kinds.setdefault(stack, set()).add(kind)
    return frozenset(name for name, found in kinds.items() if len(found) >= _LEAST_KINDS)
