"""Divergence by depth as line charts on a logarithmic scale: the geometry only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asrcompress.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from asrcompress.report.layers import LayerView, Layout, Stack, options_of
from asrcompress.report.wording import divergence

_LABEL_WIDTH = 26  # a block's number on the axis; nearer ones are not labelled
_SHORT_EXPONENT = 2
_MOST_DECADES = 12  # what is smaller stands on the ground line


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """A layer's divergence at its place; what is not above 0 stands on the ground line."""

    layer: LayerView
    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class DepthLine:
    """One kind of layer through the blocks; index chooses its colour and marker."""

    name: str
    index: int
    points: tuple[DepthPoint, ...]

    @property
    def path(self) -> str:
        """The SVG path through the points."""
        return " ".join(
            f"{'L' if index else 'M'}{point.x:.1f} {point.y:.1f}"
            for index, point in enumerate(self.points)
        )


@dataclass(frozen=True, slots=True)
class DepthChart:
    """One option's picture in one stack: ticks as (place, label), and its lines."""

    title: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[DepthLine, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    """Decades of the axis: 10 ** low to 10 ** high."""

    low: int
    high: int

    def y(self, nats: float) -> float:
        exponent = math.log10(nats) if nats > 0 else self.low
        share = (max(exponent, self.low) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP)


def depth_charts(layout: Layout) -> tuple[DepthChart, ...]:
    """A picture for each option in each stack, all on one scale; none without a divergence."""
    layers = [layer for stack in layout.stacks for layer in stack.layers]
    scale = _scale(nats for layer in layers for nats in layer.divergences.values())
    if scale is None:
        return ()
    return tuple(
        _chart(stack, option, scale, is_alone=len(layout.stacks) == 1)
        for stack in layout.stacks
        for option in options_of(stack.layers)
    )


def _scale(values: Iterable[float]) -> _Scale | None:
    """Whole decades around what is above 0; None where nothing is."""
    positive = [nats for nats in values if nats > 0]
    if not positive:
        return None
    high = math.ceil(math.log10(max(positive)))
    low = max(math.floor(math.log10(min(positive))), high - _MOST_DECADES)
    return _Scale(min(low, high - 1), high)


def _chart(stack: Stack, option: str, scale: _Scale, *, is_alone: bool) -> DepthChart:
    width = (WIDTH - LEFT - RIGHT) / len(stack.blocks)
    places = {block: LEFT + (at + 0.5) * width for at, block in enumerate(stack.blocks)}
    exponents = range(scale.low, scale.high + 1)
    return DepthChart(
        title=option if is_alone else f"{option}, {stack.name}",
        x_ticks=tuple(labelled([(x, str(block)) for block, x in places.items()])),
        y_ticks=tuple((scale.y(10.0**exponent), _power(exponent)) for exponent in exponents),
        lines=tuple(
            DepthLine(kind, index, points)
            for index, (kind, layers) in enumerate(stack.by_kind.items())
            if (points := tuple(_points(layers, option, places, scale)))
        ),
    )


def _points(
    layers: Sequence[LayerView], option: str, places: dict[int, float], scale: _Scale
) -> Iterator[DepthPoint]:
    for layer in layers:
        if layer.block is not None and option in layer.divergences:
            nats = layer.divergences[option]
            yield DepthPoint(layer, places[layer.block], scale.y(nats), divergence(nats))


def _power(exponent: int) -> str:
    """10 to the exponent, short enough for the axis: 0.01, 1e-3."""
    return f"{10.0**exponent:g}" if abs(exponent) <= _SHORT_EXPONENT else f"1e{exponent}"


def labelled(ticks: Sequence[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """The ticks whose labels do not run into the one before."""
    last = -math.inf
    for x, label in ticks:
        if x - last >= _LABEL_WIDTH:
            yield (x, label)
            last = x
