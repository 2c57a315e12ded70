"""NeMo JSON Lines: audio_filepath, text, duration, offset, and any further columns."""

from __future__ import annotations

from collections.abc import Iterator
from os.path import splitext
from pathlib import Path

from asrcompress.core.corpus import Utterance, make_utterance
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_json_lines

_SUFFIXES = (".jsonl", ".json")
_NAMES = ("manifest.jsonl", "manifest.json")


def detect(place: Path) -> bool:
    """True for a .jsonl file, or a folder that has a manifest.jsonl."""
    return _manifest_at(place) is not None


def read(place: Path) -> Iterator[Utterance]:
    """The utterances of the manifest; relative paths are relative to it."""
    manifest = _manifest_at(place)
    if manifest is None:
        raise InputError("no NeMo manifest", where=place, expected=f"{_NAMES[0]} or a .jsonl file")
    for number, row in read_json_lines(manifest):
        where = f"{manifest}:{number}"
        name = row.pop("audio_filepath", None)
        if not isinstance(name, str) or not name:
            raise InputError("no audio_filepath", where=where, expected="a path in quotes")
        text = row.pop("text", None)
        if text is not None and not isinstance(text, str):
            raise InputError("bad text", where=where, got=repr(text), expected="a string")
        offset = f"@{row['offset']}" if row.get("offset") is not None else ""
        given = row.get("id")
        identifier = f"{splitext(name)[0]}{offset}" if given in (None, "") else str(given)
        yield make_utterance(
            manifest.parent / name, where=where, columns=row, identifier=identifier, text=text
        )


def _manifest_at(place: Path) -> Path | None:
    if place.is_dir():
        found = (place / name for name in _NAMES)
        return next((path for path in found if path.is_file()), None)
    return place if place.suffix in _SUFFIXES else None
