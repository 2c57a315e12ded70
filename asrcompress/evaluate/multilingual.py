"""The multilingual normaliser: one form for what people write in several ways, in any script.

What is folded is spelling that a listener cannot hear: letter case, compatibility forms,
punctuation, the shapes of digits, joiners and elongation. Vowel signs, tone marks, vowel points
(tashkeel, niqqud) and hamza carry sound or sense and stay. Scripts without spaces (Chinese,
Japanese, Thai) come out as long words: score them by characters.
"""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # zero-width non-joiner and joiner
_TATWEEL = "\u0640"
_VIRAMA_MALAYALAM = "\u0d4d"

# Different code points of one letter or mark, by the Unicode Standard's chapters on the scripts.
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2019\u2018\u02bc\uff07\u00b4`\u05f3", "'"),  # apostrophes, geresh
        "\u05f4": '"',  # gershayim
        "\u06cc": "\u064a",  # Farsi yeh: Persian keyboards have it, Arabic ones yeh (9.2)
        "\u06a9": "\u0643",  # keheh, likewise kaf
        _TATWEEL: None,  # makes a line longer, not a word
    }
)
# Before Unicode 5.1 (Malayalam) and 4.1 (Bengali) these letters were written with a joiner (12.9).
_WITH_JOINER = {
    **{
        f"{base}{_VIRAMA_MALAYALAM}\u200d": chillu
        for base, chillu in zip(
            "\u0d23\u0d28\u0d30\u0d32\u0d33\u0d15",
            "\u0d7a\u0d7b\u0d7c\u0d7d\u0d7e\u0d7f",
            strict=True,
        )
    },
    "\u09a4\u09cd\u200d": "\u09ce",  # khanda ta
}
_OLD_SPELLING = re.compile("|".join(map(re.escape, _WITH_JOINER)))
# Invisible, though they count as marks or letters: grapheme joiner, variation selectors, fillers.
_INVISIBLE = re.compile(
    f"[{_JOINERS}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_DOTTED_I = re.compile("i\u0307+")  # what case folding makes of the Turkish capital


def multilingual(text: str) -> str:
    """For any script: NFKC, case folded, digits ASCII, punctuation and symbols to spaces.

    NFKC, not NFC: full width, ligatures and Arabic presentation forms come from the keyboard or
    the font. The joiners go, for Persian and Malayalam write the same word with and without them;
    the words that they join stay one. Turkish I folds to i, as everywhere (see `turkish`).
    """
    folded = _one_form(text)
    padded = f" {folded} "
    spaced = "".join(
        char if _is_word(char) or _is_inner(padded, place) else " "
        for place, char in enumerate(folded, start=1)
    )
    return " ".join(filter(None, (_without_loose_marks(word) for word in spaced.split())))


def turkish(text: str) -> str:
    """As `multilingual`, for languages whose capital I is without a dot: Turkish, Azerbaijani."""
    composed = unicodedata.normalize("NFC", text)
    return multilingual(composed.replace("I", "\u0131").replace("\u0130", "i"))


def _one_form(text: str) -> str:
    """The text with one code point sequence for what is one letter, digit or mark."""
    joined = _OLD_SPELLING.sub(lambda match: _WITH_JOINER[match[0]], text)
    for _ in range(2):  # compatibility forms bring back what was folded before
        folded = unicodedata.normalize("NFKC", joined.translate(_SAME)).casefold()
        folded = _DOTTED_I.sub("i", _INVISIBLE.sub("", folded))
        joined = "".join(_digit(char) for char in folded if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", joined)


def _digit(char: str) -> str:
    """0 to 9 for a decimal digit of any script, any other character as it is."""
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _is_inner(padded: str, place: int) -> bool:
    """An apostrophe inside a word, or the quotation mark of a Hebrew abbreviation."""
    before, after = padded[place - 1], padded[place + 1]
    if padded[place] == "'":
        return _is_word(before) and _is_word(after)
    return padded[place] == '"' and _is_hebrew(before) and _is_hebrew(after)


def _is_hebrew(char: str) -> bool:
    """A letter or a point."""
    return "\u0591" <= char <= "\u05ea" and _is_word(char)


def _without_loose_marks(word: str) -> str:
    """The word without marks at its beginning: their base was a symbol that is gone."""
    start = 0
    while start < len(word) and unicodedata.category(word[start])[0] == "M":
        start += 1
    return word[start:]
