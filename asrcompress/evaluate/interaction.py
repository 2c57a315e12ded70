"""Does compression cost more under a condition than in clean?"""

from __future__ import annotations

from dataclasses import dataclass

from asrcompress.core.comparison import Interaction
from asrcompress.evaluate.pairs import Pairs
from asrcompress.evaluate.resampling import RateSample
from asrcompress.evaluate.roll import Rolls
from asrcompress.evaluate.sparse import Changes
from asrcompress.evaluate.tails import Resampled


@dataclass(frozen=True, slots=True)
class InteractionSample:
    """dWER here minus dWER under a reference condition: to be resampled, and its rare changes.

    changes: errors that compression gained and lost here beyond those under the reference,
    utterance by utterance.
    """

    sample: RateSample
    changes: Changes


def interaction_sample(here: Pairs, reference: Pairs, rolls: Rolls) -> InteractionSample:
    """Of the utterances that both have.

    Both are summed over the same blocks and so meet the same resamples; each has its own lengths,
    which are the same where the references are.
    """
    ids = _common(here.rolls[0].ids, reference.rolls[0].ids)
    here, reference = here.only(ids, rolls), reference.only(ids, rolls)
    blocks = rolls.blocks(here.rolls)
    sample = RateSample(
        blocks,
        errors=blocks.sums([here.more, reference.more]),
        lengths=blocks.sums([here.lengths, reference.lengths]),
        signs=(1, -1),
    )
    return InteractionSample(
        sample, Changes.of(here.more - reference.more, int(here.lengths.sum()))
    )


def _common(here: tuple[str, ...], reference: tuple[str, ...]) -> tuple[str, ...]:
    """The utterances of both; they are the same, in the same order, unless files were bad."""
    return here if here == reference else tuple(sorted(set(here) & set(reference)))


def interaction_of(
    found: Resampled | None, changes: Changes, reference: str | None
) -> Interaction | None:
    """The interaction with its interval; None without a reference or anything to resample.

    As of dWER, an end of the interval is the more careful one of the bootstrap and of the score
    test: no change here and none in clean do not show that there is none to be had.
    """
    if found is None or reference is None:
        return None
    return Interaction(
        reference=reference,
        delta_wer=found.estimate,
        interval=changes.widened(found.interval()),
    )
