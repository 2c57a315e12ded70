"""Does compression cost more under a condition than in clean?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asrcompress.core.comparison import Interaction
from asrcompress.evaluate.blocks import blocks_of
from asrcompress.evaluate.pairs import Pairs
from asrcompress.evaluate.resampling import RateSample
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


def interaction_sample(here: Pairs, reference: Pairs) -> InteractionSample:
    """Of the utterances that both have.

    Both are summed over the same blocks and so meet the same resamples; each has its own lengths,
    which are the same where the references are.
    """
    common = {row.id for row in here.rows} & {row.id for row in reference.rows}
    here, reference = here.only(common), reference.only(common)
    blocks = blocks_of(here.rows)
    sample = RateSample(
        blocks,
        errors=blocks.sums([here.more, reference.more]),
        lengths=blocks.sums([here.lengths, reference.lengths]),
        signs=(1, -1),
    )
    beyond = np.array(here.more, dtype=np.int64) - np.array(reference.more, dtype=np.int64)
    return InteractionSample(sample, Changes.of(beyond, sum(here.lengths)))


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
