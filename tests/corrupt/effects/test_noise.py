"""The noise effect: the SNR asked for is the SNR there is."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.effect import Scene
from asrcompress.corrupt.effects.noise import Material, Params, apply, draw
from asrcompress.corrupt.level import Floats
from asrcompress.corrupt.sources import Clip, Libraries, Response
from tests.corrupt.corpora import utterance
from tests.corrupt.signals import signal

_GENERATOR = np.random.default_rng(0)


def _clip(samples: Floats) -> Material:
    return Material(Clip(samples, "misc", "misc/a.wav", 1.5))


@pytest.mark.parametrize(("snr_db", "gain"), [(0, 5.0), (20, 0.5)])
def test_the_gain_is_the_one_worked_out_by_hand(snr_db: float, gain: float) -> None:
    """Speech of power 0.25 and noise of power 0.01: a = 0.5 / 0.1 * 10^(-snr/20)."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.tile([0.1, 0.1, -0.1, -0.1], 250)
    noisy, record = apply(signal(speech), Params(snr_db=snr_db), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(gain)
    np.testing.assert_allclose(noisy.samples - speech, gain * noise)
    assert noisy.speech is speech


def test_the_power_is_that_of_the_noise_after_the_cut() -> None:
    """A noise that is loud only beyond the utterance gives no less than its quiet part."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.concatenate([np.tile([0.1, -0.1], 500), np.full(5000, 0.9)])
    _, record = apply(signal(speech), Params(snr_db=0), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(5.0)


def test_the_power_is_that_of_the_noise_after_the_loop() -> None:
    speech = np.tile([0.5, -0.5], 5000)
    noise = np.random.default_rng(1).standard_normal(700)
    noisy, record = apply(signal(speech), Params(snr_db=5), _clip(noise), _GENERATOR)
    added = np.mean((noisy.samples - speech) ** 2)
    assert 10 * np.log10(0.25 / added) == pytest.approx(5, abs=1e-9)
    assert record["achieved_snr_db"] == pytest.approx(5, abs=1e-9)


def test_the_snr_is_set_against_the_reference() -> None:
    """With a quarter of the power early, the noise is half as loud."""
    speech = np.tile([0.5, -0.5], 500)
    noise = np.tile([0.1, 0.1, -0.1, -0.1], 250)
    quarter = signal(speech, reference=0.5 * speech)
    _, record = apply(quarter, Params(snr_db=0), _clip(noise), _GENERATOR)
    assert record["gain"] == pytest.approx(2.5)


def test_a_cut_that_is_silent_is_refused() -> None:
    with pytest.raises(InputError, match=r"silent noise: misc/a\.wav"):
        apply(signal(np.ones(10)), Params(snr_db=0), _clip(np.zeros(20)), _GENERATOR)


def _scene(samples: Floats, frames: int, rooms: _Rooms | None = None) -> Scene:
    library = Libraries(_Noises(samples), rooms or _Rooms(None))  # type: ignore[arg-type]
    return Scene(utterance(), frames, library, _response(0.0) if rooms else None)


class _Noises:
    """One noise, always the same."""

    def __init__(self, samples: Floats) -> None:
        self._clip = Clip(samples, "misc", "misc/a.wav", 0.0)

    def draw(self, *asked: object) -> Clip:
        del asked
        return self._clip


class _Rooms:
    """Rooms whose other response is given."""

    def __init__(self, beside: Response | None) -> None:
        self._beside = beside

    def draw_beside(self, *asked: object) -> Response | None:
        del asked
        return self._beside


def _response(echo: float) -> Response:
    samples = np.zeros(300)
    samples[[20, 220]] = (1.0, echo)
    return Response(samples, "small", "small/b.wav", None)


def test_a_short_noise_is_met_at_a_place_of_its_own() -> None:
    """Seeded: the same place again, others for others; all over the loop; in the record."""
    noise = np.random.default_rng(1).standard_normal(2000)
    offsets = []
    for seed in (*range(20), 0):
        scene, generator = _scene(noise, 16_000), np.random.default_rng(seed)
        material = draw(Params(snr_db=0), scene, generator)
        speech = np.tile([0.5, -0.5], 8000)
        noisy, record = apply(signal(speech), Params(snr_db=0), material, generator)
        start = round(record["noise_offset_s"] * 16_000)
        tail = (noisy.samples - speech)[: 1800 - start]  # up to the fade at the clip's end
        met = noise[start : start + len(tail)]
        np.testing.assert_allclose(tail[160:], record["gain"] * met[160:], atol=1e-12)
        offsets.append(record["noise_offset_s"])
    assert offsets[0] == offsets[-1]
    assert len(set(offsets)) == 20
    assert max(offsets) > 0.09
    assert min(offsets) < 0.03


def test_noise_in_the_room_has_the_echoes_of_its_own_place() -> None:
    """With half its amplitude again after 200 samples, from the first sample on."""
    noise = np.random.default_rng(1).standard_normal(8000)
    scene = _scene(noise, 8000, _Rooms(_response(0.5)))
    params = Params(snr_db=0, reverberate=True)
    material = draw(params, scene, np.random.default_rng(0))
    speech = np.tile([0.5, -0.5], 4000)
    noisy, record = apply(signal(speech), params, material, _GENERATOR)
    heard = (noisy.samples - speech) / record["gain"]
    expected = (noise[200:-20] + 0.5 * noise[:-220])[160:-160]  # but for the seam of the loop
    np.testing.assert_allclose(heard[380:-160], expected, atol=1e-9)
    assert np.std(heard[:200]) == pytest.approx(np.sqrt(1.25), rel=0.2)
    assert record["noise_rir_id"] == "small/b.wav"
    assert record["achieved_snr_db"] == pytest.approx(0, abs=1e-9)


def test_a_room_without_a_second_response_is_an_error() -> None:
    scene = _scene(np.ones(10), 10, _Rooms(None))
    with pytest.raises(InputError, match=r"no second response of the room.*small/b\.wav"):
        draw(Params(snr_db=0, reverberate=True), scene, _GENERATOR)


def test_speech_without_an_active_level_is_refused_where_it_is_asked_for() -> None:
    """One click is no speech; against the overall level it is accepted, and the other is None."""
    click = np.zeros(16_000)
    click[5000] = 1.0
    noise = _clip(np.random.default_rng(1).standard_normal(16_000))
    _, record = apply(signal(click), Params(snr_db=0), noise, _GENERATOR)
    assert record["achieved_active_snr_db"] is None
    with pytest.raises(InputError, match="no active speech level"):
        apply(signal(click), Params(snr_db=0, reference="active"), noise, _GENERATOR)
