"""Whisper's normalisers (Radford et al. 2022, appendix C), for figures to compare with others'.

Both are transformers' code. The British-to-American spelling table is part of Whisper's code and
of its checkpoints, but not of transformers: it comes from the package whisper-normalizer, whose
own normaliser is not used, for it expands three words more than Whisper's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib import resources

from asrcompress.core.errors import InputError

_TABLE_PACKAGE = "whisper_normalizer"
_TABLE = "normalizers/english.json"
# Of whisper/normalizers/english.json in openai-whisper 20250625, 1,739 words. Another table is
# another normaliser, and would move figures under the same name.
_TABLE_SHA256 = "6607f948be9824d2e1b2fa2223cd94c06c45afa4e05ea0e3d5e1f2bdffde2465"


def whisper_english(text: str) -> str:
    """English: American spelling, contractions written out, numbers in digits, no fillers.

    Raises:
        InputError: the spelling table is not installed or not the one of this version.
    """
    return _english()(text)


def english_without_spelling(text: str) -> str:
    """As `whisper_english` without its spelling table: colour and color stay two words."""
    return _english_without_spelling()(text)


def whisper_basic(text: str) -> str:
    """Any language, as Whisper's papers and leaderboards have it.

    It replaces combining marks by spaces, which takes words of Indic scripts apart, and drops
    what is in brackets: for comparison with published figures, else `multilingual`.
    """
    return _basic()(text)


@cache
def _english() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    normalise: Callable[[str], str] = EnglishTextNormalizer(_spelling_table())
    return normalise


@cache
def _english_without_spelling() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    normalise: Callable[[str], str] = EnglishTextNormalizer({})
    return normalise


@cache
def _basic() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import BasicTextNormalizer

    normalise: Callable[[str], str] = BasicTextNormalizer()
    return normalise


def _spelling_table() -> dict[str, str]:
    """British to American spelling by word, as Whisper has it."""
    next_step = "install whisper-normalizer 0.1.15, or choose another normaliser"
    try:
        content = resources.files(_TABLE_PACKAGE).joinpath(_TABLE).read_bytes()
    except (ModuleNotFoundError, OSError):
        raise InputError(
            "Whisper's spelling table is not installed", where=_TABLE_PACKAGE, next_step=next_step
        ) from None
    found = hashlib.sha256(content).hexdigest()
    if found != _TABLE_SHA256:
        raise InputError(
            "not Whisper's spelling table",
            where=_TABLE_PACKAGE,
            got=f"SHA-256 {found[:12]}",
            expected=_TABLE_SHA256[:12],
            next_step=next_step,
        )
    table: dict[str, str] = json.loads(content)
    return table
