"""The multilingual normaliser, by hand in eleven scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.evaluate import word_counts
from asrcompress.evaluate.multilingual import multilingual, turkish

_ZWNJ, _ZWJ = "\u200c", "\u200d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Hindi: quotation marks, danda and digits go, every vowel sign and the nukta stay.
        (
            "\u092e\u0948\u0902\u0928\u0947 \u201c\u0915\u094d\u092f\u093e "
            "\u0967\u0968 \u092c\u091c\u0947?\u201d \u0915\u0939\u093e\u0964",
            "\u092e\u0948\u0902\u0928\u0947 \u0915\u094d\u092f\u093e 12 \u092c\u091c\u0947 "
            "\u0915\u0939\u093e",
        ),
        # Hindi: a nukta written as one code point or as two (NFKC takes it apart).
        ("\u095b\u0930\u093e", "\u091c\u093c\u0930\u093e"),
        # Arabic: comma, question mark, tatweel and digits; tashkeel stays.
        (
            "\u0643\u064e\u062a\u064e\u0628\u060c "
            "\u0627\u0644\u0643\u062a\u0640\u0640\u0627\u0628 \u0661\u0662\u0663\u061f",
            "\u0643\u064e\u062a\u064e\u0628 \u0627\u0644\u0643\u062a\u0627\u0628 123",
        ),
        # Arabic: the presentation form of lam with alef, as copied from PDF files.
        ("\ufefb", "\u0644\u0627"),
        # Persian: 'I want' with a non-joiner, its yeh from either keyboard, Persian digits.
        (
            f"\u0645\u06cc{_ZWNJ}\u062e\u0648\u0627\u0647\u0645 \u06f4\u06f5",
            "\u0645\u064a\u062e\u0648\u0627\u0647\u0645 45",
        ),
        # Thai: digits; tone marks and vowels stay, nothing is split.
        ("\u0e19\u0e49\u0e33\u0e51\u0e52 \u0e3f", "\u0e19\u0e49\u0e4d\u0e3212"),
        # Tamil: dash and exclamation mark; the virama stays.
        (
            "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u2014 \u0bae\u0bca\u0bb4\u0bbf!",
            "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0bae\u0bca\u0bb4\u0bbf",
        ),
        # Malayalam: a chillu of old spelling (na, virama, joiner) is the letter of new spelling.
        (f"\u0d05\u0d35\u0d28\u0d4d{_ZWJ}", "\u0d05\u0d35\u0d7b"),
        # Bengali: khanda ta likewise.
        (f"\u09a4\u09cd{_ZWJ}", "\u09ce"),
        # Hebrew: points stay (in canonical order), maqaf separates, an abbreviation keeps its mark.
        (
            "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd,",
            "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
        ),
        ("\u05d1\u05d9\u05ea\u05be\u05e1\u05e4\u05e8", "\u05d1\u05d9\u05ea \u05e1\u05e4\u05e8"),
        ("\u05e6\u05d4\u05f4\u05dc", '\u05e6\u05d4"\u05dc'),
        ('"\u05e6\u05d4"', "\u05e6\u05d4"),
        ("\u05d2\u05f3\u05d9\u05e8\u05e4\u05d4", "\u05d2'\u05d9\u05e8\u05e4\u05d4"),
        # Chinese: full-width comma, stop, letters and digits; no spaces are put in.
        (
            "\u4f60\u597d\uff0c\u4e16\u754c\u3002\uff21\uff22\uff11\uff12",
            "\u4f60\u597d \u4e16\u754c ab12",
        ),
        # Japanese: half-width katakana, the long-vowel mark stays.
        ("\uff76\uff9e\uff70\u3001", "\u30ac\u30fc"),
        # Greek and German: the final sigma and the sharp s have no capital of their own.
        ("\u03a3\u039f\u03a6\u039f\u03a3 Stra\u00dfe", "\u03c3\u03bf\u03c6\u03bf\u03c3 strasse"),
        # English, as basic has it.
        ("Don\u2019t 'quote' rock'n'roll", "don't quote rock'n'roll"),
        # Symbols leave nothing behind, not even the mark that coloured them.
        ("\u2764\ufe0f ok \U0001f44d\U0001f3fd \u00b4 \ufe71", "ok"),
    ],
)
def test_multilingual(text: str, expected: str) -> None:
    """Spelling that cannot be heard goes; vowel signs, tones and points stay."""
    assert multilingual(text) == expected


def test_turkish_capitals() -> None:
    """The dotted capital equals its small letter everywhere; the undotted one in `turkish` only."""
    assert multilingual("\u0130stanbul") == multilingual("istanbul") == "istanbul"
    assert multilingual("I\u0307stanbul") == turkish("I\u0307stanbul") == "istanbul"
    assert (
        turkish("\u0130STANBUL ISI")
        == turkish("istanbul \u0131s\u0131")
        == "istanbul \u0131s\u0131"
    )
    assert multilingual("ISI") == "isi"
    assert multilingual("\u0131s\u0131") == "\u0131s\u0131"


def test_marks_make_words_differ() -> None:
    """Two Hindi words that a vowel sign tells apart; without marks they would be one."""
    day, give = "\u0926\u093f\u0928", "\u0926\u0940\u0928"
    assert word_counts(multilingual(day), multilingual(give)).s == 1


@given(st.text(max_size=30))
def test_multilingual_is_idempotent(text: str) -> None:
    """A normalised text is its own normal form, with single spaces."""
    once = multilingual(text)
    assert multilingual(once) == once
    assert once == " ".join(once.split())


@given(st.text(max_size=30))
def test_turkish_is_idempotent(text: str) -> None:
    once = turkish(text)
    assert turkish(once) == once
