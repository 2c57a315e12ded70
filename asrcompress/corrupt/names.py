"""File names for utterances: readable, inside the folder, each once."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable

_MAX_BYTES = 150  # file systems allow 255; room for the hash, the ending and a temporary name
_HASH_CHARS = 10


def file_names(ids: Iterable[str]) -> dict[str, str]:
    """A file name without ending for each id; the same ids give the same names in any order.

    What is not a letter, digit, `-`, `_` or `.` becomes `_`. A hash of the id follows where two
    ids would meet in one name (also on file systems that ignore case), or the name is cut.
    """
    plain = {identifier: _plain(identifier) for identifier in ids}
    met = Counter(_folded(name) for name in plain.values())
    return {
        identifier: name if met[_folded(name)] == 1 and _fits(name) else _hashed(name, identifier)
        for identifier, name in plain.items()
    }


def _plain(identifier: str) -> str:
    text = unicodedata.normalize("NFC", identifier)
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in text)
    return kept.strip("._") or "_"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _fits(name: str) -> bool:
    return len(name.encode("utf-8")) <= _MAX_BYTES


def _hashed(name: str, identifier: str) -> str:
    digest = hashlib.blake2b(identifier.encode("utf-8")).hexdigest()[:_HASH_CHARS]
    cut = name.encode("utf-8")[:_MAX_BYTES].decode("utf-8", errors="ignore")
    return f"{cut}-{digest}"
