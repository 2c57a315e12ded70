"""Fonts for names in any script, as far as they are installed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

_FIRST = "DejaVu Sans"  # comes with matplotlib
_PLAIN_WEIGHT = 400


def font_families(texts: Iterable[str]) -> tuple[str, ...]:
    """The families that have the texts' characters, the usual one first, and no more than needed.

    What no installed font has is drawn as a box in a PNG; an SVG holds the text itself.
    """
    missing = {ord(char) for text in texts for char in text} - _characters_of(_FIRST)
    families = [_FIRST]
    for family in _others() if missing else ():
        found = _characters_of(family)
        if missing & found:
            families.append(family)
            missing -= found
        if not missing:
            break
    return tuple(families)


@cache
def _others() -> tuple[str, ...]:
    return tuple(sorted({*_files()} - {_FIRST}))


@cache
def _files() -> dict[str, str]:
    """The file of each family's plain face; families without one are left out."""
    from matplotlib.font_manager import fontManager

    faces = sorted(fontManager.ttflist, key=lambda face: face.fname, reverse=True)
    plain = [face for face in faces if (face.weight, face.style) == (_PLAIN_WEIGHT, "normal")]
    return {face.name: face.fname for face in plain}


@cache
def _characters_of(family: str) -> frozenset[int]:
    """The code points of a family; none where it has no outlines, as some emoji have not."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(_files()[family]).get_charmap())
    except (RuntimeError, ValueError, OSError):
        return frozenset()
