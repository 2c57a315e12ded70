"""Does compression cost more under a condition than in clean?"""

from __future__ import annotations

from asrcompress.core.comparison import Interaction
from asrcompress.evaluate.blocks import blocks_of
from asrcompress.evaluate.pairs import Pairs
from asrcompress.evaluate.resampling import RateSample
from asrcompress.evaluate.tails import Resampled


def interaction_sample(here: Pairs, reference: Pairs) -> RateSample:
    """dWER here minus dWER under the reference condition, on the utterances that both have.

    Both are summed over the same blocks and so meet the same resamples; each has its own lengths.
    """
    common = {row.id for row in here.rows} & {row.id for row in reference.rows}
    here, reference = here.only(common), reference.only(common)
    blocks = blocks_of(here.rows)
    return RateSample(
        blocks,
        errors=blocks.sums([here.more, reference.more]),
        lengths=blocks.sums([here.lengths, reference.lengths]),
        signs=(1, -1),
    )


def interaction_of(found: Resampled | None, reference: str | None) -> Interaction | None:
    """The interaction with its interval; None without a reference or anything to resample."""
    if found is None or reference is None:
        return None
    return Interaction(reference=reference, delta_wer=found.estimate, interval=found.interval())
