"""The matrix summed up by noise type, SNR and room: a table each, artefacts across."""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.results import MarginResult, Results

_NAMES = {"noise_type": "noise type", "snr_db": "SNR", "room": "room"}
_POOLED = {
    "noise_type": "all its SNRs together",
    "snr_db": "all types of noise together",
    "room": "noise in it with all its SNRs together",
}


@dataclass(frozen=True, slots=True)
class MarginRow:
    """One value, for example babble, with its margins in the artefacts' order.

    utterances: of all its conditions together.
    """

    value: str
    conditions: int
    utterances: int
    margins: tuple[MarginResult | None, ...]


@dataclass(frozen=True, slots=True)
class MarginTable:
    """The margins by one thing."""

    by: str
    rows: tuple[MarginRow, ...]

    @property
    def name(self) -> str:
        """What it is by: noise type, SNR, room."""
        return _NAMES[self.by]

    @property
    def pooled(self) -> str:
        """What is summed up in each row."""
        return _POOLED[self.by]

    @property
    def is_telling(self) -> bool:
        """True where it says more than the matrix: several values, at least one of them a sum."""
        return len(self.rows) > 1 and any(row.conditions > 1 for row in self.rows)


def margin_tables(results: Results) -> tuple[MarginTable, ...]:
    """The results' margins in their own order; a table for each thing that they are by."""
    names = [row.name for row in results.artefacts]
    found: dict[str, dict[str, dict[str, MarginResult]]] = {}
    for row in results.margins:
        found.setdefault(row.by, {}).setdefault(row.value, {})[row.artefact] = row
    return tuple(
        MarginTable(
            by,
            tuple(
                MarginRow(
                    value,
                    max(len(margin.conditions) for margin in margins.values()),
                    max(margin.utterances for margin in margins.values()),
                    tuple(margins.get(name) for name in names),
                )
                for value, margins in rows.items()
            ),
        )
        for by, rows in found.items()
    )
