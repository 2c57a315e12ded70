"""Hypotheses and references in files of other programs: NeMo JSON Lines, Kaldi text, sclite trn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from os.path import splitext
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.files import read_text
from asrcompress.core.rows import JSON_SUFFIXES, has_suffix, json_rows
from asrcompress.core.utterance import SPEAKER_COLUMNS
from asrcompress.evaluate.score import Reference

_TRN_COMMENT = ";;"
_OWN_COLUMNS = frozenset(
    {"id", "audio_filepath", "text", "pred_text", "duration", "offset", *SPEAKER_COLUMNS}
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One utterance of a file: its place, its id and whichever texts it has."""

    where: str
    id: str
    text: str | None
    pred_text: str | None
    row: Mapping[str, Any]


def read_hypotheses(path: Path) -> dict[str, str]:
    """Raw texts by utterance id: `pred_text` of a .jsonl, the words of Kaldi's text or of a .trn.

    Without an id of its own a row of a .jsonl has that of its audio file, as a corpus in NeMo's
    form has.

    Raises:
        InputError: not one of the three, an utterance twice, or without a text.
        NothingToEvaluateError: the file is empty.
    """
    lines = _lines(path)
    return {line.id: _text(line.where, "pred_text", line.pred_text) for line in lines}


def read_references(path: Path) -> list[Reference]:
    """What was said, from the same three forms (`text` of a .jsonl); no audio is needed.

    Raises:
        InputError, NothingToEvaluateError: as of `read_hypotheses`.
    """
    return [_reference(line) for line in _lines(path)]


def _lines(path: Path) -> list[_Line]:
    found = list(_json_lines(path) if has_suffix(path, JSON_SUFFIXES) else _text_lines(path))
    if not found:
        raise NothingToEvaluateError("no utterances", where=path)
    seen: set[str] = set()
    for line in found:
        if line.id in seen:
            raise InputError("utterance twice", where=line.where, got=repr(line.id))
        seen.add(line.id)
    return found


def _json_lines(path: Path) -> Iterator[_Line]:
    for where, row in json_rows(path):
        text, pred_text = row.get("text"), row.get("pred_text")
        for name, value in (("text", text), ("pred_text", pred_text)):
            if value is not None:
                _text(where, name, value)
        yield _Line(where, _identifier(row, where), text, pred_text, row)


def _identifier(row: Mapping[str, Any], where: str) -> str:
    if row.get("id") not in (None, ""):
        return str(row["id"])
    name = row.get("audio_filepath")
    if not isinstance(name, str) or not name:
        raise InputError("no id", where=where, expected="id or audio_filepath")
    offset = f"@{row['offset']}" if row.get("offset") is not None else ""
    return f"{splitext(name)[0]}{offset}"


def _text_lines(path: Path) -> Iterator[_Line]:
    """Lines of a .trn, or of any file whose every line ends in an id in parentheses; else Kaldi's.

    Both sides have their text in the same place, so it is given as either.
    """
    numbered = list(enumerate(read_text(path).split("\n"), start=1))
    full = [(number, line.strip()) for number, line in numbered if line.strip()]
    as_trn = [item for item in full if not item[1].startswith(_TRN_COMMENT)]
    if path.suffix == ".trn" or all(_split_trn(line) for _, line in as_trn):
        yield from _parsed(path, as_trn, _trn)
    else:
        yield from _parsed(path, full, _kaldi)


def _parsed(
    path: Path,
    lines: Iterable[tuple[int, str]],
    parse: Callable[[str, str], tuple[str, str]],
) -> Iterator[_Line]:
    for number, line in lines:
        where = f"{path}:{number}"
        identifier, text = parse(line, where)
        yield _Line(where, identifier, text, text, {})


def _trn(line: str, where: str) -> tuple[str, str]:
    found = _split_trn(line)
    if found is None:
        raise InputError("no utterance id", where=where, expected="words (speaker-utterance)")
    identifier, text = found
    if "{" in text:
        raise InputError(
            "alternatives in braces are not supported",
            where=where,
            got=text[:60],
            next_step="keep one of them",
        )
    return identifier, text


def _split_trn(line: str) -> tuple[str, str] | None:
    """Id and text of `words (id)`; None for any other line."""
    text, opening, rest = line.rpartition("(")
    identifier = rest.removesuffix(")")
    is_id = identifier and not any(char.isspace() or char == ")" for char in identifier)
    return (identifier, text.strip()) if opening and rest.endswith(")") and is_id else None


def _kaldi(line: str, where: str) -> tuple[str, str]:  # noqa: ARG001 - every line is of this form
    identifier, *words = line.split(maxsplit=1)
    return identifier, words[0] if words else ""


def _text(where: str, name: str, value: object) -> str:
    if not isinstance(value, str):
        got = "none" if value is None else repr(value)[:60]
        raise InputError(f"bad {name}", where=where, got=got, expected="a text")
    if any("\ud800" <= char <= "\udfff" for char in value):  # half a character, spelt in JSON
        raise InputError(f"bad {name}", where=where, got=repr(value)[:60], expected="UTF-8")
    return value


def _reference(line: _Line) -> Reference:
    row = line.row
    speakers = [row[name] for name in SPEAKER_COLUMNS if row.get(name) not in (None, "")]
    audio, duration = row.get("audio_filepath"), row.get("duration")
    return Reference(
        id=line.id,
        text=line.text,
        audio_filepath=audio if isinstance(audio, str) else None,
        duration_s=_seconds(line.where, duration),
        speaker=str(speakers[0]) if speakers else None,
        fields={name: value for name, value in row.items() if name not in _OWN_COLUMNS},
    )


def _seconds(where: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise InputError("bad duration", where=where, got=repr(value), expected="seconds, >= 0")
    return float(value)
