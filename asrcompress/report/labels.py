"""Where names stand beside the points of a picture: none over another, none over a point."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from asrcompress.core.errors import one_line

FONT_SIZE = 13  # units of the SVG, as the style sheet has it
_LINE_HEIGHT = 16
_DESCENT = 4  # of the line height, below the baseline
# Widths of characters as parts of the font size in DejaVu Sans, wide among system fonts.
_NARROW, _USUAL, _BROAD = 0.42, 0.64, 1.0
_NARROW_CHARACTERS = frozenset("fijlrtI.,:;'|!()[]/\\- ")
_BROAD_CHARACTERS = frozenset("mw@%+")
_MOST_CHARACTERS = 22  # of a name; a longer one is cut in its middle
MARK_RADIUS = 7  # half of a point's mark, and the space around it
_NEAR = 9  # from a point's centre to its name
_RINGS = (26, 42, 60, 80, 104, 132, 164, 200)  # distances from which a line leads to the point
_DIRECTIONS = 16
_LEADER_STEP = 6  # between the places of a leading line that names keep clear of


Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A name's text with its place, at most as large as its box; y is its baseline.

    anchor: which part of it stands at x, so that it is near its point however wide it is drawn.
    leader: the line (x1, y1, x2, y2) to its point, where it stands away from it.
    """

    text: str
    y: float
    box: Box
    anchor: Anchor
    leader: tuple[float, float, float, float] | None = None

    @property
    def x(self) -> float:
        ends = {"start": self.box.left, "end": self.box.right}
        return ends.get(self.anchor, (self.box.left + self.box.right) / 2)


def place_labels(
    points: Sequence[Point],
    names: Sequence[str],
    area: Box,
    kept_clear: Sequence[Box] = (),
) -> tuple[Label | None, ...]:
    """A place for each name in the area, in the order given; None where no room is left.

    names: of the first of the points; those after them have none, but are kept clear of too.

    Names beside their points come first, then those with a line to it, near before far. None
    overlaps another or a point's mark; nor, where there is room, what is kept clear. A leading
    line may start over marks that lie over its own; it goes below names only where nothing else
    is left.
    """
    picture = _Picture(area, [around(x, y, MARK_RADIUS) for x, y in points])
    return tuple(
        picture.place(point, short_name(name), kept_clear)
        for point, name in zip(points, names, strict=False)
    )


def short_name(name: str) -> str:
    """A name of one line, its middle left out where it is long."""
    text = one_line(name)
    if len(text) <= _MOST_CHARACTERS:
        return text
    head = _MOST_CHARACTERS // 2 - 1
    return f"{text[:head]}\u2026{text[head + 1 - _MOST_CHARACTERS :]}"


def text_width(text: str) -> float:
    """How wide a text is drawn, at most, in units of the SVG."""
    return FONT_SIZE * sum(map(_character_width, text))


def _character_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _BROAD
    if character in _NARROW_CHARACTERS:
        return _NARROW
    is_broad = character in _BROAD_CHARACTERS or character.isupper() or not character.isascii()
    return _BROAD if is_broad else _USUAL


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is in the picture already; grows with each name."""

    area: Box
    marks: list[Box]
    taken: list[Box] = field(default_factory=list)

    def place(self, point: Point, text: str, kept_clear: Sequence[Box]) -> Label | None:
        """The first place that is free; best what is kept clear is free too, and its line's way."""
        candidates = [row for row in _candidates(text, *point) if self.area.holds(row.box)]
        own = around(*point, MARK_RADIUS)
        others = [mark for mark in self.marks if not mark.overlaps(own)]
        hard = [*self.taken, *self.marks]
        tries = (([*hard, *kept_clear], [*self.taken, *others]), (hard, [*self.taken, *others]))
        for covered, crossed in (*tries, (hard, [])):
            for found in candidates:
                if _overlap([found.box], covered) or _overlap(_along(found.leader), crossed):
                    continue
                self.taken.extend([found.box, *_along(found.leader)])
                return found
        return None


def _overlap(parts: Sequence[Box], others: Sequence[Box]) -> bool:
    return any(part.overlaps(other) for part in parts for other in others)


def _candidates(text: str, x: float, y: float) -> Iterator[Label]:
    """Beside the point, then on rings around it."""
    yield _label(text, (x + _NEAR, y), "start")
    yield _label(text, (x - _NEAR, y), "end")
    away = _NEAR + _LINE_HEIGHT / 2
    for middle in (y - away, y + away):
        yield _label(text, (x + _NEAR / 2, middle), "start")
        yield _label(text, (x - _NEAR / 2, middle), "end")
        yield _label(text, (x, middle), "middle")
    for distance in _RINGS:
        yield from _on_ring(text, x, y, distance)


def _on_ring(text: str, x: float, y: float, distance: float) -> Iterator[Label]:
    """With a line from the mark's rim to the name's nearer end, to the right before the left."""
    turns = sorted(range(_DIRECTIONS), key=lambda turn: min(turn, _DIRECTIONS - turn))
    for turn in turns:
        angle = 2 * math.pi * turn / _DIRECTIONS
        dx, dy = math.cos(angle), -math.sin(angle)
        end_x, end_y = x + distance * dx, y + distance * dy
        rim = MARK_RADIUS * 1.5  # beyond a corner of the mark's box
        leader = (x + rim * dx, y + rim * dy, end_x, end_y)
        if dx < -1e-9:
            yield _label(text, (end_x - 2, end_y), "end", leader)
        else:
            yield _label(text, (end_x + 2, end_y), "start", leader)


def _label(
    text: str,
    place: Point,
    anchor: Anchor,
    leader: tuple[float, float, float, float] | None = None,
) -> Label:
    """The name at a place, half of its height above and half below."""
    x, y = place
    width = text_width(text)
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width
    box = Box(left, y - _LINE_HEIGHT / 2, left + width, y + _LINE_HEIGHT / 2)
    return Label(text, box.bottom - _DESCENT, box, anchor, leader)


def _along(leader: tuple[float, float, float, float] | None) -> list[Box]:
    """Small boxes along a leading line, without its very end, where its own name begins."""
    if leader is None:
        return []
    x1, y1, x2, y2 = leader
    steps = max(1, math.ceil(math.hypot(x2 - x1, y2 - y1) / _LEADER_STEP))
    shares = [step / steps for step in range(steps)]
    return [around(x1 + s * (x2 - x1), y1 + s * (y2 - y1), 1.5) for s in shares]


def around(x: float, y: float, radius: float) -> Box:
    """The square around a point."""
    return Box(x - radius, y - radius, x + radius, y + radius)
