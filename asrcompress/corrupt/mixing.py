"""Noise and rooms over plain samples, in single precision: what a training hears.

The levels are those of the effects `noise` and `reverb`, which also keep a record of each draw
and measure the active level, for corpora that are scored.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from asrcompress.core.audio import Samples
from asrcompress.corrupt.level import early_span, gain_for_snr, power


class InRoom(NamedTuple):
    """Speech in a room, (time,) float32, and the power of its early part, which SNRs are set to."""

    samples: Samples
    early_power: float


def add_noise(
    samples: Samples, noise: Samples, snr_db: float, speech_power: float | None = None
) -> Samples:
    """(time,) float32: samples plus noise of the same length at an SNR; not clamped.

    speech_power: what the SNR is against; the samples' own mean square where it is not given.
    """
    against = power(samples) if speech_power is None else speech_power
    gain = gain_for_snr(against, power(noise), snr_db)
    return np.asarray(samples + np.float32(gain) * noise, dtype=np.float32)


def put_in_room(samples: Samples, response: Samples, sample_rate_hz: int) -> InRoom:
    """The samples convolved with a response: direct sound in place, length and RMS as before.

    Samples that are silent, or become so, stay as they are.
    """
    import scipy.fft

    frames, peak = len(samples), int(np.argmax(np.abs(response)))
    early = early_span(response, sample_rate_hz)
    size = scipy.fft.next_fast_len(frames + len(response) - 1, real=True)
    spectrum = scipy.fft.rfft(samples, size)

    def convolved(taps: Samples, start: int) -> Samples:
        found = scipy.fft.irfft(spectrum * scipy.fft.rfft(taps, size), size)
        return np.asarray(found[start : start + frames], dtype=np.float32)

    heard = convolved(response, peak)
    heard_power, before = power(heard), power(samples)
    if not heard_power or not before:
        return InRoom(samples, before)
    gain = math.sqrt(before / heard_power)
    direct = convolved(response[early], peak - early.start)
    return InRoom(heard * np.float32(gain), gain * gain * power(direct))
