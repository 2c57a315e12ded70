"""Levels have the values that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcompress.corrupt.level import (
    early_span,
    fit_length,
    gain_for_snr,
    is_silent,
    power,
    snr_db,
)


def test_power_is_the_mean_square() -> None:
    assert power(np.array([1.0, -3.0, 1.0, 1.0])) == 3.0


def test_power_of_float32_is_summed_in_double_precision() -> None:
    assert power(np.full(1 << 20, 0.1, np.float32)) == pytest.approx(float(np.float32(0.1)) ** 2)


@pytest.mark.parametrize(("snr", "gain"), [(0, 2.0), (20, 0.2), (-20, 20.0), (10, 2 / 10**0.5)])
def test_the_gain_brings_noise_to_the_snr(snr: float, gain: float) -> None:
    assert gain_for_snr(speech_power=4.0, noise_power=1.0, snr_db=snr) == pytest.approx(gain)


@given(st.floats(-30, 60), st.floats(1e-3, 1.0), st.floats(1e-3, 1.0))
def test_the_snr_after_the_gain_is_the_one_asked_for(snr: float, loud: float, soft: float) -> None:
    speech = loud * np.array([1.0, -1.0, 1.0, 0.5])
    noise = soft * np.array([0.3, 1.0, -0.2, 0.1])
    gain = gain_for_snr(power(speech), power(noise), snr)
    assert snr_db(speech, gain * noise) == pytest.approx(snr, abs=1e-9)


def test_snr_without_noise_is_infinite() -> None:
    assert snr_db(np.ones(4), np.zeros(4)) == math.inf


def test_one_step_of_16_bits_is_silence_and_ten_are_not() -> None:
    assert is_silent(np.full(100, 0.9 / 32768))
    assert not is_silent(np.full(100, 10 / 32768))


def test_the_early_part_goes_from_1_ms_before_the_peak_to_50_ms_after() -> None:
    response = np.full(2000, 0.1)
    response[500] = -1.0
    assert early_span(response, sample_rate_hz=16_000) == slice(500 - 16, 500 + 800)
    assert early_span(response[495:], sample_rate_hz=16_000) == slice(0, 5 + 800)


def test_a_long_clip_is_cut() -> None:
    assert fit_length(np.arange(10.0), 4, fade_frames=2).tolist() == [0, 1, 2, 3]


def test_a_short_clip_loops_without_a_click() -> None:
    """The seam of a ramp would jump by 1; the fade spreads it over 100 samples."""
    looped = fit_length(np.linspace(0.5, -0.5, 1000), 5000, fade_frames=100)
    assert len(looped) == 5000
    assert np.abs(np.diff(looped)).max() < 0.03


def test_looping_keeps_the_power_of_noise() -> None:
    clip = np.random.default_rng(0).standard_normal(2000)
    looped = fit_length(clip, 50_000, fade_frames=160)
    assert power(looped) == pytest.approx(power(clip), rel=0.03)


@given(st.integers(1, 50), st.integers(1, 300), st.integers(0, 20))
def test_any_clip_fits_any_length(clip: int, frames: int, fade: int) -> None:
    looped = fit_length(np.ones(clip), frames, fade)
    assert len(looped) == frames
    assert looped.min() > 0.99


def test_a_loop_can_be_met_anywhere() -> None:
    """From sample 700 on the clip is heard as it is, up to the fade at its end."""
    clip = np.random.default_rng(0).standard_normal(1000)
    looped = fit_length(clip, 3000, fade_frames=100, start=700)
    np.testing.assert_array_equal(looped[:200], clip[700:900])
    np.testing.assert_array_equal(looped[300:1100], clip[100:900])
    np.testing.assert_array_equal(looped[:2100], looped[900:])
