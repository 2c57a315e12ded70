"""GSM 06.10: nothing above 4 kHz, in place in time, recognisably the same speech."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.gsm import Params, apply
from tests.corrupt.signals import band_level_db, fidelity_db, lag, signal, syllables

_GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("duration_s", [0.3, 1.237, 2.0])
def test_length_and_time_stay(duration_s: float) -> None:
    speech = syllables(duration_s)
    heard, record = apply(signal(speech), Params(), None, _GENERATOR)
    assert len(heard.samples) == len(speech)
    assert abs(lag(speech, heard.samples)) <= 1
    assert record == {"gsm_bitrate_kbps": 13.0, "gsm_gain": 1.0}
    assert heard.speech is None


def test_the_band_ends_at_4_khz_and_the_codec_adds_its_noise() -> None:
    """Full rate has a signal-to-noise ratio of some 10 dB, far from transparent."""
    speech = syllables() + 0.05 * np.random.default_rng(0).standard_normal(32_000)
    heard, _ = apply(signal(speech), Params(), None, _GENERATOR)
    lost_db = band_level_db(speech, 4200, 8000) - band_level_db(heard.samples, 4200, 8000)
    assert lost_db > 50
    plain = syllables()
    assert 4 < fidelity_db(plain, apply(signal(plain), Params(), None, _GENERATOR)[0].samples) < 25


def test_it_is_deterministic() -> None:
    first, second = (apply(signal(syllables()), Params(), None, _GENERATOR)[0] for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)
