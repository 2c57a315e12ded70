"""The wav2vec2 family's convolution of positions, 128 frames wide, as products of spectra.

It is a convolution of 48 or 64 channels a group; with overlapping blocks of twice its width
(overlap-save) the products of a block's spectrum are a twenty-fifth of the operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils import parametrize

from asrcompress.core.checkpoint.slim.inference import is_plain_inference

# Of transformers 5.23: classes whose source differs from Wav2Vec2's by the name alone, but for
# Hubert's, which may have a batch norm.
_FAMILIES = {
    "wav2vec2.modeling_wav2vec2.Wav2Vec2",
    "wav2vec2_conformer.modeling_wav2vec2_conformer.Wav2Vec2Conformer",
    "hubert.modeling_hubert.Hubert",
    "wavlm.modeling_wavlm.WavLM",
    "unispeech.modeling_unispeech.UniSpeech",
    "unispeech_sat.modeling_unispeech_sat.UniSpeechSat",
}
_POSITIONS = {f"transformers.models.{family}PositionalConvEmbedding" for family in _FAMILIES}
_BLOCKS_AT_ONCE = 32  # 25 MB a tensor at 768 channels and 128 taps


def has_fast_positions(part: Any) -> bool:
    """Whether the module is a stock convolution of positions of the form this computes."""
    name = f"{type(part).__module__}.{type(part).__qualname__}"
    return name in _POSITIONS and getattr(part, "batch_norm", None) is None and _is_known(part.conv)


def _is_known(conv: Any) -> bool:
    """A quantised layer is a Conv1d too, and names itself float32; so classes must be the very."""
    return (
        parametrize.type_before_parametrizations(conv) is torch.nn.Conv1d
        and all(type(parameter) is torch.nn.Parameter for parameter in conv.parameters())
        and conv.bias is not None
        and conv.in_channels == conv.out_channels
        and (conv.stride, conv.dilation) == ((1,), (1,))
        and conv.padding == (conv.kernel_size[0] // 2,)
    )


@dataclass(frozen=True, slots=True)
class _Spectrum:
    """of: aliases of the parameters it was made of; their memory cannot be given to others."""

    values: torch.Tensor
    of: tuple[torch.Tensor, ...]
    versions: tuple[int, ...]

    def is_of(self, parameters: tuple[torch.Tensor, ...]) -> bool:
        return self.versions == tuple(p._version for p in parameters) and all(
            mine.data_ptr() == theirs.data_ptr()
            for mine, theirs in zip(self.of, parameters, strict=True)
        )


class FastPositions(torch.nn.Module):
    """The stock convolution of positions, with the same Parameter objects and names.

    The weights' spectrum, twice the weights' size, is made at the first call and again when
    PyTorch has counted a change of a weight, as it does for all but writes through `.data`.
    """

    def __init__(self, stock: Any) -> None:
        super().__init__()
        self.conv = stock.conv
        self.padding = stock.padding
        self.activation = stock.activation
        self._spectrum: _Spectrum | None = None
        self.train(stock.training)

    def __getstate__(self) -> dict[str, Any]:
        """Without the spectrum, which copies of the module make of their own weights."""
        return {**self.__dict__, "_spectrum": None}

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """(batch, frames, channels) of (batch, frames, channels), as the stock class gives it."""
        if is_plain_inference(self, hidden_states) and _is_known(self.conv):
            fast: torch.Tensor = self.activation(self._convolve(hidden_states))
            return fast
        convolved = self.padding(self.conv(hidden_states.transpose(1, 2)))
        stock: torch.Tensor = self.activation(convolved).transpose(1, 2)
        return stock

    def _convolve(self, hidden_states: torch.Tensor) -> torch.Tensor:
        batch, frames, channels = hidden_states.shape
        taps = self.conv.kernel_size[0]
        new = taps + 1  # frames of a block of 2 * taps that its neighbours do not give
        blocks = -(-frames // new)
        before = taps // 2
        padded = functional.pad(
            hidden_states, (0, 0, before, blocks * new + taps - 1 - before - frames)
        )
        output = hidden_states.new_empty(batch, blocks, new, channels)
        spectrum = self._weight_spectrum()
        windows = padded.unfold(1, 2 * taps, new)  # (batch, blocks, channels, 2 * taps)
        for utterance in range(batch):
            for start in range(0, blocks, _BLOCKS_AT_ONCE):
                part = slice(start, start + _BLOCKS_AT_ONCE)
                made = self._convolve_blocks(windows[utterance, part], spectrum)
                output[utterance, part] = made[..., :new].transpose(1, 2)
        bias: torch.Tensor = self.conv.bias
        return output.view(batch, blocks * new, channels)[:, :frames] + bias

    def _convolve_blocks(self, windows: torch.Tensor, spectrum: torch.Tensor) -> torch.Tensor:
        """(blocks, channels, samples) of the same, of which the last taps - 1 are not valid."""
        blocks, channels, samples = windows.shape
        groups = self.conv.groups
        heard = torch.fft.rfft(windows, dim=-1).view(blocks, groups, channels // groups, -1)
        by_frequency = heard.permute(3, 1, 0, 2).flatten(0, 1)
        products = torch.bmm(by_frequency, spectrum)
        by_channel = products.view(-1, groups, blocks, channels // groups).permute(2, 1, 3, 0)
        made: torch.Tensor = torch.fft.irfft(by_channel.flatten(1, 2), n=samples, dim=-1)
        return made

    def _weight_spectrum(self) -> torch.Tensor:
        """(frequencies * groups, in, out) complex64; conjugate, as a convolution here is not
        mirrored."""
        parameters = tuple(self.conv.parameters())
        if self._spectrum is None or not self._spectrum.is_of(parameters):
            weight = self.conv.weight.detach()
            weight = weight.view(self.conv.groups, -1, *weight.shape[1:])
            made = torch.fft.rfft(weight, n=2 * weight.shape[-1], dim=-1).conj()
            values = made.permute(3, 0, 2, 1).flatten(0, 1).resolve_conj().contiguous()
            aliases = tuple(p.detach() for p in parameters)
            self._spectrum = _Spectrum(values, aliases, tuple(p._version for p in parameters))
        return self._spectrum.values
