"""The same utterances by two models, side by side, under one condition or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from asrcompress.core.errors import InputError
from asrcompress.evaluate.blocks import Integers
from asrcompress.evaluate.resampling import RateSample
from asrcompress.evaluate.roll import Roll, Rolls
from asrcompress.evaluate.sparse import Changes
from asrcompress.evaluate.tally import Tally, joined


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """How many more errors the compressed model made than its baseline in each utterance.

    Where conditions are pooled there is a roll for each, and an utterance is in each of them.
    more: (utterances of all the rolls,).
    """

    rolls: tuple[Roll, ...]
    more: Integers

    @property
    def lengths(self) -> Integers:
        """The words of each reference."""
        return joined([roll.lengths for roll in self.rolls])

    def sample(self, rolls: Rolls) -> RateSample:
        """dWER, to be resampled."""
        blocks = rolls.blocks(self.rolls)
        return RateSample(blocks, blocks.sums([self.more]), blocks.sums([self.lengths]))

    @property
    def changes(self) -> Changes:
        """The errors gained and lost."""
        return Changes.of(self.more, int(self.lengths.sum()))

    def only(self, ids: Sequence[str], rolls: Rolls) -> Pairs:
        """The pairs of these utterances of a single condition, in their order."""
        (roll,) = self.rolls
        if roll.ids == ids:
            return self
        places = _places(roll, ids)
        return Pairs((rolls.same(roll.at(places)),), self.more[places])


def paired(tally: Tally, baseline: Tally) -> Pairs:
    """The pairs of two models' counts, in the order of the first.

    Raises:
        InputError: the two did not score the same utterances with the same normaliser.
    """
    theirs = _in_the_order_of(tally, baseline)
    if tally.normaliser != baseline.normaliser:
        raise InputError(
            "the two models were scored with different normalisers",
            got=f"{tally.normaliser} and {baseline.normaliser}",
        )
    return Pairs((tally.roll,), tally.errors.astype(np.int64) - theirs)


def pooled(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of several conditions together."""
    return Pairs(
        tuple(roll for part in parts for roll in part.rolls), joined([part.more for part in parts])
    )


def _in_the_order_of(tally: Tally, baseline: Tally) -> Integers:
    """The baseline's errors, utterance for utterance."""
    if baseline.roll is tally.roll:
        return baseline.errors.astype(np.int64)
    ids, theirs = set(tally.roll.ids), set(baseline.roll.ids)
    if ids == theirs:
        places = _places(baseline.roll, tally.roll.ids)
        if (baseline.roll.lengths[places] == tally.roll.lengths).all():
            return baseline.errors[places].astype(np.int64)
    only = sorted(ids ^ theirs)
    raise InputError(
        "the two models were not scored on the same utterances and references",
        where=tally.corpus,
        got=f"{len(only)} on one side only" + (f", first {only[0]}" if only else ""),
        next_step="evaluate both on the same corpus",
    )


def _places(roll: Roll, ids: Sequence[str]) -> Integers:
    """Where in the roll these utterances are."""
    place_of = {identifier: place for place, identifier in enumerate(roll.ids)}
    return np.array([place_of[identifier] for identifier in ids], dtype=np.int64)
