"""cells.csv: tidy, one row per artefact and condition, deterministic."""

from __future__ import annotations

from asrcompress.core.comparison import Comparison
from asrcompress.core.results import CellResult
from asrcompress.report.places import place_of, pruning_of
from asrcompress.report.tidy import Value, csv_text, rounded, rounded_p
from asrcompress.report.view import ArtefactRow, ConditionRow, View

_CELL_COLUMNS = (
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
_PLACE_COLUMNS = ("snr_db", "noise_type", "room", "pruning_rate")
_TEST_COLUMNS = (
    "adjusted_p_non_inferior",
    "adjusted_p_inferior",
    "smallest_detectable",
    "mapsswe_p",
    "interaction",
    "interaction_low",
    "interaction_high",
)
COLUMNS = (*_CELL_COLUMNS, *_PLACE_COLUMNS, *_TEST_COLUMNS)


def render(view: View) -> str:
    """The table as CSV: rates as fractions, empty where undefined, artefacts outermost."""
    rows = (
        [*_row(artefact, condition, cell), *_place(artefact, condition), *_tests(cell.comparison)]
        for index, artefact in enumerate(view.artefacts)
        for condition in view.conditions
        if (cell := condition.cells[index])
    )
    return csv_text(COLUMNS, rows)


def _row(artefact: ArtefactRow, condition: ConditionRow, cell: CellResult) -> list[Value]:
    words, interval, compared = cell.words, cell.wer_interval, cell.comparison
    sizes = artefact.result.sizes
    delta = compared.interval if compared else None
    audio_s = condition.result.audio_s
    return [
        *(artefact.name, artefact.result.compression, condition.name),
        *(cell.utterances, None if audio_s is None else round(audio_s, 3)),
        *(words.s, words.d, words.i, words.n),
        rounded(words.rate),
        rounded(interval.low if interval else None),
        rounded(interval.high if interval else None),
        rounded(cell.chars.rate),
        rounded(compared.delta_wer if compared else None),
        rounded(delta.low if delta else None),
        rounded(delta.high if delta else None),
        compared.verdict.value if compared else None,
        *(sizes.memory_bytes, sizes.disk_bytes, sizes.zipped_bytes),
    ]


def _place(artefact: ArtefactRow, condition: ConditionRow) -> list[Value]:
    place, pruning = place_of(condition.result), pruning_of(artefact.result)
    return [place.snr_db, place.noise_type, place.room, pruning.rate if pruning else None]


def _tests(compared: Comparison | None) -> list[Value]:
    if compared is None:
        return [None] * len(_TEST_COLUMNS)
    mapsswe, interaction = compared.mapsswe, compared.interaction
    return [
        rounded_p(compared.adjusted_p_non_inferior),
        rounded_p(compared.adjusted_p_inferior),
        rounded(compared.smallest_detectable),
        rounded_p(mapsswe.p_value if mapsswe else None),
        rounded(interaction.delta_wer if interaction else None),
        rounded(interaction.interval.low if interaction else None),
        rounded(interaction.interval.high if interaction else None),
    ]
