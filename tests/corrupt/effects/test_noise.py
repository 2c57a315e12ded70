"""The noise effect: the SNR asked for is the SNR there is."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Signal
from asrcompress.corrupt.effects.noise import Params, apply
from asrcompress.corrupt.level import Floats
from asrcompress.corrupt.sources import Clip

_GENERATOR = np.random.default_rng(0)


def _signal(samples: Floats, reference: Floats | None = None) -> Signal:
    return Signal(samples, samples, samples if reference is None else reference, 16_000)


def _clip(samples: Floats) -> Clip:
    return Clip(samples, "misc", "misc/a.wav", 1.5)


@pytest.mark.parametrize(("snr_db", "gain"), [(0, 5.0), (20, 0.5)])
def test_the_gain_is_the_one_worked_out_by_hand(snr_db: float, gain: float) -> None:
    """Speech of power 0.25 and noise of power 0.01: a = 0.5 / 0.1 * 10^(-snr/20)."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.tile([0.1, 0.1, -0.1, -0.1], 250)
    noisy, record = apply(_signal(speech), Params(snr_db=snr_db), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(gain)
    np.testing.assert_allclose(noisy.samples - speech, gain * noise)
    assert noisy.speech is speech


def test_the_power_is_that_of_the_noise_after_the_cut() -> None:
    """A noise that is loud only beyond the utterance gives no less than its quiet part."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.concatenate([np.tile([0.1, -0.1], 500), np.full(5000, 0.9)])
    _, record = apply(_signal(speech), Params(snr_db=0), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(5.0)


def test_the_power_is_that_of_the_noise_after_the_loop() -> None:
    speech = np.tile([0.5, -0.5], 5000)
    noise = np.random.default_rng(1).standard_normal(700)
    noisy, record = apply(_signal(speech), Params(snr_db=5), _clip(noise), _GENERATOR)
    added = np.mean((noisy.samples - speech) ** 2)
    assert 10 * np.log10(0.25 / added) == pytest.approx(5, abs=1e-9)
    assert record["achieved_snr_db"] == pytest.approx(5, abs=1e-9)


def test_the_snr_is_set_against_the_reference() -> None:
    """With a quarter of the power early, the noise is half as loud."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.tile([0.1, 0.1, -0.1, -0.1], 250)
    signal = _signal(speech, reference=0.5 * speech)
    _, record = apply(signal, Params(snr_db=0), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(2.5)


def test_a_cut_that_is_silent_is_refused() -> None:
    with pytest.raises(InputError, match=r"silent noise: misc/a\.wav"):
        apply(_signal(np.ones(10)), Params(snr_db=0), _clip(np.zeros(20)), _GENERATOR)
