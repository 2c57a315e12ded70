"""Noise and rooms in single precision: the levels and places that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.convolution import convolve
from asrcompress.corrupt.effect import clean_signal
from asrcompress.corrupt.effects import noise as noise_effect
from asrcompress.corrupt.effects import reverb
from asrcompress.corrupt.level import snr_db
from asrcompress.corrupt.mixing import add_noise, put_in_room
from asrcompress.corrupt.simulate import simulate_room
from asrcompress.corrupt.sources import Clip, Response

GENERATOR = np.random.default_rng(0)
SPEECH = (0.1 * GENERATOR.standard_normal(40_000)).astype(np.float32)
NOISE = (0.3 * GENERATOR.standard_normal(40_000)).astype(np.float32)


def _response(number: int = 0) -> np.ndarray:
    return simulate_room("medium", number, 16_000).responses[0].astype(np.float32)


@pytest.mark.parametrize("wanted_db", [-5.0, 0.0, 12.5])
def test_noise_is_at_the_level_asked_for(wanted_db: float) -> None:
    """Measured in what comes out; loud sums are not clamped."""
    mixed = add_noise(SPEECH, NOISE, wanted_db)
    assert mixed.dtype == np.float32
    assert snr_db(SPEECH, mixed - SPEECH) == pytest.approx(wanted_db, abs=0.01)
    loud = add_noise(9 * SPEECH, NOISE, wanted_db)
    assert np.abs(loud).max() > 1.5


def test_a_room_keeps_the_direct_sound_in_its_place() -> None:
    """A click stays at its sample, whatever the distance was; length and power are as before."""
    click = np.zeros(40_000, np.float32)
    click[10_000] = 0.5
    heard = put_in_room(click, _response(), 16_000).samples
    assert int(np.argmax(np.abs(heard))) == 10_000
    assert len(heard) == len(click)
    assert np.mean(np.square(heard)) == pytest.approx(np.mean(np.square(click)), rel=1e-5)


def test_a_room_is_the_effects_room() -> None:
    """The effect reverb gives the same samples, and the same power to set an SNR against."""
    response = _response(3)
    ours = put_in_room(SPEECH, response, 16_000)
    signal = clean_signal(SPEECH.astype(np.float64), 16_000)
    place = Response(response.astype(np.float64), "medium", "r", None)
    theirs, _ = reverb.apply(signal, reverb.Params(), place, GENERATOR)
    assert ours.samples == pytest.approx(theirs.samples, abs=2e-6)
    assert ours.early_power == pytest.approx(theirs.reference.power, rel=1e-5)


def test_noise_in_a_room_is_the_effects() -> None:
    """Against the early speech, as the two effects after one another have it."""
    response = _response(5)
    samples, early_power = put_in_room(SPEECH, response, 16_000)
    ours = add_noise(samples, NOISE, 5.0, early_power)
    signal = clean_signal(SPEECH.astype(np.float64), 16_000)
    place = Response(response.astype(np.float64), "medium", "r", None)
    in_room, _ = reverb.apply(signal, reverb.Params(), place, GENERATOR)
    material = noise_effect.Material(Clip(NOISE, "any", "n", 0.0))
    params = noise_effect.Params(snr_db=5.0)
    theirs, _ = noise_effect.apply(in_room, params, material, GENERATOR)
    assert ours == pytest.approx(theirs.samples, abs=5e-6)


def test_what_no_room_can_be_heard_in_stays_as_it_is() -> None:
    """Silence has no level to keep."""
    silence = np.zeros(16_000, np.float32)
    assert put_in_room(silence, _response(), 16_000).samples is silence


def test_a_response_longer_than_the_speech() -> None:
    """Half a second in a room that rings for longer: the beginning of the convolution."""
    short = SPEECH[:8000]
    response = (np.exp(-np.arange(24_000) / 4000) * GENERATOR.standard_normal(24_000)).astype("f4")
    response[100] = 9.0
    heard = put_in_room(short, response, 16_000).samples
    whole = convolve(short.astype(float), response.astype(float), 100, 8000)
    gain = np.sqrt(np.mean(np.square(short, dtype=float)) / np.mean(whole**2))
    assert heard == pytest.approx(gain * whole, abs=1e-6)
