"""A picture before it is a file: its name, what it shows, its size, and how it is drawn."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asrcompress.core.errors import one_line
from asrcompress.report.labels import text_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_IN_NAME = 80  # of a file's name, which may have 255 bytes with its ending
_USUAL = "n"
_NOT_SAFE = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure: the stem of its files' names, its caption, inches across and down."""

    name: str
    caption: str
    size_in: tuple[float, float]
    draw: Callable[[Figure], None]


def file_name(*parts: str) -> str:
    """A stem that every file system takes, and tells from others in any case of letters.

    Letters a to z, digits, points and hyphens; a part in another script is named by a hash.
    """
    words = "-".join(part for part in map(_safe, parts) if part)
    if len(words) <= _MOST_IN_NAME:
        return words
    return f"{words[: _MOST_IN_NAME - 9].rstrip('-.')}-{_hash(words)}"


def with_own_names(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The pictures with a number behind a name that another has already: wer-by-snr-2."""
    taken: set[str] = set()
    for picture in pictures:
        name, count = picture.name, 1
        while name in taken:
            count += 1
            name = f"{picture.name}-{count}"
        taken.add(name)
        yield replace(picture, name=name)


def short_names(names: Iterable[str], most: int) -> list[str]:
    """Names of one line, long ones without their middle, and all of them told apart."""
    found: list[str] = []
    for name in names:
        text = short_name(name, most)
        count = 1
        while text in found:
            count += 1
            text = f"{short_name(name, most - 4)} ({count})"
        found.append(text)
    return found


def short_name(name: str, most: int) -> str:
    """A name of one line, as wide as so many usual characters at most, else without its middle."""
    text = one_line(name)
    if width_of(text) <= most:
        return text
    head, tail = text[:most], text[-most:]
    while width_of(head) + width_of(tail) + 2 > most:
        head, tail = (head[:-1], tail) if len(head) >= len(tail) else (head, tail[1:])
    return f"{head}\u2026{tail}"


def width_of(text: str) -> float:
    """How wide a text is drawn, at most, in usual characters; a Chinese one takes more than one."""
    return text_width(text) / text_width(_USUAL)


def _safe(part: str) -> str:
    plain = unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode().lower()
    text = _NOT_SAFE.sub("-", plain).strip("-.")
    return text if text or not part.strip() else _hash(part)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
