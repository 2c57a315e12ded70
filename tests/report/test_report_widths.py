"""Terminal tables fit any console, whatever the names are, and nothing is cut."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asrcompress.report import tables
from asrcompress.report.console import plain
from tests.report import everything

ALPHABETS = (
    "abc-_/.+ ",
    "\u4e2d\u6587\u30ab\u30bf\ud55c\uae00",  # two columns each
    "e\u0301o\u0308\u0915\u093f\u0e01\u0e33",  # combining marks
    "\U0001f3a4\U0001f600\u2705",  # emoji
    "\u05d0\u05d1\u0627\u0628\u0645",  # right to left
    "\x1b[31m\x07\x00\u202e\u2066\u200b\n\t\r\x9b",  # what must not pass
    "[bold]{x}|\\=",
)
NAMES = st.builds(
    lambda parts: "".join(parts)[:120],
    st.lists(st.text(st.sampled_from("".join(ALPHABETS)), min_size=1, max_size=40), max_size=4),
)
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def columns(line: str) -> int:
    """How many columns a line takes, by Unicode's East Asian widths and combining marks."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in line)
    marks = sum(unicodedata.category(character) in ("Mn", "Me", "Mc") for character in line)
    return len(line) + wide - marks


def shown(name: str, width: int) -> str:
    """All tables on a console of so many columns."""
    found = everything.findings(name)
    parts = tables(found, groups=True, intervals=True, flips=5, gates=True, layers=True)
    return plain(parts, width)


@pytest.mark.parametrize("width", [40, 80])
@settings(max_examples=4, deadline=None)
@given(name=NAMES)
@example(name="\U0001f3a4" * 30)
@example(name="e\u0301" * 60)
@example(name="\u05d0" * 100)
@example(name="\x1b[2J\u202e" * 5)
def test_no_line_is_wider_than_the_console(width: int, name: str) -> None:
    """And no control character of a name, for colours or for directions, is in it."""
    text = shown(name, width)
    assert max(map(columns, text.splitlines())) <= width
    assert not UNSEEN.search(text)


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("name", ["Q" * 5, "Q" * 100, "\u4e2d" * 60])
def test_nothing_is_cut(width: int, name: str) -> None:
    """No ellipsis of the console, and all of three artefacts' and two conditions' long names."""
    text = shown(name, width)
    assert max(map(columns, text.splitlines())) <= width
    assert "\u2026" not in text
    matrix = text.partition("\nWER %")[2].partition("\n= non-inferior")[0]
    assert matrix.count(name[0]) >= 5 * len(name)
