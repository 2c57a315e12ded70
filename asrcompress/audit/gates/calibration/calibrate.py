"""gate calibrate: a gate file that accepted results pass, with the reasons for its figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from asrcompress.audit.gates.baseline import Baseline, baseline_of, check_same_recordings
from asrcompress.audit.gates.calibration import proposals
from asrcompress.audit.gates.calibration.cells import Cells, cells_of
from asrcompress.audit.gates.calibration.proposals import Proposal, Room
from asrcompress.audit.gates.calibration.rounding import rounded_up
from asrcompress.audit.gates.check import LoadedGates, check
from asrcompress.audit.gates.stored import StoredEvaluations
from asrcompress.audit.gates.text import gates_in
from asrcompress.core.errors import InputError, IntegrityError, NothingToEvaluateError
from asrcompress.core.findings import Findings, read_findings
from asrcompress.core.gates import GateOutcome

_COLUMNS = 98
_TOLERATED_ERRORS = 2  # words in the smallest cell: what other kernels or threads may change


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The text of a gate file, and the baseline that it names, if it was asked for."""

    text: str
    baseline: Baseline | None


def calibrate(
    results: Sequence[Path], room: Room | None = None, baseline_name: str | None = None
) -> Calibrated:
    """Rules from one or several accepted runs of the same audit or evaluation.

    baseline_name: how the gate file is to name the committed baseline; None for none. What comes
    back has been held against all of the results, and passed.

    Raises:
        InputError: results that cannot be read, or that are not of the same matrix.
        NothingToEvaluateError: nothing in them is compared with a baseline.
        IntegrityError: the rules do not pass after all.
    """
    room = room or Room()
    found = [read_findings(path) for path in results]
    stored = [StoredEvaluations.at(path) for path in results]
    _refuse_others(found, results)
    cells = [cells_of(one, evaluations) for one, evaluations in zip(found, stored, strict=True)]
    if not any(row.baseline is not None for row in found[0].results.artefacts):
        raise NothingToEvaluateError(
            "nothing is compared with a baseline",
            where=results[0],
            next_step="evaluate with --baseline, or audit with an uncompressed form",
        )
    committed = baseline_of(found[0]) if baseline_name is not None else None
    sections = {
        "Losses against the original: non-inferiority, adjusted (Holm) over all of them.": list(
            proposals.losses(cells, found[0], room)
        ),
        "Word error rates: the whole 95 % interval is held to them.": list(
            proposals.rates(cells, found[0], room)
        ),
        "Sizes, speed against the original, and memory.": list(proposals.costs(found, room)),
        "Against the committed baseline.": list(_regressions(found)) if committed else [],
    }
    text = _text(found, cells, sections, baseline_name)
    _verify(text, found, stored, committed)
    return Calibrated(text, committed)


def _refuse_others(found: Sequence[Findings], results: Sequence[Path]) -> None:
    """All of the same recordings, artefacts and normaliser."""
    first = baseline_of(found[0])
    names = [row.name for row in found[0].results.artefacts]
    for one, where in zip(found[1:], results[1:], strict=True):
        check_same_recordings(first, one, where)
        others = [row.name for row in one.results.artefacts]
        if others != names:
            raise InputError(
                "not the same artefacts",
                where=where,
                got=", ".join(others),
                expected=", ".join(names),
                next_step="give runs of one audit",
            )


def _regressions(found: Sequence[Findings]) -> Iterator[Proposal]:
    """No more errors than two in the smallest cell, or than the runs differ by."""
    compared = {row.name for row in found[0].results.artefacts if row.baseline is not None}
    words = [
        cell.words.n
        for cell in found[0].results.cells
        if cell.artefact in compared and cell.words.n
    ]
    if not words:
        return
    by_place: dict[tuple[str, str], list[float]] = {}
    for one in found:
        for cell in one.results.cells:
            if cell.words.rate is not None:
                by_place.setdefault((cell.artefact, cell.condition), []).append(cell.words.rate)
    differ = max(max(rates) - min(rates) for rates in by_place.values())
    limit = rounded_up(max(_TOLERATED_ERRORS / min(words), differ))
    yield Proposal(
        {"metric": "regression", "of": "wer", "absolute": limit},
        (
            f"{_TOLERATED_ERRORS} errors among {min(words)} words, for other kernels or threads; "
            f"these runs differ by {100 * differ:.2f} points at most.",
        ),
    )


def _text(
    found: Sequence[Findings],
    cells: Sequence[Cells],
    sections: dict[str, list[Proposal]],
    baseline_name: str | None,
) -> str:
    """The gate file."""
    runs = "1 run" if len(found) == 1 else f"{len(found)} runs"
    title = json.dumps(found[0].results.title, ensure_ascii=False)
    opening = [
        f"Rules that accepted results pass, proposed by asrcompress gate calibrate from {runs} of "
        f"{title}.",
        "Read them, and tighten what you know better. Fractions: 0.01 is one point of WER.",
        "Stopped by chance: on the same recordings an unchanged model makes the same errors and "
        "passes; this is how often it would not on others of their kind (speakers drawn again).",
        *(
            f"No rule for {place}: these recordings can tell nothing there."
            for place in _untold(cells)
        ),
    ]
    lines = [*_comments(opening, ""), "rules:"]
    for head, listed in sections.items():
        if listed:
            lines += ["", *_comments([head], "  ")]
        for proposal in listed:
            lines += [*_comments(proposal.words, "  "), *_entry(proposal.rule)]
    lines += ["", "inconclusive: stop  # with exit code 4; pass lets it through"]
    if baseline_name is not None:
        lines.append(f"baseline: {_value(baseline_name)}")
    return "\n".join(lines) + "\n"


def _untold(cells: Sequence[Cells]) -> list[str]:
    return list(dict.fromkeys(place for run in cells for place in run.untold))


def _comments(texts: Sequence[str], indent: str) -> list[str]:
    return [
        line
        for text in texts
        for line in wrap(
            text, _COLUMNS, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
        )
    ]


def _entry(rule: dict[str, Any]) -> list[str]:
    """A rule as an entry of the list, a key a line."""
    lines = [f"    {key}: {_value(value)}" for key, value in rule.items()]
    return [f"  - {lines[0].strip()}", *lines[1:]]


def _value(value: Any) -> str:
    """A value as YAML that our reader takes: JSON is that, but for small numbers."""
    if isinstance(value, float):
        return f"{value:.12f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and value.isidentifier():
        return value
    return json.dumps(value, ensure_ascii=False)


def _verify(
    text: str,
    found: Sequence[Findings],
    stored: Sequence[StoredEvaluations],
    committed: Baseline | None,
) -> None:
    """Hold every run to the rules as they are written."""
    gates = gates_in(text, "the proposed gates")
    for one, evaluations in zip(found, stored, strict=True):
        table = check(one, evaluations, LoadedGates("proposed", gates, committed))
        stopped = [row for row in table.checks if row.outcome is not GateOutcome.PASSED]
        if stopped:
            raise IntegrityError(
                "the proposed rules do not pass",
                where=stopped[0].place,
                got=f"{stopped[0].gate}: {stopped[0].words}",
            )
