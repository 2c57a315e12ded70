"""Normalisers: what each one changes, and that it changes it once and for all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.core.errors import InputError
from asrcompress.evaluate import normaliser_for, normaliser_names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", "hello world"),
        ("  don't   STOP ", "don't stop"),
        ("don\u2019t", "don't"),  # a typographic apostrophe
        ("'quoted' dogs' rock'n'roll", "quoted dogs rock'n'roll"),
        ("well-known \u2014 yes", "well known yes"),
        ("\uff26\uff55\uff4c\uff4c \ufb01ne", "full fine"),  # NFKC: full width, ligature
        ("Stra\u00dfe", "strasse"),  # case folding
        ("e\u0301te\u0301", "\u00e9t\u00e9"),  # NFKC composes
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u0940"),  # Hindi
        ("\u0643\u064e\u062a\u064e\u0628\u060c", "\u0643\u064e\u062a\u064e\u0628"),  # Arabic comma
        ("\ufeffco\u00adop", "coop"),  # byte-order mark, soft hyphen
        ("3.5% + $2", "3 5 2"),
        ("...", ""),
    ],
)
def test_basic(text: str, expected: str) -> None:
    """Form, case and punctuation go; letters, marks, digits and inner apostrophes stay."""
    assert normaliser_for("basic")(text) == expected


@given(st.text(max_size=30))
def test_basic_is_idempotent(text: str) -> None:
    """A normalised text is its own normal form, with single spaces."""
    basic = normaliser_for("basic")
    once = basic(text)
    assert basic(once) == once
    assert once == " ".join(once.split())


def test_none_changes_nothing() -> None:
    assert normaliser_for("none")(" A, b ") == " A, b "


def test_version_is_part_of_the_id() -> None:
    """A result stores the version; a name means the newest, and old versions can be asked for."""
    assert normaliser_for("basic").id == "basic-1"
    assert normaliser_for("basic-1") == normaliser_for("basic")
    assert normaliser_for("english").id == "english-2"
    assert normaliser_for("english-1").id == "english-1"
    names = ("none", "basic", "multilingual", "turkish", "english", "whisper-basic")
    assert normaliser_names() == names


@pytest.mark.parametrize("name", ["basik", "basic-2", ""])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"unknown normaliser; got .*expected one of basic"):
        normaliser_for(name)


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_plain_text_is_normalised_as_any_other(text: str) -> None:
    """ASCII takes a shorter way; with a sign that goes away beside it, it takes the long one."""
    basic = normaliser_for("basic")
    assert basic(text) == basic(f"{text}\u00ad")
