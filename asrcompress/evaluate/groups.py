"""Subgroups of an evaluation: the counts by speaker, device, site or any other column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts, Evaluation, UtteranceScore
from asrcompress.core.registry import expected_one_of
from asrcompress.core.results import GroupResult

SPEAKER = "speaker"
NO_VALUE = "(none)"
_MOST_SPEAKERS = 50
_MOST_VALUES = 20
_LONGEST_VALUE = 40  # characters; longer ones are descriptions, not labels
# Measurements and identities that other tools and `corrupt` write beside the labels.
_NOT_LABELS = ("_db", "_s", "_hz", "_id", "_bytes", "_frames", "gain", "peak", "filepath", "offset")


def groups_of(evaluation: Evaluation, by: Sequence[str] = ()) -> tuple[GroupResult, ...]:
    """The counts of every value of every column, columns as in `group_columns`, values sorted.

    Raises:
        InputError: a column asked for is in no utterance.
    """
    columns = _checked(evaluation, by) if by else group_columns(evaluation)
    return tuple(group for column in columns for group in _by(evaluation, column))


def group_columns(evaluation: Evaluation) -> tuple[str, ...]:
    """The columns that are worth a breakdown without being asked for.

    The speaker with 2 to 50 values, and every other column with 2 to 20 short ones which is no
    measurement (a float, or a unit in its name) and repeats its values.
    """
    rows = evaluation.utterances
    found = [SPEAKER] if 2 <= len({row.speaker for row in rows}) <= _MOST_SPEAKERS else []
    names = sorted({name for row in rows for name in row.fields})
    return (*found, *(name for name in names if name != SPEAKER and _is_label(name, rows)))


def _is_label(name: str, rows: Sequence[UtteranceScore]) -> bool:
    if name.lower().endswith(_NOT_LABELS):
        return False
    values = [row.fields.get(name) for row in rows]
    if any(_is_measured(value) for value in values):
        return False
    labels = {_label(value) for value in values}
    return 2 <= len(labels) <= min(_MOST_VALUES, len(rows) // 2)


def _is_measured(value: Any) -> bool:
    """True for floats, also as text, for long texts, and for anything nested."""
    if isinstance(value, float) or not (value is None or isinstance(value, str | int)):
        return True
    text = str(value)
    if len(text) > _LONGEST_VALUE:
        return True
    try:
        return not float(text).is_integer() or "." in text
    except (ValueError, OverflowError):
        return False


def _label(value: Any) -> str:
    return NO_VALUE if value is None or value == "" else str(value)


def _value(row: UtteranceScore, column: str) -> str:
    return _label(row.speaker if column == SPEAKER else row.fields.get(column))


def _by(evaluation: Evaluation, column: str) -> list[GroupResult]:
    members: dict[str, list[UtteranceScore]] = {}
    for row in evaluation.utterances:
        members.setdefault(_value(row, column), []).append(row)
    return [
        GroupResult(
            field=column,
            value=value,
            utterances=len(rows),
            words=ErrorCounts.total(row.words for row in rows),
            chars=ErrorCounts.total(row.chars for row in rows),
        )
        for value, rows in sorted(members.items())
    ]


def _checked(evaluation: Evaluation, by: Sequence[str]) -> tuple[str, ...]:
    known = {name for row in evaluation.utterances for name in row.fields}
    if any(row.speaker is not None for row in evaluation.utterances):
        known.add(SPEAKER)
    for column in by:
        if column not in known:
            raise InputError(
                "no such column to break down by",
                where=evaluation.corpus,
                got=repr(column),
                expected=expected_one_of(column, known) if known else "a corpus with such a column",
            )
    return tuple(dict.fromkeys(by))
