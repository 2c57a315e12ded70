"""Where recordings are cut, and how the texts of overlapping windows become one."""

from __future__ import annotations

import numpy as np

from asrcompress.core.seeds import generator_for
from asrcompress.evaluate.seams import joined, pause_in

RATE_HZ = 16_000


def test_the_middle_of_the_pause() -> None:
    """Two seconds of noise with 0.2 s of silence from 1.5 s on: cut at 1.6 s."""
    samples = generator_for(0, "pause").standard_normal(2 * RATE_HZ).astype(np.float32)
    samples[24_000:27_200] = 0
    assert pause_in(samples, RATE_HZ, 16_000) == 25_600
    assert pause_in(samples, RATE_HZ, 26_000) is None  # only half of it is left
    assert pause_in(samples, RATE_HZ, 31_000) is None  # less than a pause is left


def test_background_noise_in_a_pause() -> None:
    """A pause 30 dB below the rest is one; a syllable 20 dB below it is not."""
    samples = generator_for(0, "pause").standard_normal(2 * RATE_HZ).astype(np.float32)
    for level_db, expected in ((-30, True), (-20, False)):
        heard = samples.copy()
        heard[24_000:27_200] *= 10 ** (level_db / 20)
        assert (pause_in(heard, RATE_HZ, 16_000) is not None) is expected


def test_digital_silence_is_a_pause() -> None:
    assert pause_in(np.zeros(RATE_HZ, dtype=np.float32), RATE_HZ, 8_000) == 9_600


def test_joined_at_what_both_heard() -> None:
    """3 4 5 6 is in both: the cut-off 9 before the end and 8 at the beginning go."""
    assert joined([1, 2, 3, 4, 5, 6, 9], [8, 3, 4, 5, 6, 7], 6) == [1, 2, 3, 4, 5, 6, 7]


def test_the_whole_overlap_agrees() -> None:
    assert joined([1, 2, 3], [2, 3, 4], 2) == [1, 2, 3, 4]


def test_repetitions_outside_the_overlap_stay() -> None:
    """What was said twice on either side of the seam is not taken for the overlap."""
    assert joined([1, 2, 3, 4, 5, 6], [6, 1, 2, 3], 2) == [1, 2, 3, 4, 5, 6, 1, 2, 3]


def test_nothing_in_common() -> None:
    assert joined([1, 2], [3, 4], 2) is None
    assert joined([], [3, 4], 2) is None
    assert joined([1, 2], [], 0) is None
