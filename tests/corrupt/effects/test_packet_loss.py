"""Packet loss: the rate and the bursts of Gilbert's chain; what is heard instead."""

from __future__ import annotations

import numpy as np
import pytest

from asrcompress.corrupt.effects.packet_loss import Params, apply, losses
from tests.corrupt.signals import signal, syllables

_PACKETS = 200_000


@pytest.mark.parametrize(("rate", "burst"), [(0.05, 1.5), (0.1, 4.0), (0.3, 2.0), (0.5, 1.0)])
def test_rate_and_burst_length_are_those_asked_for(rate: float, burst: float) -> None:
    """Within four standard errors. The chain's correlation c = 1 - p - r takes the variance of
    the rate to rate (1 - rate) (1 + c) / (1 - c) / n; bursts are geometric with mean 1 / r."""
    lost = losses(_PACKETS, Params(rate=rate, burst=burst), np.random.default_rng(1))
    leave = 1 / burst
    c = 1 - leave - leave * rate / (1 - rate)
    error = np.sqrt(rate * (1 - rate) * (1 + c) / (1 - c) / _PACKETS)
    assert lost.mean() == pytest.approx(rate, abs=4 * error)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost, [0]])))
    lengths = edges[1::2] - edges[::2]
    spread = np.sqrt(burst * (burst - 1) / len(lengths))
    assert lengths.mean() == pytest.approx(burst, abs=4 * spread + 1e-9)


def test_the_first_packet_is_lost_as_often_as_any() -> None:
    params = Params(rate=0.3, burst=3)
    first = [losses(1, params, np.random.default_rng(seed))[0] for seed in range(2000)]
    assert np.mean(first) == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / 2000))


def test_lost_packets_are_silent_and_the_others_as_they_were() -> None:
    """320 samples each; the last is shorter."""
    speech = syllables(2.007) + 1e-3
    heard, record = apply(signal(speech), Params(rate=0.2), None, np.random.default_rng(3))
    assert len(heard.samples) == len(speech)
    silent = [
        place for place in range(101) if not heard.samples[320 * place : 320 * (place + 1)].any()
    ]
    assert record == {
        "packets": 101,
        "packets_lost": len(silent),
        "packet_loss": len(silent) / 101,
    }
    assert 5 < len(silent) < 40
    is_kept = np.ones(101, bool)
    is_kept[silent] = False
    kept = np.repeat(is_kept, 320)[: len(speech)]
    np.testing.assert_array_equal(heard.samples[kept], speech[kept])
    assert heard.speech is None


def test_a_lost_packet_is_the_last_one_again_fading() -> None:
    """Full for 10 ms, gone after 60: the third in a row is silent from its 320th sample on."""
    params = Params(rate=0.3, burst=4, conceal="repeat")
    seed = next(
        seed
        for seed in range(100)
        if losses(10, params, np.random.default_rng(seed)).tolist()[:6]
        == [False, True, True, True, True, False]
    )
    sound = np.ones(3200)
    heard, _ = apply(signal(sound), params, None, np.random.default_rng(seed))
    time_s = np.arange(1280) / 16_000
    expected = np.clip(1 - (time_s - 0.01) / 0.05, 0, 1)
    np.testing.assert_allclose(heard.samples[320:1600], expected, atol=1e-12)
    np.testing.assert_array_equal(heard.samples[:320], 1.0)


def test_before_the_first_packet_there_is_nothing_to_repeat() -> None:
    params = Params(rate=0.3, burst=4, conceal="repeat")
    seed = next(
        seed
        for seed in range(100)
        if losses(10, params, np.random.default_rng(seed)).tolist()[:2] == [True, False]
    )
    heard, _ = apply(signal(np.ones(3200)), params, None, np.random.default_rng(seed))
    assert not heard.samples[:320].any()
    assert heard.samples[320:640].all()
