"""Far field: the speech falls by what is asked, the floor stays where it is."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.far_field import Params, apply
from asrcompress.corrupt.level import power
from tests.corrupt.signals import signal, syllables


@pytest.mark.parametrize(("attenuation_db", "snr_db"), [(0, 40), (20, 20), (40, 0)])
def test_speech_of_minus_20_over_a_floor_of_minus_60(attenuation_db: float, snr_db: float) -> None:
    speech = syllables()  # its power is 0.01
    params = Params(attenuation_db=attenuation_db, floor_dbfs=-60)
    heard, record = apply(signal(speech), params, None, np.random.default_rng(0))
    faint = speech * 10 ** (-attenuation_db / 20)
    floor = heard.samples - faint
    assert 10 * np.log10(power(floor)) == pytest.approx(-60, abs=1e-9)
    assert record["far_field_snr_db"] == pytest.approx(snr_db, abs=1e-6)
    np.testing.assert_allclose(heard.reference.samples, faint)
    assert heard.speech is heard.samples


def test_the_floor_is_white_and_seeded() -> None:
    silence = np.full(64_000, 1e-9)
    first, second, other = (
        apply(signal(silence), Params(), None, np.random.default_rng(seed))[0].samples
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0
    spectrum = np.abs(np.fft.rfft(first)) ** 2
    low, high = spectrum[:16_000].mean(), spectrum[16_000:].mean()
    assert low == pytest.approx(high, rel=0.05)
