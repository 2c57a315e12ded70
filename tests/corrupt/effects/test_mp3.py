"""MP3: in place in time at every bit rate, the one asked for, worse where it is lower."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.mp3 import BITRATES_KBPS, Params, apply
from asrcompress.corrupt.level import power
from tests.corrupt.signals import fidelity_db, lag, signal, syllables

_GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("duration_s", [0.3, 1.237, 2.0])
@pytest.mark.parametrize("bitrate_kbps", BITRATES_KBPS)
def test_length_and_time_stay_at_every_bit_rate(bitrate_kbps: int, duration_s: float) -> None:
    """Also where the file is too small for the header that tells a decoder the delay."""
    speech = syllables(duration_s)
    heard, record = apply(signal(speech), Params(bitrate_kbps=bitrate_kbps), None, _GENERATOR)
    assert len(heard.samples) == len(speech)
    assert lag(speech, heard.samples) == 0
    assert record == {"mp3_bitrate_kbps": bitrate_kbps, "mp3_gain": 1.0}
    assert heard.speech is None


def test_the_error_grows_as_the_bit_rate_falls() -> None:
    speech = syllables()
    found = []
    for bitrate_kbps in (8, 24, 64, 160):
        heard, _ = apply(signal(speech), Params(bitrate_kbps=bitrate_kbps), None, _GENERATOR)
        found.append(fidelity_db(speech, heard.samples))
    assert found == sorted(found)
    assert found[0] < 15 < 25 < found[-1]


def test_a_mixture_beyond_full_scale_is_not_clipped() -> None:
    """It goes through the codec below full scale and comes back up; LAME itself takes 0.45 dB."""
    speech = 20 * syllables()
    heard, record = apply(signal(speech), Params(bitrate_kbps=160), None, _GENERATOR)
    assert record["mp3_gain"] == pytest.approx(0.999 / np.abs(speech).max())
    assert fidelity_db(speech, heard.samples) > 25
    assert 10 * np.log10(power(heard.samples) / power(speech)) == pytest.approx(0, abs=0.5)


def test_it_is_deterministic() -> None:
    first, second = (apply(signal(syllables()), Params(), None, _GENERATOR)[0] for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)
