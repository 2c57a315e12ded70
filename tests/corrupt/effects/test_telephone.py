"""The telephone line: its band, and the 37 dB of G.711's eight bits."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.telephone import Params, apply
from asrcompress.corrupt.level import Floats, power, snr_db
from tests.corrupt.signals import RATE_HZ, lag, signal, syllables

_GENERATOR = np.random.default_rng(0)


def _heard(samples: Floats, law: str = "mu") -> Floats:
    heard, _ = apply(signal(samples), Params(law=law), None, _GENERATOR)  # type: ignore[arg-type]
    assert heard.speech is None
    return heard.samples


def _tone(frequency_hz: float, amplitude: float = 0.3) -> Floats:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(2 * RATE_HZ) / RATE_HZ)


@pytest.mark.parametrize("law", ["mu", "a"])
@pytest.mark.parametrize("duration_s", [0.3, 1.237])
def test_length_and_time_stay(law: str, duration_s: float) -> None:
    speech = syllables(duration_s)
    assert len(_heard(speech, law)) == len(speech)
    assert lag(speech, _heard(speech, law)) == 0


@pytest.mark.parametrize(
    ("frequency_hz", "lowest_db", "highest_db"),
    [
        *((100, -90, -40), (200, -90, -20), (400, -0.5, 0.5), (1000, -0.3, 0.3)),
        *((3200, -0.5, 0.5), (3600, -90, -20), (6000, -90, -50)),
    ],
)
def test_tones_pass_in_the_band_only(
    frequency_hz: float, lowest_db: float, highest_db: float
) -> None:
    tone = _tone(frequency_hz)
    gain_db = 10 * np.log10(power(_heard(tone)[2000:-2000]) / power(tone) + 1e-9)
    assert lowest_db <= gain_db <= highest_db


@pytest.mark.parametrize("law", ["mu", "a"])
def test_the_noise_of_eight_bits_follows_the_level(law: str) -> None:
    """G.711: about 38 dB, whatever the level over 30 dB of it (ITU-T G.712 asks for 33)."""
    for amplitude in (0.5, 0.1, 0.03):
        tone = _tone(1020, amplitude)[2000:-2000]
        noise = _heard(_tone(1020, amplitude), law)[2000:-2000] - tone
        assert 33 < snr_db(tone, noise) < 43


def test_the_laws_differ() -> None:
    assert np.abs(_heard(syllables(), "mu") - _heard(syllables(), "a")).max() > 1e-4
