"""Log-mel frames aligned with the recogniser's convolutions, and warps of them."""

from __future__ import annotations

import librosa
import torch
from clips import SAMPLE_RATE_HZ
from torch import Tensor
from torch.nn import functional

BANDS = 64
ROUND = 32  # few batch lengths, so that compiled kernels are met again
HOP = 160  # the stride of the first six convolutions
WINDOW = 320
FFT = 512
CENTRE = 120  # sample in the middle of what the sixth convolution's first frame sees (240 wide)
FLOOR = 10.0**-4.5  # of the mean power: hides what lies 45 dB under the utterance
MEAN, DEVIATION = -2.5, 1.7  # of the log10 values over training utterances


class LogMel(torch.nn.Module):
    """(batch, time) waves of unit variance to (batch, frames, BANDS), about unit variance."""

    def __init__(self) -> None:
        super().__init__()
        filters = librosa.filters.mel(
            sr=SAMPLE_RATE_HZ, n_fft=FFT, n_mels=BANDS, fmin=60, fmax=7600, norm=None
        )
        window = torch.hann_window(WINDOW)
        scale = torch.from_numpy(filters).sum(1, keepdim=True) * window.square().sum()
        self.register_buffer("filters", (torch.from_numpy(filters) / scale).T.contiguous())
        self.register_buffer("window", window)

    def forward(self, waves: Tensor) -> Tensor:
        """Frame ``i`` is centred on sample ``i * HOP + CENTRE``."""
        frames = (waves.shape[1] - 2 * CENTRE) // HOP + 1
        padded = functional.pad(waves, (WINDOW // 2 - CENTRE, WINDOW))
        parts = padded.unfold(1, WINDOW, HOP)[:, :frames] * self.window
        spectrum = torch.fft.rfft(parts, FFT)
        power = spectrum.real.square() + spectrum.imag.square()
        return ((power @ self.filters + FLOOR).log10() - MEAN) / DEVIATION


def warp(mels: Tensor, time_scale: Tensor, band_scale: Tensor, sway: Tensor) -> Tensor:
    """Stretch (batch, frames, bands) by ``time_scale`` and move bands by ``band_scale``.

    ``sway`` (batch, 2) bends the band axis further: a smooth warp in place of a straight one.
    """
    batch, frames, bands = mels.shape
    longest = -(-int(frames * time_scale.max()) // ROUND) * ROUND
    time = torch.arange(longest)[None, :] / time_scale[:, None]
    band = torch.linspace(0, 1, bands)[None, :]
    bend = sway[:, :1] * torch.sin(torch.pi * band) + sway[:, 1:] * torch.sin(2 * torch.pi * band)
    band = (band * band_scale[:, None] + bend).clamp(0, 1)
    grid = torch.stack(
        (
            (2 * band - 1)[:, None, :].expand(batch, longest, bands),
            (2 * time / max(1, frames - 1) - 1)[:, :, None].expand(batch, longest, bands),
        ),
        -1,
    )
    moved = functional.grid_sample(
        mels[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True
    )
    return moved[:, 0]


def mask(mels: Tensor, generator: torch.Generator) -> Tensor:
    """SpecAugment (Park et al. 2019): a band and a time mask, filled with the mean."""
    batch, frames, bands = mels.shape
    keep = torch.ones(batch, frames, bands)
    for row in range(batch):
        width, at = _stretch(10, bands, generator)
        keep[row, :, at : at + width] = 0
        width, at = _stretch(12, frames, generator)
        keep[row, at : at + width] = 0
    return mels * keep


def _stretch(widest: int, size: int, generator: torch.Generator) -> tuple[int, int]:
    width = int(torch.randint(0, widest + 1, (), generator=generator))
    return width, int(torch.randint(0, max(1, size - width), (), generator=generator))
