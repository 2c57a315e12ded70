"""The same utterances by two models, side by side, under one condition or several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from asrcompress.core.errors import InputError
from asrcompress.core.evaluation import Evaluation, UtteranceScore
from asrcompress.evaluate.blocks import blocks_of
from asrcompress.evaluate.resampling import RateSample
from asrcompress.evaluate.sparse import Changes


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of the compressed model and of its baseline, one for one.

    Where conditions are pooled an utterance is in it once for each.
    """

    rows: tuple[UtteranceScore, ...]
    baseline_rows: tuple[UtteranceScore, ...]

    @property
    def lengths(self) -> list[int]:
        """The words of each reference."""
        return [row.words.n for row in self.rows]

    @property
    def more(self) -> list[int]:
        """How many more errors the compressed model made in each row."""
        both = zip(self.rows, self.baseline_rows, strict=True)
        return [row.words.errors - other.words.errors for row, other in both]

    @property
    def sample(self) -> RateSample:
        """dWER, to be resampled."""
        blocks = blocks_of(self.rows)
        return RateSample(blocks, blocks.sums([self.more]), blocks.sums([self.lengths]))

    @property
    def changes(self) -> Changes:
        """The errors gained and lost."""
        return Changes.of(np.array(self.more, dtype=np.int64), sum(self.lengths))

    def only(self, identifiers: Iterable[str]) -> Pairs:
        """The pairs of these utterances, in the order of their ids."""
        kept = set(identifiers)
        both = zip(self.rows, self.baseline_rows, strict=True)
        found = sorted((pair for pair in both if pair[0].id in kept), key=lambda pair: pair[0].id)
        return Pairs(tuple(row for row, _ in found), tuple(other for _, other in found))


def paired(evaluation: Evaluation, baseline: Evaluation) -> Pairs:
    """The pairs of two evaluations, in the order of the first.

    Raises:
        InputError: the two did not score the same utterances with the same normaliser.
    """
    rows = {row.id: row for row in baseline.utterances}
    ids = [row.id for row in evaluation.utterances]
    if set(ids) != set(rows) or any(
        row.words.n != rows[row.id].words.n for row in evaluation.utterances
    ):
        only = sorted(set(ids) ^ set(rows))
        raise InputError(
            "the two models were not scored on the same utterances and references",
            where=evaluation.corpus,
            got=f"{len(only)} on one side only" + (f", first {only[0]}" if only else ""),
            next_step="evaluate both on the same corpus",
        )
    if evaluation.normaliser != baseline.normaliser:
        raise InputError(
            "the two models were scored with different normalisers",
            got=f"{evaluation.normaliser} and {baseline.normaliser}",
        )
    return Pairs(evaluation.utterances, tuple(rows[identifier] for identifier in ids))


def pooled(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of several conditions together."""
    return Pairs(
        tuple(row for part in parts for row in part.rows),
        tuple(row for part in parts for row in part.baseline_rows),
    )
