"""cells.csv: tidy, one row per artefact and condition, deterministic."""

from __future__ import annotations

import csv
import io

from asrcompress.core.results import CellResult
from asrcompress.report.view import ArtefactRow, ConditionRow, View

COLUMNS = (
    "artefact",
    "compression",
    "condition",
    "utterances",
    "audio_s",
    "s",
    "d",
    "i",
    "n",
    "wer",
    "wer_low",
    "wer_high",
    "cer",
    "delta_wer",
    "delta_low",
    "delta_high",
    "verdict",
    "memory_bytes",
    "disk_bytes",
    "zipped_bytes",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would evaluate
_DECIMALS = 6

_Value = str | int | float | None


def render(view: View) -> str:
    """The table as CSV: rates as fractions, empty where undefined, artefacts outermost."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for index, artefact in enumerate(view.artefacts):
        for condition in view.conditions:
            cell = condition.cells[index]
            if cell is not None:
                writer.writerow([_safe(value) for value in _row(artefact, condition, cell)])
    return text.getvalue()


def _row(artefact: ArtefactRow, condition: ConditionRow, cell: CellResult) -> list[_Value]:
    words, interval, compared = cell.words, cell.wer_interval, cell.comparison
    sizes = artefact.result.sizes
    delta = compared.interval if compared else None
    return [
        *(artefact.name, artefact.result.compression, condition.name),
        *(cell.utterances, round(condition.result.audio_s, 3)),
        *(words.s, words.d, words.i, words.n),
        _round(words.rate),
        _round(interval.low if interval else None),
        _round(interval.high if interval else None),
        _round(cell.chars.rate),
        _round(compared.delta_wer if compared else None),
        _round(delta.low if delta else None),
        _round(delta.high if delta else None),
        compared.verdict.value if compared else None,
        *(sizes.memory_bytes, sizes.disk_bytes, sizes.zipped_bytes),
    ]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


def _safe(value: _Value) -> _Value:
    """The value, a text marked so that a spreadsheet will not run it; numbers stay."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
