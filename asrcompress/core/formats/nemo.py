"""NeMo JSON Lines: audio_filepath, text, duration, offset, and any further columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.rows import JSON_SUFFIXES, first_json_row, has_suffix, ids_of_paths, json_rows
from asrcompress.core.utterance import Utterance, audio_path, make_utterance

_NAMES = ("manifest.jsonl", "manifest.json", "manifest.jsonl.gz", "manifest.json.gz")


def detect(place: Path) -> Evidence:
    """A .json or .jsonl file, or a folder with a manifest.jsonl; surely with audio_filepath."""
    manifest = _manifest_at(place)
    if manifest is None:
        return Evidence.NONE
    if "audio_filepath" in first_json_row(manifest):
        return Evidence.CONTENT
    return Evidence.NAME if place.is_dir() else Evidence.SUFFIX


def read(place: Path) -> Iterator[Utterance]:
    """The utterances of the manifest; relative paths are relative to it."""
    manifest = _manifest_at(place)
    if manifest is None:
        raise InputError("no NeMo manifest", where=place, expected=f"{_NAMES[0]} or a .jsonl file")
    rows = list(json_rows(manifest))
    names = (row.get("audio_filepath") for _, row in rows)
    ids = ids_of_paths(name for name in names if isinstance(name, str))
    for where, row in rows:
        name = row.pop("audio_filepath", None)
        if not isinstance(name, str) or not name:
            raise InputError("no audio_filepath", where=where, expected="a path in quotes")
        text = row.pop("text", None)
        if text is not None and not isinstance(text, str):
            raise InputError("bad text", where=where, got=repr(text), expected="a string")
        offset = f"@{row['offset']}" if row.get("offset") is not None else ""
        given = row.get("id")
        identifier = f"{ids[name]}{offset}" if given in (None, "") else str(given)
        yield make_utterance(
            audio_path(manifest.parent, name),
            where=where,
            columns=row,
            identifier=identifier,
            text=text,
        )


def _manifest_at(place: Path) -> Path | None:
    if place.is_dir():
        found = (place / name for name in _NAMES)
        return next((path for path in found if path.is_file()), None)
    return place if has_suffix(place, JSON_SUFFIXES) else None
