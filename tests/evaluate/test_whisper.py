"""Whisper's normalisers; what is expected was printed by openai-whisper 20250625 itself."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from asrcompress.core.errors import InputError
from asrcompress.evaluate import normaliser_for, whisper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith won't pay twenty-one dollars, um.", "mister smith will not pay $21"),
        (
            "The colour of the grey centre, analysed (laughs) by neighbours!",
            "the color of the gray center analyzed by neighbors",
        ),
        (
            "I'm gonna mobilise three thousand and five, [noise] ok?",
            "i am going to mobilize 3005 ok",
        ),
        ("It's kinda one oh one percent", "it is kinda 101%"),
        ("$3.50 and \u00a31,000,000", "$3.50 and \u00a31000000"),
        (
            "Dr. O'Neil's favourite theatre programme was nineteen sixty-eight",
            "doctor 0 neil is favorite theater program was 1968",
        ),
    ],
)
def test_english_is_whispers(text: str, expected: str) -> None:
    """Spelling, contractions, numbers and fillers, character for character."""
    assert normaliser_for("english")(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't <unk> stop (now)!", "don t stop "),
        ("Stra\u00dfe \u00c9", "stra\u00dfe \u00e9"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939 \u0928 \u0926 "),
        ("\u0643\u064e\u062a\u064e\u0628", "\u0643 \u062a \u0628"),
    ],
)
def test_whisper_basic_is_whispers(text: str, expected: str) -> None:
    """With the damage that it does to Indic words and pointed Arabic: three words for one."""
    assert normaliser_for("whisper-basic")(text) == expected


def test_first_version_leaves_spelling() -> None:
    """english-1, of older results, had no British-to-American table."""
    assert normaliser_for("english-1")("Mr. Smith's colour") == "mister smith is colour"


def test_another_spelling_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same name never means another table."""
    monkeypatch.setattr(whisper, "_TABLE_SHA256", "0" * 64)
    whisper._english.cache_clear()
    with pytest.raises(InputError, match="not Whisper's spelling table: whisper_normalizer"):
        whisper.whisper_english("colour")


def test_a_missing_spelling_table_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What to install is said; no import error comes through."""
    absent: ModuleType | None = None
    monkeypatch.setitem(sys.modules, "whisper_normalizer", absent)
    whisper._english.cache_clear()
    with pytest.raises(InputError, match="install whisper-normalizer"):
        whisper.whisper_english("colour")
