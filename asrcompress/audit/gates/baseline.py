"""The committed baseline: the counts and costs of an accepted run, to tell later ones from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.bounds import Count
from asrcompress.core.cost import Sizes
from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import ErrorCounts, Evaluation, UtteranceScore
from asrcompress.core.files import read_json
from asrcompress.core.findings import Findings
from asrcompress.core.validation import validated

_ID_BYTES = 8  # of a hash: among a million utterances two meet with a chance of 3 in 10^8
_MAKE_IT = "make it with asrcompress gate baseline"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BaselineArtefact(_Model):
    """A model's hash and costs; rtfx_ratio is to its own original, so that machines may differ."""

    sha256: str
    sizes: Sizes
    rtfx_ratio: float | None = None
    peak_memory_bytes: Count | None = None


class BaselineGroup(_Model):
    """The word counts of a subgroup."""

    field: str
    value: str
    words: ErrorCounts


class BaselineCell(_Model):
    """The word counts of an artefact under a condition.

    utterances: errors and reference words by the hash of the utterance's id, where they were asked
    for, so that a later run can be compared utterance by utterance.
    """

    artefact: str
    condition: str
    words: ErrorCounts
    groups: tuple[BaselineGroup, ...] = ()
    utterances: Mapping[str, tuple[Count, Count]] | None = None


class Baseline(_Model):
    """The whole of a committed baseline: counts only, no texts and no names of files.

    conditions: the hash of each one's corpus.
    """

    schema_version: Literal[1] = 1
    title: str
    normaliser: str
    conditions: Mapping[str, str] = Field(description="name to the SHA-256 of its corpus")
    artefacts: Mapping[str, BaselineArtefact]
    cells: tuple[BaselineCell, ...]

    def cell(self, artefact: str, condition: str) -> BaselineCell | None:
        """None where the run had no such cell."""
        return self._by_place.get((artefact, condition))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], BaselineCell]:
        return {(cell.artefact, cell.condition): cell for cell in self.cells}


def baseline_of(
    found: Findings, evaluations: Mapping[tuple[str, str], Evaluation] | None = None
) -> Baseline:
    """The baseline of a run; with its evaluations, the counts of every utterance too."""
    from asrcompress.audit.gates.evidence import cost_of, rtfx_ratio

    results = found.results
    artefacts = {}
    for row in results.artefacts:
        cost = cost_of(found, row.name)
        artefacts[row.name] = BaselineArtefact(
            sha256=row.sha256,
            sizes=row.sizes,
            rtfx_ratio=rtfx_ratio(found, row),
            peak_memory_bytes=None if cost is None else cost.peak_memory_bytes,
        )
    cells = tuple(
        BaselineCell(
            artefact=cell.artefact,
            condition=cell.condition,
            words=cell.words,
            groups=tuple(
                BaselineGroup(field=group.field, value=group.value, words=group.words)
                for group in cell.groups
            ),
            utterances=None
            if evaluations is None
            else _counts(evaluations[cell.artefact, cell.condition].utterances),
        )
        for cell in results.cells
    )
    return Baseline(
        title=results.title,
        normaliser=results.normaliser,
        conditions={row.name: row.corpus_sha256 for row in results.conditions},
        artefacts=artefacts,
        cells=cells,
    )


def _counts(rows: Iterable[UtteranceScore]) -> dict[str, tuple[int, int]]:
    return {hash_of(row.id): (row.words.errors, row.words.n) for row in rows}


def hash_of(identifier: str) -> str:
    """What stands for an utterance's id."""
    return hashlib.blake2b(identifier.encode(), digest_size=_ID_BYTES).hexdigest()


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        InputError: it is missing, of another version or does not have its form.
    """
    return validated(Baseline, read_json(path), where=path, next_step=_MAKE_IT)


def check_same_recordings(committed: Baseline, found: Findings, where: object) -> None:
    """Make sure that a baseline and a run can be told from each other.

    Raises:
        InputError: another normaliser, other recordings under a condition, or none in common.
    """
    results = found.results
    if committed.normaliser != results.normaliser:
        raise InputError(
            "the baseline was scored with another normaliser",
            where=where,
            got=committed.normaliser,
            expected=results.normaliser,
            next_step=f"score alike, or {_MAKE_IT}",
        )
    here = {row.name: row.corpus_sha256 for row in results.conditions}
    common = [name for name in here if name in committed.conditions]
    others = [name for name in common if here[name] != committed.conditions[name]]
    if others or not common:
        raise InputError(
            "the baseline is of other recordings",
            where=where,
            got=f"other audio under {others[0]}" if others else "no condition in common",
            next_step=_MAKE_IT,
        )
