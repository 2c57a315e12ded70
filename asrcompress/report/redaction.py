"""What may be shared: findings without words, utterances, speakers, subgroups' values and places.

Utterances and the values of a subgroup become their kind and a number in order of appearance:
utterance-1, speaker-2. The same one has the same number wherever it stands in the findings, so a
reader still sees that one recording or one speaker is behind several figures. A model's, a
corpus's or a file's path becomes its last part. Artefacts, conditions and the subgroups' columns
keep their names, which the recipe chose.

In texts for readers, such as notes and gates' words, what was replaced elsewhere and absolute
paths are replaced, too; values of one to three characters only after their column's name, since
they are words and numbers of their own as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from asrcompress.core.error_table import CellErrors, ErrorTable
from asrcompress.core.findings import Findings
from asrcompress.core.gates import GateCheck, GateTable
from asrcompress.core.pivot import PivotTable
from asrcompress.core.results import (
    ArtefactResult,
    CellResult,
    ConditionResult,
    Published,
    PublishedFigure,
    Results,
)
from asrcompress.core.speed import SpeedTable

_UTTERANCE = "utterance"
_SHORT = 3  # characters of a value that is a word or a number of its own, too
_SEPARATORS = re.compile(r"[\\/]+")
_ABSOLUTE = re.compile(r"(?<![\w./\\])(?:~|[A-Za-z]:)?[\\/][^\s'\",;:]*")


def redacted(found: Findings) -> Findings:
    """The findings as they may be shared: no format of them shows what was there."""
    names = _Names()
    errors, results = _errors(found.errors, names), _results(found.results, names)
    gates = None if found.gates is None else _gates(found.gates, names)
    words = _Words(names)  # now that all names are known
    return replace(
        found,
        results=_worded_results(results, words),
        errors=errors,
        gates=None if gates is None else _worded_gates(gates, words),
        speed=None if found.speed is None else _worded_speed(found.speed, words),
    )


@dataclass(slots=True)
class _Names:
    """What each name is replaced by, filled as they come."""

    values: dict[tuple[str, str], str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def value(self, kind: str, value: str) -> str:
        """The kind with the value's number: speaker-2."""
        if (kind, value) not in self.values:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.values[kind, value] = f"{kind}-{self.counts[kind]}"
        return self.values[kind, value]

    def model(self, path: str) -> str:
        """The path's last part, with a number where another model's is the same."""
        if path not in self.models:
            name = _last_part(path)
            same = sum(_last_part(known) == name for known in self.models)
            self.models[path] = f"{name} ({same + 1})" if same else name
        return self.models[path]


class _Words:
    """Texts for readers without the names that were replaced, and without absolute paths."""

    def __init__(self, names: _Names) -> None:
        self._long: dict[str, str] = {}
        patterns = []
        for (kind, value), shown in names.values.items():
            if len(value) > _SHORT:
                self._long[value] = shown
            elif value:
                after = rf"(?<=\b{re.escape(kind)})(\s*[=:]?\s*){re.escape(value)}(?!\w)"
                patterns.append((re.compile(after), rf"\g<1>{shown}"))
        self._short = patterns
        alternatives = "|".join(map(re.escape, sorted(self._long, key=len, reverse=True)))
        self._pattern = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if alternatives else None

    def __call__(self, text: str) -> str:
        """The text as it may be shared."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._long[found.group()], text)
        for pattern, shown in self._short:
            text = pattern.sub(shown, text)
        return _ABSOLUTE.sub(lambda found: _last_part(found.group()), text)


def _last_part(path: str) -> str:
    """Of a file, a folder or a hub's repository."""
    parts = [part for part in _SEPARATORS.split(path) if part]
    return parts[-1] if parts else path


def _without_places(value: Any) -> Any:
    """Parameters with the last parts of the paths among them."""
    if isinstance(value, dict):
        return {key: _without_places(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_places(item) for item in value]
    return _last_part(value) if isinstance(value, str) else value


def _errors(table: ErrorTable, names: _Names) -> ErrorTable:
    cells = tuple(_broken(cell, names) for cell in table.cells)
    return table.model_copy(update={"cells": cells})


def _broken(cell: CellErrors, names: _Names) -> CellErrors:
    """Which utterances broke and how badly, without a word of them."""
    blank = {"text": "", "pred_text": "", "alignment": ()}
    flips = tuple(
        flip.model_copy(update={"id": names.value(_UTTERANCE, flip.id), **blank})
        for flip in cell.flips
    )
    return cell.model_copy(update={"flips": flips, "confusions": ()})


def _results(results: Results, names: _Names) -> Results:
    return results.model_copy(
        update={
            "artefacts": tuple(_artefact(row, names) for row in results.artefacts),
            "conditions": tuple(_condition(row) for row in results.conditions),
            "cells": tuple(_cell(row, names) for row in results.cells),
            "tables": tuple(_pivot(row, names) for row in results.tables),
            "published": _published(results.published, names),
        }
    )


def _artefact(row: ArtefactResult, names: _Names) -> ArtefactResult:
    methods = tuple(_without_places(method) for method in row.methods)
    return row.model_copy(update={"model": names.model(row.model), "methods": methods})


def _condition(row: ConditionResult) -> ConditionResult:
    steps = tuple(_without_places(step) for step in row.steps)
    return row.model_copy(update={"corpus": _last_part(row.corpus), "steps": steps})


def _cell(cell: CellResult, names: _Names) -> CellResult:
    groups = tuple(
        group.model_copy(update={"value": names.value(group.field, group.value)})
        for group in cell.groups
    )
    return cell.model_copy(update={"groups": groups})


def _pivot(table: PivotTable, names: _Names) -> PivotTable:
    if table.by is None:
        return table
    data = tuple(names.value(table.by, value) for value in table.data)
    return table.model_copy(update={"data": data})


def _published(published: Published | None, names: _Names) -> Published | None:
    if published is None:
        return None
    figures = tuple(_figure(row, names) for row in published.figures)
    return published.model_copy(update={"figures": figures})


def _figure(figure: PublishedFigure, names: _Names) -> PublishedFigure:
    """A published figure names a value without its column: that which has it in the results."""
    if figure.group is None:
        return figure
    known = (shown for (_, value), shown in names.values.items() if value == figure.group)
    shown = next(known, None) or names.value("group", figure.group)
    return figure.model_copy(update={"group": shown})


def _gates(table: GateTable, names: _Names) -> GateTable:
    checks = tuple(_check(check, names) for check in table.checks)
    return table.model_copy(update={"source": _last_part(table.source), "checks": checks})


def _check(check: GateCheck, names: _Names) -> GateCheck:
    if check.field is None or check.group is None:
        return check
    return check.model_copy(update={"group": names.value(check.field, check.group)})


def _worded_results(results: Results, words: _Words) -> Results:
    published = results.published
    if published is not None:
        differences = tuple(map(words, published.differences))
        published = published.model_copy(update={"differences": differences})
    return results.model_copy(
        update={
            "title": words(results.title),
            "notes": tuple(map(words, results.notes)),
            "artefacts": tuple(_worded_artefact(row, words) for row in results.artefacts),
            "published": published,
        }
    )


def _worded_artefact(row: ArtefactResult, words: _Words) -> ArtefactResult:
    note = row.decoding.batch_note
    if note is None:
        return row
    decoding = row.decoding.model_copy(update={"batch_note": words(note)})
    return row.model_copy(update={"decoding": decoding})


def _worded_gates(table: GateTable, words: _Words) -> GateTable:
    checks = tuple(
        check.model_copy(update={"gate": words(check.gate), "words": words(check.words)})
        for check in table.checks
    )
    return table.model_copy(update={"checks": checks})


def _worded_speed(table: SpeedTable, words: _Words) -> SpeedTable:
    return table.model_copy(update={"notes": tuple(map(words, table.notes))})
