"""Convolution with an impulse response, by FFT in blocks."""

from __future__ import annotations

import math

import numpy as np

from asrcompress.corrupt.level import Floats

_LARGEST_BLOCK = 1 << 20  # beyond it blocks save nothing, and take memory


def convolve(samples: Floats, response: Floats, start: int, frames: int) -> Floats:
    """(frames,) float64: samples start .. start + frames of the full convolution.

    Overlap-save (Oppenheim & Schafer, Discrete-Time Signal Processing, 8.7.3): blocks of N samples,
    N - taps + 1 of them new, of whose circular convolution those are kept that did not wrap.
    """
    taps = len(response)
    size = _block_size(taps, frames)
    step = size - taps + 1
    blocks = -(-frames // step)
    padded = np.zeros((blocks - 1) * step + size)
    first = start - (taps - 1)  # the earliest sample that the first one asked for depends on
    heard = samples[max(0, first) : max(0, first + len(padded))]
    padded[max(0, -first) : max(0, -first) + len(heard)] = heard
    view = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
    spectra = np.fft.rfft(view)
    spectra *= np.fft.rfft(response, size)
    return np.fft.irfft(spectra, size)[:, taps - 1 :].reshape(-1)[:frames]


def _block_size(taps: int, frames: int) -> int:
    """The power of two with the least work, N log2 N for each block."""
    sizes = [1 << power for power in range(2, _LARGEST_BLOCK.bit_length()) if 1 << power >= taps]
    return min(
        sizes or [1 << (2 * taps - 1).bit_length()],
        key=lambda size: -(-frames // (size - taps + 1)) * size * math.log2(size),
    )
