"""The parts of the Markdown report, cut so that all together fit a comment.

GitHub takes 65,536 characters in a comment on a pull request, and 1 MiB in a step's summary. The
report has at most 60,000. Where it would have more, the parts that are not folded away get two
thirds of that, and within both thirds each part in its order at most half of what is left: what
is longer loses the last rows of its tables, and says how many; what has no room for any is left
out. A last line names all that is not whole, and where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asrcompress.report.markdown.pieces import details, escape
from asrcompress.report.wording import count_of, list_names

MOST_CHARACTERS = 60_000
_MOST_UNFOLDED = 40_000
_LAST_LINE = 1_000
_TOO_LONG = "Too long for a comment, report.html has all. {}."
_MOST_NAMED = 12  # parts in the last line
_HEAD = 2  # lines of a table's head
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A title without marks, and a body in Markdown: paragraphs, lists and tables.

    Between these are empty lines. A folded part shows its title.
    """

    title: str
    body: str
    is_folded: bool = False

    def around(self, body: str) -> str:
        """The part with another body."""
        return details(self.title, body) if self.is_folded else body

    @property
    def text(self) -> str:
        """The whole part."""
        return self.around(self.body)


@dataclass(slots=True)
class _Kept:
    """What is in the report so far."""

    texts: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, parts: Sequence[Part], room: int) -> int:
        """Add the parts as far as they fit; how many characters they took."""
        used = 0
        for part in parts:
            share = (room - used) // 2 - len(_GAP)
            text = part.text if len(part.text) <= share else cut(part, share)
            if text is None:
                self.left_out.append(part.title)
                continue
            self.texts.append(text)
            used += len(text) + len(_GAP)
            if text != part.text:
                self.cut.append(part.title)
        return used


def fitting(parts: Sequence[Part]) -> str:
    """The report, at most 60,000 characters whatever the parts are."""
    texts = [part.text for part in parts]
    if len(_GAP.join(texts)) < MOST_CHARACTERS:
        return _GAP.join(texts)
    kept = _Kept()
    used = kept.add([part for part in parts if not part.is_folded], _MOST_UNFOLDED)
    kept.add([part for part in parts if part.is_folded], MOST_CHARACTERS - _LAST_LINE - used)
    return _GAP.join([*kept.texts, _last_line(kept)])


def cut(part: Part, room: int) -> str | None:
    """The part with as many lines as fit, and how many do not; None where none fits."""
    pieces = list(_pieces(part.body))
    ending = f"{_GAP}{len(pieces)} more lines in report.html."
    left = room - len(part.around("")) - len(ending)
    kept: list[str] = []
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        kept.append(piece)
    if not kept:
        return None
    ending = f"{_GAP}{count_of(len(pieces) - len(kept), 'more line')} in report.html."
    return part.around("".join(kept) + ending)


def _pieces(body: str) -> Iterator[str]:
    """Each line with the line break before it; a table's head with its first row."""
    for number, block in enumerate(body.split(_GAP)):
        lines = block.split("\n")
        first = 1 + _HEAD if len(lines) > _HEAD and lines[0].startswith("|") else 1
        yield ("\n\n" if number else "") + "\n".join(lines[:first])
        yield from (f"\n{text}" for text in lines[first:])


def _last_line(kept: _Kept) -> str:
    """What is not whole, by name as long as there is room."""
    found = {"Cut short:": kept.cut, "left out:": kept.left_out}
    named = [f"{what} {_named(titles)}" for what, titles in found.items() if titles]
    counted = [
        f"{what} {count_of(len(titles), 'part')}" for what, titles in found.items() if titles
    ]
    text = _TOO_LONG.format("; ".join(named))
    return text if len(text) <= _LAST_LINE - len(_GAP) else _TOO_LONG.format("; ".join(counted))


def _named(titles: Sequence[str]) -> str:
    more = len(titles) - _MOST_NAMED
    shown = escape(list_names(titles[:_MOST_NAMED]))
    return f"{shown} and {more} more" if more > 0 else shown
