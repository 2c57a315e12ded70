"""The reverberation effect: direct sound in place, level kept, early energy told apart."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Signal
from asrcompress.corrupt.effects.reverb import Params, apply
from asrcompress.corrupt.level import Floats, power
from asrcompress.corrupt.sources import Response
from tests.corrupt.corpora import decay, voice
from tests.corrupt.signals import signal

_GENERATOR = np.random.default_rng(0)


def _in_room(samples: Floats, response: Floats) -> tuple[Signal, dict[str, float]]:
    room = Response(response, "small", "small/a.wav", 0.25, -3.5)
    return apply(signal(samples), Params(room="small"), room, _GENERATOR)


def test_a_pure_delay_changes_nothing_but_the_gain() -> None:
    speech = voice(0).astype(np.float64)
    response = np.zeros(3000)
    response[1234] = -0.25
    heard, record = _in_room(speech, response)
    np.testing.assert_allclose(heard.samples, -speech, atol=1e-12)
    assert record["reverb_gain"] == pytest.approx(4.0)


def test_length_and_rms_stay_and_the_speech_does_not() -> None:
    speech = voice(0).astype(np.float64)
    heard, record = _in_room(speech, decay(0.5))
    assert len(heard.samples) == len(speech)
    assert power(heard.samples) == pytest.approx(power(speech))
    assert np.abs(heard.samples - speech).max() > 0.05
    assert record == {
        "room": "small",
        "rir_id": "small/a.wav",
        "rt60_s": 0.25,
        "drr_db": -3.5,
        "reverb_gain": record["reverb_gain"],
    }


def test_an_echo_is_where_the_response_has_it() -> None:
    """Two taps 100 samples apart: y[n] = g (x[n] + 0.5 x[n - 100])."""
    speech = np.zeros(1000)
    speech[[10, 700]] = (1.0, -0.6)
    response = np.zeros(400)
    response[[50, 150]] = (1.0, 0.5)
    heard, record = _in_room(speech, response)
    expected = speech + 0.5 * np.roll(speech, 100)
    np.testing.assert_allclose(heard.samples, record["reverb_gain"] * expected, atol=1e-12)


def test_the_reference_holds_the_first_50_ms_only() -> None:
    """An echo after 75 ms is in the sound and not in the reference, one after 25 ms in both."""
    speech = np.zeros(4000)
    speech[0] = 1.0
    response = np.zeros(2000)
    response[[100, 500, 1300]] = (1.0, 0.5, 0.5)
    heard, record = _in_room(speech, response)
    gain = record["reverb_gain"]
    echoes = {0: gain, 400: 0.5 * gain}
    early = heard.reference.samples
    assert {n: early[n] for n in np.flatnonzero(abs(early) > 1e-9)} == (pytest.approx(echoes))
    assert heard.samples[1200] == pytest.approx(0.5 * gain)


def test_speech_that_the_trim_leaves_nothing_of_is_refused() -> None:
    """A click at the very end, in a room whose only sound before the peak is none at all."""
    speech = np.zeros(100)
    with pytest.raises(InputError, match=r"silent after the room: small/a\.wav"):
        _in_room(speech, np.array([1.0, 0.5]))
