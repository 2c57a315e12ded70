"""The active speech level: against P.56's own loop, and signals whose level is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asrcompress.corrupt.active_level import active_level
from asrcompress.corrupt.level import Floats, power
from tests.corrupt.corpora import RATE_HZ, REAL_DATA, voice


def _bursts(on_s: float, off_s: float, times: int, amplitude: float = 0.1) -> Floats:
    """A tone of 1 kHz that is on and off in turns; its level while on is 20 log10(a) - 3.01 dB."""
    time_s = np.arange(round(on_s * RATE_HZ)) / RATE_HZ
    tone = amplitude * np.sin(2 * np.pi * 1000 * time_s)
    return np.tile(np.concatenate([tone, np.zeros(round(off_s * RATE_HZ))]), times)


def _as_printed(samples: Floats) -> tuple[float, float]:
    """P.56 section 6 to the letter, sample by sample with its counters; level and activity."""
    g = math.exp(-1 / (RATE_HZ * 0.03))
    hangover = math.ceil(0.2 * RATE_HZ)
    thresholds = [2.0**-exponent for exponent in range(24, -1, -1)]
    active = [0] * len(thresholds)
    silent = [hangover] * len(thresholds)
    p = q = square = 0.0
    for sample in samples:
        square += sample * sample
        p = g * p + (1 - g) * abs(sample)
        q = g * q + (1 - g) * p
        for place, threshold in enumerate(thresholds):
            if q >= threshold:
                active[place] += 1
                silent[place] = 0
            elif silent[place] < hangover:
                active[place] += 1
                silent[place] += 1
    levels = [10 * math.log10(square / count) for count in active if count]
    over = [level - 20 * math.log10(c) for level, c in zip(levels, thresholds, strict=False)]
    upper = next(place for place, value in enumerate(over) if value <= 15.9)
    level = float(np.interp(-15.9, [-over[upper - 1], -over[upper]], levels[upper - 1 : upper + 1]))
    return level, square / len(samples) / 10 ** (level / 10)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_recommendations_algorithm(seed: int) -> None:
    """Counted with arrays or with P.56's counters, the level is the same."""
    pauses = [np.zeros(9000), voice(seed, 0.5, 0.02 * 5**seed), np.zeros(5000), voice(7, 0.3)]
    samples = np.concatenate(pauses).astype(np.float64)
    found = active_level(samples, RATE_HZ)
    assert found is not None
    assert found == pytest.approx(_as_printed(samples), abs=1e-9)


def test_a_tone_on_for_half_the_time() -> None:
    """On for 5 s, off for 5 s. The envelope is above the threshold 15.9 dB below the level from
    about 20 ms after the start to 100 ms after the end, and the hangover adds 200 ms: 5.28 s of
    10 are active, and the level is 10 log10(5.28 / 5) = 0.24 dB below that of the tone."""
    found = active_level(_bursts(5, 5, 3), RATE_HZ)
    assert found is not None
    tone_db = 20 * math.log10(0.1) - 3.01
    assert found.activity == pytest.approx(0.528, abs=0.01)
    assert found.level_db == pytest.approx(tone_db - 0.24, abs=0.05)


def test_pauses_shorter_than_the_hangover_are_part_of_the_speech() -> None:
    """0.3 s on, 0.1 s off: all of it is active."""
    samples = _bursts(0.3, 0.1, 20)
    found = active_level(samples, RATE_HZ)
    assert found is not None
    assert found.activity == pytest.approx(1.0, abs=0.01)
    assert found.level_db == pytest.approx(10 * math.log10(power(samples)), abs=0.05)


@pytest.mark.parametrize("level", [1e-4, 0.01, 0.3])
def test_noise_that_never_stops_is_active_all_the_time(level: float) -> None:
    samples = level * np.random.default_rng(0).standard_normal(5 * RATE_HZ)
    found = active_level(samples, RATE_HZ)
    assert found is not None
    assert found.level_db == pytest.approx(20 * math.log10(level), abs=0.05)
    assert found.activity == pytest.approx(1.0, abs=0.01)


def test_leading_silence_lowers_the_overall_level_and_not_the_active_one() -> None:
    speech = np.concatenate([voice(1, 2.0), np.zeros(8000), voice(2, 1.0)]).astype(np.float64)
    longer = np.concatenate([np.zeros(5 * RATE_HZ), speech])
    before, after = active_level(speech, RATE_HZ), active_level(longer, RATE_HZ)
    assert before is not None
    assert after is not None
    assert after.level_db == pytest.approx(before.level_db, abs=0.1)
    assert 10 * math.log10(power(longer) / power(speech)) < -3.5
    assert after.activity == pytest.approx(before.activity * len(speech) / len(longer), rel=0.02)


@pytest.mark.parametrize("gain", [0.5, 0.37, 0.01])
def test_the_level_follows_the_gain(gain: float) -> None:
    """The thresholds are fixed; between them it is interpolated, to less than 0.1 dB."""
    speech = np.concatenate([voice(1, 2.0), np.zeros(16_000)]).astype(np.float64)
    loud, soft = active_level(speech, RATE_HZ), active_level(gain * speech, RATE_HZ)
    assert loud is not None
    assert soft is not None
    assert soft.level_db - loud.level_db == pytest.approx(20 * math.log10(gain), abs=0.1)


def test_it_is_undefined_for_silence_and_for_a_click() -> None:
    click = np.zeros(RATE_HZ)
    click[8000] = 1.0
    assert active_level(click, RATE_HZ) is None
    assert active_level(np.zeros(RATE_HZ), RATE_HZ) is None


def test_silence_before_real_speech_changes_nothing() -> None:
    """The promise of the active reference, on real recordings."""
    folder = REAL_DATA / "librispeech"
    if not folder.is_dir():
        pytest.skip("no real recordings here")
    from asrcompress.core.corpus import read_corpus

    for one in read_corpus(folder).utterances[::25]:
        speech = one.audio().astype(np.float64)
        longer = np.concatenate([np.zeros(5 * RATE_HZ), speech])
        before, after = active_level(speech, RATE_HZ), active_level(longer, RATE_HZ)
        assert before is not None
        assert after is not None
        assert after.level_db == pytest.approx(before.level_db, abs=0.1)
