"""What a run of corrupting gives: the corpora written, the recordings left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.condition import Condition
from asrcompress.corrupt.effect import Use, bind
from asrcompress.corrupt.sources import Libraries
from asrcompress.corrupt.work import Outcome


@dataclass(frozen=True, slots=True)
class BadFile:
    """A recording that could not be corrupted, and why."""

    id: str
    path: Path
    cause: str


@dataclass(frozen=True, slots=True)
class CorruptedCorpus:
    """The corpus of one condition; the achieved SNRs (of the kind asked for) are the lowest and
    the highest.
    """

    condition: Condition
    folder: Path
    utterances: int
    bad_files: tuple[BadFile, ...] = ()
    achieved_snr_db: tuple[float, float] | None = None
    achieved_snr_in: str | None = None
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class CorruptResult:
    """The folder written and the corpora in it, in the conditions' order."""

    folder: Path
    corpora: tuple[CorruptedCorpus, ...]
    libraries: dict[str, Any]

    @property
    def is_simulated(self) -> bool:
        return any(corpus.is_simulated for corpus in self.corpora)


def result_of(
    conditions: Sequence[Condition],
    folder: Path,
    libraries: Libraries,
    outcomes: Sequence[Outcome],
) -> CorruptResult:
    """The result of a run whose corpora come to lie in `folder`."""
    uses = [_uses(condition, libraries) for condition in conditions]
    corpora = tuple(
        _corpus_of(condition, folder, outcomes, used)
        for condition, used in zip(conditions, uses, strict=True)
    )
    described = {use.name: use.source.describe() for used in uses for use in used}
    return CorruptResult(folder, corpora, described)


def _uses(condition: Condition, libraries: Libraries) -> tuple[Use, ...]:
    return tuple(use for step in bind(condition) for use in step.uses(libraries))


def _achieved_column(condition: Condition) -> str | None:
    """The manifest's column of the SNR that was asked for."""
    references = [
        step.params.get("reference") for step in condition.steps if step.effect == "noise"
    ]
    if not references:
        return None
    return "achieved_active_snr_db" if references[0] == "active" else "achieved_snr_db"


def _corpus_of(
    condition: Condition, folder: Path, outcomes: Sequence[Outcome], uses: Sequence[Use]
) -> CorruptedCorpus:
    rows = [row for row in (outcome.rows.get(condition.name) for outcome in outcomes) if row]
    column = _achieved_column(condition)
    achieved = [row[column] for row in rows] if column else []
    bad = tuple(
        BadFile(outcome.utterance.id, outcome.utterance.path, outcome.causes[condition.name])
        for outcome in outcomes
        if condition.name in outcome.causes
    )
    return CorruptedCorpus(
        condition=condition,
        folder=folder / condition.name,
        utterances=len(rows),
        bad_files=bad,
        achieved_snr_db=(min(achieved), max(achieved)) if achieved else None,
        achieved_snr_in=rows[0]["achieved_snr_in"] if achieved else None,
        is_simulated=any(use.source.is_simulated for use in uses),
    )
