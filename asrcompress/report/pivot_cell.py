"""One number of a paper's table: where it stands in the results, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.evaluation import ErrorCounts
from asrcompress.core.pivot import PivotValue
from asrcompress.core.results import ArtefactResult, Results
from asrcompress.report.wording import NOT_AVAILABLE, NOT_RUN, divergence, megabytes, percent, times

if TYPE_CHECKING:
    from asrcompress.report.view import CompressionRates

HEADS: Mapping[PivotValue, str] = {
    "wer": "WER %",
    "divergence": "KL nats",
    "memory_mb": "memory MB",
    "disk_mb": "disk MB",
    "zipped_mb": "zipped MB",
    "rate_memory": "rate (memory)",
    "rate_disk": "rate (disk)",
    "rate_zipped": "rate (zipped)",
    "parameters": "parameters M",
    "zeros": "zeros %",
    "low": "%L",
    "medium": "%M",
    "high": "%H",
    "pruning_rate": "%Pr",
}


@dataclass(frozen=True, slots=True)
class Datum:
    """What a rate is over: a condition, or the part of it with one value of a subgroup field."""

    label: str
    condition: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The results that cells are read from, and baseline / artefact bytes by artefact."""

    results: Results
    rates: Mapping[str, CompressionRates]


def cell_text(
    source: Source, artefact: ArtefactResult | None, value: PivotValue, datum: Datum | None
) -> str:
    """The number: a dash where nothing was run, n/a where it is not defined or not known."""
    if artefact is None:
        return NOT_RUN
    if value == "wer":
        words = None if datum is None else _words(source.results, artefact.name, datum)
        return NOT_RUN if words is None else percent(words.rate)
    if value == "divergence":
        found = artefact.divergence or {}
        is_whole = datum is not None and datum.field is None
        nats = found.get(datum.condition) if datum and is_whole else None
        return NOT_AVAILABLE if nats is None else divergence(nats)
    return _OF_ARTEFACT[value](source, artefact)


def _words(results: Results, artefact: str, datum: Datum) -> ErrorCounts | None:
    cell = results.cell(artefact, datum.condition)
    if cell is None or datum.field is None:
        return cell.words if cell else None
    place = (datum.field, datum.value)
    return next((row.words for row in cell.groups if (row.field, row.value) == place), None)


def _parameters(_: Source, artefact: ArtefactResult) -> str:
    return NOT_AVAILABLE if artefact.parameters is None else f"{artefact.parameters / 1e6:.1f}"


def _share(name: str) -> Callable[[Source, ArtefactResult], str]:
    """A share of the classes that layers were sorted into, in per cent."""

    def text(_: Source, artefact: ArtefactResult) -> str:
        shares = artefact.class_shares
        return NOT_AVAILABLE if shares is None else percent(getattr(shares, name))

    return text


_OF_ARTEFACT: Mapping[PivotValue, Callable[[Source, ArtefactResult], str]] = {
    "memory_mb": lambda _, artefact: megabytes(artefact.sizes.memory_bytes),
    "disk_mb": lambda _, artefact: megabytes(artefact.sizes.disk_bytes),
    "zipped_mb": lambda _, artefact: megabytes(artefact.sizes.zipped_bytes),
    "rate_memory": lambda source, artefact: times(source.rates[artefact.name].memory),
    "rate_disk": lambda source, artefact: times(source.rates[artefact.name].disk),
    "rate_zipped": lambda source, artefact: times(source.rates[artefact.name].zipped),
    "parameters": _parameters,
    "zeros": lambda _, artefact: percent(artefact.sparsity),
    "low": _share("low"),
    "medium": _share("medium"),
    "high": _share("high"),
    "pruning_rate": _share("pruning_rate"),
}
