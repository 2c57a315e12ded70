"""What the tests of codecs measure with: speech-like sound, its lag and its error."""

from __future__ import annotations

import numpy as np

from asrcompress.corrupt.effect import Reference, Signal
from asrcompress.corrupt.level import Floats, power, snr_db

RATE_HZ = 16_000


def syllables(duration_s: float = 2.0, seed: int = 0) -> Floats:
    """(time,) float64: a voice of 120 Hz with three formants, four syllables a second."""
    from scipy.signal import lfilter

    frames = round(duration_s * RATE_HZ)
    time_s = np.arange(frames) / RATE_HZ
    generator = np.random.default_rng(seed)
    pulses = (np.diff(np.floor(120 * time_s + 0.2 * np.sin(5 * time_s)), prepend=0) > 0) * 1.0
    sound = pulses + 0.01 * generator.standard_normal(frames)
    for formant_hz, width_hz in ((600, 80), (1400, 120), (2600, 200)):
        radius = np.exp(-np.pi * width_hz / RATE_HZ)
        angle = 2 * np.pi * formant_hz / RATE_HZ
        sound = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], sound)
    sound = sound * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * time_s))
    found: Floats = 0.1 * sound / np.sqrt(power(sound))
    return found


def signal(samples: Floats, reference: Floats | None = None) -> Signal:
    """A signal of speech alone, an SNR set against all of it or against `reference`."""
    against = samples if reference is None else reference
    return Signal(samples, samples, Reference(against, RATE_HZ), RATE_HZ)


def lag(before: Floats, after: Floats) -> int:
    """By how many samples the second is behind the first, where they correlate most."""
    from scipy.signal import correlate

    return int(np.argmax(correlate(after, before))) - (len(before) - 1)


def fidelity_db(before: Floats, after: Floats) -> float:
    """The power of a sound over that of the codec's error."""
    return snr_db(before, after - before)


def band_level_db(samples: Floats, low_hz: float, high_hz: float) -> float:
    """The power between two frequencies, in dB."""
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    frequencies_hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    part = spectrum[(frequencies_hz >= low_hz) & (frequencies_hz < high_hz)]
    return float(10 * np.log10(part.sum() + 1e-12))
