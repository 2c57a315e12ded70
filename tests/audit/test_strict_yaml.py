"""YAML's surprises are mistakes or plain text, never silent changes of meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.audit.strict_yaml import parse, scalar


def test_values_are_what_they_look_like() -> None:
    """`no` is a word, `1e-4` a number, and only true and false are booleans."""
    document = parse("a: no\nb: 1e-4\nc: true\nd: [1, 2.5, ~]\ne: 'yes'\nf: 2024-01-01\ng: 1:30\n")
    assert document.mistakes == []
    assert document.value == {
        "a": "no",
        "b": 1e-4,
        "c": True,
        "d": [1, 2.5, None],
        "e": "yes",
        "f": "2024-01-01",
        "g": "1:30",
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 012\n", 1, "leading zero"),
        ("a: 1\nb: 2\na: 3\n", 3, "given twice"),
        ("a: &x 1\nb: *x\n", 1, "anchors"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "tag"),
        ("a: !local 1\n", 1, "tag"),
        ("? [1, 2]\n: 3\n", 1, "a key must be a word"),
        ("a: [1, 2\n", 2, "not YAML"),
        ("a:\n\tb: 1\n", 2, "not YAML"),
    ],
)
def test_mistakes_have_their_line(text: str, line: int, message: str) -> None:
    """Every surprise is reported with the line it is on."""
    (mistake, *_) = parse(text).mistakes
    assert mistake.line == line
    assert message in str(mistake)


def test_all_mistakes_are_found_at_once() -> None:
    """The first mistake does not hide the others."""
    assert [m.line for m in parse("a: 01\nb: 1\nb: 2\nc: 007\n").mistakes] == [1, 3, 4]


def test_lines_of_keys() -> None:
    """A key's line is known, and a missing key has its container's."""
    document = parse("a:\n  b: 1\n  c: [x,\n    y]\n")
    assert document.line_of(("a", "c", 1)) == 4
    assert document.line_of(("a", "nothing", "here")) == 1


@given(st.integers())
def test_integers_survive(number: int) -> None:
    """A decimal integer is read as itself."""
    assert scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive(number: float) -> None:
    """A float's shortest text is read as itself."""
    assert scalar(repr(number)) == number


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    """Whatever the text, it is a document of plain values, or mistakes with lines that exist."""
    document = parse(text)
    assert isinstance(document.value, dict | list | str | int | float | None)
    assert all(1 <= mistake.line <= text.count("\n") + 2 for mistake in document.mistakes)


def test_deep_nesting_is_a_mistake() -> None:
    """A text that nests without end does not exhaust the stack."""
    assert parse("[" * 3_000).mistakes
