"""Where to cut a recording for a model without frames, and how to join texts that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from asrcompress.core.audio import Samples

_PAUSE_S = 0.2  # the shortest gap between words that is no stop consonant's closure
_QUIET_DB = -25.0  # relative to the window; speech's own syllables seldom fall so low for 0.2 s


def pause_in(samples: Samples, sample_rate_hz: int, earliest: int) -> int | None:
    """The middle of the quietest pause from `earliest` on, as a sample; None where none is quiet.

    A pause is 0.2 s whose power lies 25 dB or more below that of all the samples.
    """
    length = round(_PAUSE_S * sample_rate_hz)
    if len(samples) - earliest < length:
        return None
    squares = np.square(samples, dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(squares[earliest:])])
    powers = (sums[length:] - sums[:-length]) / length
    quietest = int(powers.argmin())
    if powers[quietest] > squares.mean() * 10 ** (_QUIET_DB / 10):
        return None
    return earliest + quietest + length // 2


def joined(first: Sequence[int], second: Sequence[int], overlap: int) -> list[int] | None:
    """Two token sequences as one, where the last `overlap` tokens of one may be the other's first.

    They meet in the middle of the longest run of tokens that both have there: what follows it in
    the first and what precedes it in the second was cut by a window's edge. None without a common
    token.
    """
    head = list(second[:overlap])
    skipped = max(0, len(first) - overlap)
    tail = list(first[skipped:])
    match = SequenceMatcher(None, tail, head, autojunk=False).find_longest_match()
    if match.size == 0:
        return None
    half = match.size // 2
    return [*first[: skipped + match.a + half], *second[match.b + half :]]
