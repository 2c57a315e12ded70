"""An evaluation's counts without its texts: what statistics over a whole matrix can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from asrcompress.core.evaluation import ErrorCounts, Evaluation, UtteranceScore
from asrcompress.evaluate.blocks import Integers
from asrcompress.evaluate.resampling import RateSample
from asrcompress.evaluate.roll import Roll, Rolls, roll_of


@dataclass(frozen=True, slots=True)
class Sums:
    """The counts of some utterances together."""

    utterances: int
    words: ErrorCounts
    chars: ErrorCounts

    @classmethod
    def of(cls, rows: Sequence[UtteranceScore]) -> Sums:
        """Of these scored utterances."""
        return cls(
            len(rows),
            ErrorCounts.total(row.words for row in rows),
            ErrorCounts.total(row.chars for row in rows),
        )

    @classmethod
    def total(cls, parts: Iterable[Sums]) -> Sums:
        """Of several together."""
        listed = list(parts)
        return cls(
            sum(part.utterances for part in listed),
            ErrorCounts.total(part.words for part in listed),
            ErrorCounts.total(part.chars for part in listed),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """The word errors of every utterance, in as few bytes as they need, and the sums.

    errors: (utterances,) as the roll has them. with_noise: the sums by the type of noise that
    utterances met.
    """

    corpus: str
    normaliser: str
    roll: Roll
    errors: Integers
    sums: Sums
    with_noise: Mapping[str, Sums]

    def met(self, noise_type: str, rolls: Rolls) -> Tally:
        """Of those utterances alone that met one type of noise."""
        roll, places = rolls.with_noise(self.roll, noise_type)
        none = Sums(0, ErrorCounts(), ErrorCounts())
        return replace(
            self,
            roll=roll,
            errors=self.errors[places],
            sums=self.with_noise.get(noise_type, none),
            with_noise={},
        )


def tally_of(evaluation: Evaluation, rolls: Rolls) -> Tally:
    """The counts of an evaluation; its roll is one of `rolls`."""
    rows = evaluation.utterances
    roll = rolls.same(roll_of(rows))
    by_noise: dict[str, list[UtteranceScore]] = {}
    for kind, row in zip(roll.noise_types, rows, strict=True):
        if kind is not None:
            by_noise.setdefault(kind, []).append(row)
    errors = np.array([row.words.errors for row in rows], dtype=np.int64)
    return Tally(
        corpus=evaluation.corpus,
        normaliser=evaluation.normaliser,
        roll=roll,
        errors=errors.astype(np.min_scalar_type(errors.max(initial=0))),
        sums=Sums.of(rows),
        with_noise={kind: Sums.of(met) for kind, met in by_noise.items()},
    )


def rate_sample(tallies: Sequence[Tally], rolls: Rolls) -> RateSample:
    """The word error rate of these together, to be resampled."""
    blocks = rolls.blocks(tuple(tally.roll for tally in tallies))
    errors = joined([tally.errors for tally in tallies])
    return RateSample(
        blocks, blocks.sums([errors]), blocks.sums([joined([t.roll.lengths for t in tallies])])
    )


def joined(parts: Sequence[Integers]) -> Integers:
    """One after the other, as integers that can be added up."""
    if not parts:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate(parts).astype(np.int64)
