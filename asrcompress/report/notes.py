"""What a reader must be told beside the numbers, derived from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from asrcompress.core.comparison import Verdict
from asrcompress.core.evaluation import STORED_HYPOTHESES
from asrcompress.core.results import ArtefactResult, Results
from asrcompress.report.wording import count_of, list_names, times

PRUNED_ONLY = (
    "pruned weights are stored as zeros: no smaller until zipped or quantised, and no faster"
)
QUANTISED = "8-bit weights (or fewer) in torch make a model smaller, not faster unless measured"
ZIPS_INCOMPARABLE = (
    "the original's weights came from 16 bits (low mantissa bits all zero): they zip unusually "
    "well, so zipped sizes and rates do not compare with those of other models"
)
_QUANTISED_NAME = re.compile(r"q?int[248]|w[248]|float8|fp8", re.IGNORECASE)
_PRUNE, _HALF_PRECISION = "prune", 16  # bits that quantise nothing
_NOT_QUANTISING = (_PRUNE, "structured", "distill")
_AS_LARGE = 0.99  # configuration and tokenizer files may differ by a few bytes
_NOTICEABLE_SPARSITY = 0.01  # trained fp32 weights hold next to no exact zeros


def comparison_method(results: Results) -> str | None:
    """How the verdicts came about: margin, tests adjusted for, resampling; None without any."""
    comparisons = [row.comparison for row in results.cells if row.comparison]
    if not comparisons:
        return None
    margins = sorted({row.margin for row in comparisons})
    levels = sorted({row.interval.level for row in comparisons})
    tests = sorted({row.tests for row in comparisons})
    designs = dict.fromkeys((row.replicates, row.blocks, row.block) for row in comparisons)
    resampled = "; ".join(
        f"{replicates} replicates over {count_of(blocks, block)}"
        for replicates, blocks, block in designs
    )
    return (
        f"Margin {' or '.join(f'{100 * margin:.2f}' for margin in margins)} points of WER. "
        f"{_adjusted(tests)}{_adjusted_sums(results)} "
        f"{' or '.join(f'{100 * level:g} %' for level in levels)} intervals, "
        f"each for its own cell, by paired bootstrap ({resampled})."
    )


def smallest_differences(results: Results) -> str | None:
    """What the inconclusive cells could have shown, by artefact; None where there are none."""
    parts = []
    for artefact in results.artefacts:
        found = [
            row.comparison.smallest_detectable
            for row in results.cells
            if row.artefact == artefact.name
            and row.comparison
            and row.comparison.verdict is Verdict.INCONCLUSIVE
        ]
        if found:
            parts.append(f"{artefact.name} {_range(min(found), max(found))}")
    if not parts:
        return None
    return (
        "The smallest dWER that the inconclusive cells would show, in points, "
        f"at a power of 80 %: {list_names(parts)}."
    )


def _adjusted(tests: Sequence[int]) -> str:
    if max(tests) == 1:
        return "Every verdict is for its own cell alone, not adjusted."
    counts = " or ".join(str(count) for count in tests)
    return f"Verdicts are adjusted (Holm) to hold for all {counts} cells together."


def _adjusted_sums(results: Results) -> str:
    """For the tables over several conditions: their verdicts are a family of their own."""
    cells = {row.comparison for row in results.cells}
    margins = [row.comparison for row in results.margins if row.comparison]
    tests = max((row.tests for row in margins if row not in cells), default=0)
    if not tests:
        return ""
    return f" Those of sums over noise types, SNRs or rooms: for all {tests} sums together."


def _range(low: float, high: float) -> str:
    first, last = f"{100 * low:.2f}", f"{100 * high:.2f}"
    return first if first == last else f"{first} to {last}"


def derived_notes(results: Results, speeds: Mapping[str, float | None]) -> tuple[str, ...]:
    """Notes on missing cells, simulations, batches, chunks, and what compression does not do.

    speeds: each artefact's to its baseline's, None where it was not measured.
    """
    lines = [
        _missing(results),
        _unscored(results),
        _simulated(results),
        *_batches(results),
        *_chunked(results),
        _pruned_only(results),
        _quantised(results, speeds),
    ]
    return tuple(line for line in lines if line)


def is_quantised(artefact: ArtefactResult) -> bool:
    """True where a method chose 8 bits or fewer; by the name where no method is known."""
    if artefact.methods:
        others = (step for step in artefact.methods if step.get("method") not in _NOT_QUANTISING)
        return any(step.get("bits") != _HALF_PRECISION for step in others)
    return bool(_QUANTISED_NAME.search(artefact.compression))


def is_pruned_only(artefact: ArtefactResult) -> bool:
    """True where weights were set to zero and none are quantised."""
    if artefact.methods:
        is_pruned = any(step.get("method") == _PRUNE for step in artefact.methods)
    else:
        is_pruned = (artefact.sparsity or 0.0) > _NOTICEABLE_SPARSITY
    return is_pruned and not is_quantised(artefact)


def _missing(results: Results) -> str | None:
    """None where the results say it themselves, as those of an audit do: with the cells' names."""
    if any(note.startswith("Incomplete: ") for note in results.notes):
        return None
    present = {(cell.artefact, cell.condition) for cell in results.cells}
    planned = [(a.name, c.name) for a in results.artefacts for c in results.conditions]
    missing = [cell for cell in planned if cell not in present]
    if not missing:
        return None
    return f"Incomplete: {len(missing)} of {len(planned)} cells were not run."


def _unscored(results: Results) -> str | None:
    """Cells that scored fewer utterances than their condition has."""
    totals = {row.name: row.utterances for row in results.conditions}
    short = [
        f"{cell.artefact} under {cell.condition} {cell.utterances} of {totals[cell.condition]}"
        for cell in results.cells
        if cell.utterances < totals.get(cell.condition, 0)
    ]
    return f"Not every utterance was scored: {list_names(short)}." if short else None


def _simulated(results: Results) -> str | None:
    names = [row.name for row in results.conditions if row.is_simulated]
    if not names:
        return None
    return f"Simulated: not comparable with DNS4 or OpenSLR: {list_names(names)}."


def _batches(results: Results) -> list[str]:
    found: dict[str, list[str]] = {}
    for row in results.artefacts:
        if row.decoding.batch_note:
            found.setdefault(row.decoding.batch_note, []).append(row.name)
    return [f"{list_names(names)}: {note}." for note, names in found.items()]


def _chunked(results: Results) -> list[str]:
    found: dict[str, list[str]] = {}
    for row in results.artefacts:
        decoding = row.decoding
        if decoding.chunk_s is not None and decoding.chunked:
            recordings = count_of(decoding.chunked, "longer recording")
            were = "was" if decoding.chunked == 1 else "were"
            note = f"{recordings} {were} decoded in chunks of {decoding.chunk_s:g} s"
            found.setdefault(note, []).append(row.name)
    return [f"{list_names(names)}: {note}." for note, names in found.items()]


def _pruned_only(results: Results) -> str | None:
    sizes = {row.name: row.sizes.disk_bytes for row in results.artefacts}
    names = [
        row.name
        for row in results.artefacts
        if is_pruned_only(row)
        and not _is_smaller(row.sizes.disk_bytes, sizes.get(row.baseline or ""))
    ]
    return f"{list_names(names)}: {PRUNED_ONLY}." if names else None


def _is_smaller(disk_bytes: int | None, baseline_bytes: int | None) -> bool:
    """Whether its zeros, or its 16 bits, made the files smaller; False where that is not known."""
    return bool(disk_bytes and baseline_bytes and disk_bytes < _AS_LARGE * baseline_bytes)


def _quantised(results: Results, speeds: Mapping[str, float | None]) -> str | None:
    """Of those that PyTorch computes; another runtime may have kernels for fewer bits."""
    names = [row.name for row in results.artefacts if is_quantised(row) and _is_in_torch(row)]
    if not names:
        return None
    found = [f"{name} {times(speed)}" for name in names if (speed := speeds.get(name))]
    ending = f"; measured against the baseline: speed {list_names(found)}" if found else ""
    return f"{list_names(names)}: {QUANTISED}{ending}."


def _is_in_torch(artefact: ArtefactResult) -> bool:
    """Whether PyTorch computes it, or it is not known what does."""
    recogniser = artefact.decoding.recogniser
    return recogniser.startswith("torch") or recogniser == STORED_HYPOTHESES
