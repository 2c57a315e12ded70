"""Levels: power, the gain for an SNR, loops of noise, the early part of a response."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

SILENCE_POWER = 2.0**-30  # a square wave of one 16-bit step: below it there is only rounding
EARLY_BEFORE_S = 0.001  # Kaldi's wav-reverberate: from 1 ms before the peak
EARLY_AFTER_S = 0.050  # ... to 50 ms after it


def power(samples: Floats) -> float:
    """The mean square of (time,) samples, summed in float64; 0 without samples."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def is_silent(samples: Floats) -> bool:
    """Whether nothing above 16-bit rounding is in it (about -90 dB of full scale)."""
    return power(samples) < SILENCE_POWER


def gain_for_snr(speech_power: float, noise_power: float, snr_db: float) -> float:
    """The gain on the noise: a = sqrt(P_speech / P_noise * 10^(-snr_db / 10))."""
    return math.sqrt(speech_power / noise_power * 10.0 ** (-snr_db / 10.0))


def snr_db(speech: Floats, noise: Floats) -> float:
    """10 log10(P_speech / P_noise) in dB; infinite where there is no noise at all."""
    return ratio_db(power(speech), power(noise))


def ratio_db(power: float, other: float) -> float:
    """How far one power is above another, in dB; infinite where there is no other."""
    return 10.0 * math.log10(power / other) if other else math.inf


def early_span(response: Floats, sample_rate_hz: int) -> slice:
    """Where the early part of an impulse response (time,) is: peak -1 ms .. +50 ms."""
    peak = int(np.argmax(np.abs(response)))
    start = max(0, peak - round(EARLY_BEFORE_S * sample_rate_hz))
    return slice(start, peak + round(EARLY_AFTER_S * sample_rate_hz))


def fit_length(clip: Floats, frames: int, fade_frames: int, start: int | None = None) -> Floats:
    """A clip (time,) cut to `frames`, or looped up to them with an equal-power cross-fade.

    With a `start` the loop has gone round before and is met at that sample of the clip; without
    one it begins with the clip's first sample.
    """
    if start is None and len(clip) >= frames:
        return clip[:frames]
    fade = min(fade_frames, len(clip) // 2)
    if fade == 0:
        return np.resize(np.roll(clip, -(start or 0)), frames)
    ramp = (np.arange(fade) + 0.5) / fade * (math.pi / 2)
    seam = clip[-fade:] * np.cos(ramp) + clip[:fade] * np.sin(ramp)
    turn = np.concatenate([seam, clip[fade:-fade]])
    if start is not None:
        return np.resize(np.roll(turn, -start), frames)
    rest = np.resize(turn, max(0, frames - (len(clip) - fade)))
    return np.concatenate([clip[:-fade], rest])[:frames]
