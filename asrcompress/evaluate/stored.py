"""The evaluations behind a folder that `evaluate` or `audit` wrote, read back from its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.core.files import read_json_lines
from asrcompress.core.results import (
    UTTERANCES_NAME,
    ArtefactResult,
    CellResult,
    ConditionResult,
    CostTable,
    Results,
    read_results,
)
from asrcompress.core.validation import validated
from asrcompress.evaluate.matrix import Cell

_COUNTS = ("s", "d", "i", "n")
_OWN_COLUMNS = frozenset(
    {"audio_filepath", "text", "pred_text", "duration", "id", "artefact", "condition", "speaker"}
    | {f"{prefix}{name}" for prefix in ("", "char_") for name in _COUNTS}
)
_SET_APART = "field_"  # before a subgroup field that has the name of a column


@dataclass(frozen=True, slots=True)
class Stored:
    """Results, the costs beside them, and the evaluation of every cell in the results' order."""

    results: Results
    costs: CostTable
    evaluations: Mapping[Cell, Evaluation]


def read_stored(folder: Path) -> Stored:
    """What was scored, with every raw text. Why others were not scored is in the notes alone.

    Raises:
        InputError: a file is missing, not of its form, or not of the same run as the others.
    """
    results, costs = read_results(folder)
    file = folder / UTTERANCES_NAME
    rows: dict[Cell, list[UtteranceScore]] = {
        (cell.artefact, cell.condition): [] for cell in results.cells
    }
    for number, record in read_json_lines(file):
        where = f"{file}:{number}"
        place = (record.get("artefact"), record.get("condition"))
        if not all(isinstance(name, str) for name in place) or place not in rows:
            raise _of_another_run(where, f"a line of {place[0]} under {place[1]}")
        rows[place].append(_score(record, where))
    evaluations = {
        (cell.artefact, cell.condition): _evaluation(results, cell, rows, file)
        for cell in results.cells
    }
    return Stored(results, costs, evaluations)


def _evaluation(
    results: Results, cell: CellResult, rows: Mapping[Cell, list[UtteranceScore]], file: Path
) -> Evaluation:
    artefact, condition = _sides(results, cell, file)
    found = Evaluation(
        model=artefact.model,
        model_sha256=artefact.sha256,
        corpus=condition.corpus,
        corpus_sha256=condition.corpus_sha256,
        normaliser=results.normaliser,
        decoding=artefact.decoding,
        sizes=artefact.sizes,
        utterances=tuple(rows[cell.artefact, cell.condition]),
    )
    if (found.words, found.chars) != (cell.words, cell.chars):
        raise _of_another_run(file, f"other counts of {cell.artefact} under {cell.condition}")
    return found


def _sides(
    results: Results, cell: CellResult, file: Path
) -> tuple[ArtefactResult, ConditionResult]:
    artefacts = {row.name: row for row in results.artefacts}
    conditions = {row.name: row for row in results.conditions}
    if cell.artefact not in artefacts or cell.condition not in conditions:
        raise _of_another_run(file.parent, f"a cell {cell.artefact} under {cell.condition}")
    return artefacts[cell.artefact], conditions[cell.condition]


def _of_another_run(where: object, got: str) -> InputError:
    return InputError(
        "results and utterances do not belong together",
        where=where,
        got=got,
        next_step="give a folder as evaluate or audit wrote it",
    )


def _score(record: Mapping[str, Any], where: str) -> UtteranceScore:
    value = {
        "id": record.get("id"),
        "audio_filepath": record.get("audio_filepath"),
        "duration_s": record.get("duration"),
        "text": record.get("text"),
        "pred_text": record.get("pred_text"),
        "words": {name: record.get(name) for name in _COUNTS},
        "chars": {name: record.get(f"char_{name}") for name in _COUNTS},
        "speaker": record.get("speaker"),
        "fields": {_field(name): record[name] for name in record if name not in _OWN_COLUMNS},
    }
    next_step = "give a folder as evaluate or audit wrote it"
    return validated(UtteranceScore, value, where=where, next_step=next_step)


def _field(name: str) -> str:
    """A subgroup field by its own name."""
    bare = name.removeprefix(_SET_APART)
    return bare if bare in _OWN_COLUMNS else name
