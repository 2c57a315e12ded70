"""What compression broke: utterances that were right before, and words confused more often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from asrcompress.core.error_table import CellErrors, Confusion, Flip
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.alignment import WordPair, aligned_words

MOST = 20
_Normalise = Callable[[str], str]


class Compared(NamedTuple):
    """A cell and what it is compared with.

    wrong_before: the ids of the utterances that the baseline got wrong. confusions_before and
    confusions: how often each of the two took a word for another.
    """

    artefact: str
    condition: str
    baseline: str
    wrong_before: Collection[str]
    confusions_before: Mapping[WordPair, int]
    confusions: Mapping[WordPair, int]


def errors_in(
    evaluation: Evaluation, compared: Compared, normalise: _Normalise, most: int
) -> CellErrors:
    """The errors that compression added in one cell.

    Lists hold `most` entries; ties are ordered by length and id, or by the words.
    """
    before = compared.wrong_before
    wrong = [row for row in evaluation.utterances if _wrong(row)]
    flipped = [row for row in wrong if row.id not in before]
    added = _added(compared.confusions, compared.confusions_before)
    return CellErrors(
        artefact=compared.artefact,
        condition=compared.condition,
        baseline=compared.baseline,
        flips_total=len(flipped),
        recoveries_total=len(before) - (len(wrong) - len(flipped)),
        flips=tuple(_flip(one, normalise) for one in sorted(flipped, key=_badness)[:most]),
        confusions=tuple(added[:most]),
    )


def _wrong(row: UtteranceScore) -> bool:
    return row.words.errors > 0


def _badness(row: UtteranceScore) -> tuple[int, int, str]:
    """Sorts the worst first: most errors, then longest, then by id."""
    return -row.words.errors, -row.words.n, row.id


def _flip(row: UtteranceScore, normalise: _Normalise) -> Flip:
    return Flip(
        id=row.id,
        text=row.text,
        pred_text=row.pred_text,
        errors=row.words.errors,
        alignment=aligned_words(normalise(row.text), normalise(row.pred_text)),
    )


def _added(counts: Mapping[WordPair, int], baseline: Mapping[WordPair, int]) -> list[Confusion]:
    """The pairs that are confused more often than with the baseline, largest increase first."""
    found = [
        Confusion(
            reference=pair[0],
            hypothesis=pair[1],
            count=count,
            baseline_count=baseline.get(pair, 0),
        )
        for pair, count in counts.items()
        if count > baseline.get(pair, 0)
    ]
    return sorted(
        found, key=lambda row: (-row.added, -row.count, row.reference or "", row.hypothesis or "")
    )
