"""The dimensions left of each block as bars: the geometry only, a template draws it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from asrcompress.report.block_widths import BlockWidths, Width
from asrcompress.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from asrcompress.report.sensitivity_charts import labelled
from asrcompress.report.wording import count_of

_BAR_SHARE = 0.7  # of a block's room; the rest is the gap
_FLOOR = float(HEIGHT - BOTTOM)


@dataclass(frozen=True, slots=True)
class BarPart:
    """A head's dimensions in a bar, or all of a feed-forward's."""

    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One block; outline_y: the top of what there was, None where that is not known."""

    x: float
    width: float
    parts: tuple[BarPart, ...]
    outline_y: float | None
    words: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """One kind of dimensions through the blocks; words: for who does not see it."""

    title: str
    words: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]


def width_charts(blocks: Sequence[BlockWidths]) -> tuple[BarChart, ...]:
    """Dimensions left beside what there was; Wang et al. (2023), Figure 3b. None without blocks."""
    if not blocks:
        return ()
    return (
        _chart("Query and key dimensions", blocks, lambda block: block.query_key, _queries),
        _chart("Value and output dimensions", blocks, lambda block: block.value_output, _values),
        _chart("Feed-forward dimensions", blocks, lambda block: block.feed_forward, _inner),
    )


def _queries(block: BlockWidths) -> tuple[int, ...]:
    return tuple(queries for queries, _ in block.heads)


def _values(block: BlockWidths) -> tuple[int, ...]:
    return tuple(values for _, values in block.heads)


def _inner(block: BlockWidths) -> tuple[int, ...]:
    return (block.feed_forward.left,)


def _chart(
    title: str,
    blocks: Sequence[BlockWidths],
    width_of: Callable[[BlockWidths], Width],
    parts_of: Callable[[BlockWidths], tuple[int, ...]],
) -> BarChart:
    widths = [width_of(block) for block in blocks]
    most = max(1, *(width.before or width.left for width in widths))
    room = (WIDTH - LEFT - RIGHT) / len(blocks)
    starts = [LEFT + room * index for index in range(len(blocks))]
    height = (_FLOOR - TOP) / most
    lowest, highest = min(width.left for width in widths), max(width.left for width in widths)
    of_all = "" if widths[0].before is None else f" of {max(w.before or 0 for w in widths)}"
    return BarChart(
        title=title,
        words=f"{title} left of each block: from {lowest} to {highest}{of_all}",
        x_ticks=tuple(labelled([(x + room / 2, str(at)) for at, x in enumerate(starts)])),
        y_ticks=tuple((_FLOOR - tick * height, str(tick)) for tick in _ticks(most)),
        bars=tuple(
            Bar(
                x=x + room * (1 - _BAR_SHARE) / 2,
                width=room * _BAR_SHARE,
                parts=tuple(_stacked(parts_of(block), height)),
                outline_y=None if width.before is None else _FLOOR - width.before * height,
                words=_words(block, width, parts_of(block)),
            )
            for x, block, width in zip(starts, blocks, widths, strict=True)
        ),
    )


def _ticks(most: int) -> range:
    """Quarters of what there was, where they are whole: widths are powers of two or thrice one."""
    step = next(most // parts for parts in (4, 3, 2, 1) if most % parts == 0)
    return range(0, most + 1, step)


def _stacked(parts: Iterable[int], height: float) -> Iterator[BarPart]:
    """One upon the other from the ground; what is 0 has no part."""
    y = _FLOOR
    for part in parts:
        if part:
            y -= part * height
            yield BarPart(y, part * height)


def _words(block: BlockWidths, width: Width, parts: Sequence[int]) -> str:
    """block 7: 263/768 in 8 heads."""
    heads = sum(part > 0 for part in parts)
    where = f" in {count_of(heads, 'head')}" if len(parts) > 1 else ""
    return f"block {block.number}: {width.words}{where}"
