"""Speed: a tone's frequency is multiplied, its length divided, its level kept."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.speed import Params, apply
from tests.corrupt.signals import RATE_HZ, signal


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.0, 1.1, 1.337, 2.0])
def test_a_tone_is_higher_and_shorter(factor: float) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE_HZ) / RATE_HZ)
    heard, record = apply(signal(tone), Params(factor=factor), None, np.random.default_rng(0))
    assert len(heard.samples) == pytest.approx(len(tone) / factor, abs=1)
    middle = heard.samples[4000:-4000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 19))
    assert np.argmax(spectrum) / (1 << 19) * RATE_HZ == pytest.approx(1000 * factor, abs=0.5)
    assert np.std(middle) == pytest.approx(0.3 / np.sqrt(2), rel=0.01)
    assert record["speed_factor"] == pytest.approx(factor, abs=1 / RATE_HZ)
    assert heard.speech is heard.samples
