"""The wav2vec2 family's seven convolutions as matrix products, channels last, piece after piece.

Stock, each layer's output for the whole recording goes through memory three times (convolution,
norm, activation), in fresh pages each time. Here a few seconds run through all layers while they
are in the cache; a layer's windows are rows of its input as it lies there, so nothing is unfolded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch.nn import functional

from asrcompress.core.checkpoint.slim.inference import is_plain_inference
from asrcompress.core.checkpoint.slim.row_convolution import convolve_rows

# Of transformers 5.23: encoders whose layers differ from Wav2Vec2's by the name alone.
_FAMILIES = {
    "wav2vec2.modeling_wav2vec2.Wav2Vec2",
    "wav2vec2_conformer.modeling_wav2vec2_conformer.Wav2Vec2Conformer",
    "hubert.modeling_hubert.Hubert",
    "wavlm.modeling_wavlm.WavLM",
    "unispeech.modeling_unispeech.UniSpeech",
    "unispeech_sat.modeling_unispeech_sat.UniSpeechSat",
    "sew.modeling_sew.SEW",
}
_DATA2VEC = "data2vec.modeling_data2vec_audio.Data2VecAudio"
_ENCODERS = {f"transformers.models.{family}FeatureEncoder" for family in (*_FAMILIES, _DATA2VEC)}
_PIECE_BYTES = 2**24  # the largest layer's: half of a server's third-level cache
_CACHED_BYTES = 2**20  # normalised and activated at once: a core's second-level cache
_FLOAT32_BYTES = 4
_STATISTICS_ROWS = 2**16  # 5 MB of float64 at 10 samples a window


def why_not_fast(encoder: Any) -> str | None:
    """Why the encoder's convolutions are not of the form this computes, None where they are."""
    name = f"{type(encoder).__module__}.{type(encoder).__qualname__}"
    if name not in _ENCODERS:
        return f"{name} is no feature encoder of the wav2vec2 family"
    return next((r for r in map(_why_not_layer, enumerate(encoder.conv_layers)) if r), None)


class FastFeatureEncoder(torch.nn.Module):
    """The stock feature encoder's layers, with the same Parameter objects and names.

    Utterances of a batch are computed one after another, so none depends on the others. Weights
    lie in memory with the output channels last; their shape and values are the stock ones.
    """

    def __init__(self, stock: Any) -> None:
        super().__init__()
        self.conv_layers = stock.conv_layers
        self.gradient_checkpointing = stock.gradient_checkpointing
        self._requires_grad = stock._requires_grad
        for layer in self.conv_layers[1:]:
            layer.conv.weight.data = _output_channels_last(layer.conv.weight.data)
        self.train(stock.training)

    def _freeze_parameters(self) -> None:
        """As the stock class has it: models call it by this name."""
        self.requires_grad_(False)
        self._requires_grad = False

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, frames) of (batch, samples), as the stock class gives it."""
        frames = self._rows(input_values.shape[-1])[-1]
        if frames >= 1 and self._is_fast(input_values):
            return self._encode(input_values, frames).transpose(1, 2)
        hidden_states = input_values[:, None]
        if self._requires_grad and self.training:
            hidden_states.requires_grad = True
        for layer in self.conv_layers:
            hidden_states = layer(hidden_states)
        return hidden_states

    def _is_fast(self, input_values: torch.Tensor) -> bool:
        return is_plain_inference(self, input_values) and not any(
            map(_why_not_layer, enumerate(self.conv_layers))
        )

    def _rows(self, samples: int) -> list[int]:
        """Of the input and of each layer's output, for that many samples."""
        rows = [samples]
        for layer in self.conv_layers:
            rows.append((rows[-1] - layer.conv.kernel_size[0]) // layer.conv.stride[0] + 1)
        return rows

    def _rows_needed(self, frames: int) -> list[int]:
        """Of the input and of each layer's output, for that many frames."""
        rows = [frames]
        for layer in reversed(self.conv_layers):
            rows.append((rows[-1] - 1) * layer.conv.stride[0] + layer.conv.kernel_size[0])
        return rows[::-1]

    def _encode(self, audio: torch.Tensor, frames: int) -> torch.Tensor:
        """(batch, frames, channels)."""
        first, channels = self.conv_layers[0], self._channels()
        piece = min(frames, self._frames_of_piece())
        buffers = [
            audio.new_empty(rows, width)
            for rows, width in zip(self._rows_needed(piece)[1:-1], channels[:-1], strict=True)
        ]
        output = audio.new_empty(len(audio), frames, channels[-1])
        for samples, encoded in zip(audio, output, strict=True):
            mean, weight = _first_layer(first, samples)
            for start in range(0, frames, piece):
                made = encoded[start : start + piece]
                rows = self._rows_needed(len(made))
                inner = (part[:count] for part, count in zip(buffers, rows[1:-1], strict=True))
                heard = samples[start * self._hop() :][: rows[0]]
                self._encode_piece(_windows(heard, first.conv) - mean, weight, [*inner, made])
        return output

    def _channels(self) -> list[int]:
        return [layer.conv.out_channels for layer in self.conv_layers]

    def _hop(self) -> int:
        """Samples from a frame to the next."""
        return math.prod(layer.conv.stride[0] for layer in self.conv_layers)

    def _frames_of_piece(self) -> int:
        """As many as keep each layer's output within the cache."""
        rows, most = 1, 0
        for layer in reversed(self.conv_layers):
            most = max(most, rows * layer.conv.out_channels)
            rows *= layer.conv.stride[0]
        return max(1, _PIECE_BYTES // (most * _FLOAT32_BYTES))

    def _encode_piece(
        self, windows: torch.Tensor, weight: torch.Tensor, outputs: Sequence[torch.Tensor]
    ) -> None:
        """Fill the layers' outputs, each (rows, channels)."""
        torch.addmm(weight[-1], windows, weight[:-1], out=outputs[0])
        _finish(self.conv_layers[0], outputs[0])
        for layer, (given, made) in zip(self.conv_layers[1:], pairwise(outputs), strict=True):
            convolve_rows(layer.conv, given, made)
            _finish(layer, made)


def _why_not_layer(numbered: tuple[int, Any]) -> str | None:
    number, layer = numbered
    conv, norm = layer.conv, getattr(layer, "layer_norm", None)
    if type(conv) is not torch.nn.Conv1d or type(conv.weight) is not torch.nn.Parameter:
        return f"convolution {number} is a {type(conv).__name__}"
    if conv.padding != (0,) or conv.dilation != (1,) or conv.groups != 1:
        return f"convolution {number} is padded, dilated or grouped"
    if (conv.in_channels == 1) != (number == 0):
        return f"convolution {number} has {conv.in_channels} channels"
    if type(norm) is torch.nn.GroupNorm:
        is_known = number == 0 and norm.num_groups == norm.num_channels and norm.affine
    else:
        is_known = norm is None or type(norm) is torch.nn.LayerNorm
    return None if is_known else f"convolution {number} has another norm, {norm}"


def _output_channels_last(weight: torch.Tensor) -> torch.Tensor:
    """The same (out, in, taps), stored as (taps, in, out)."""
    return weight.permute(2, 1, 0).contiguous().permute(2, 1, 0)


def _windows(samples: torch.Tensor, conv: torch.nn.Conv1d) -> torch.Tensor:
    """(rows, taps) views of the samples that the first layer's outputs are made of."""
    return samples.unfold(0, conv.kernel_size[0], conv.stride[0])


def _first_layer(layer: Any, samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What to subtract from each window, (taps,), and its weights above a bias, (taps + 1, out).

    A group norm with a channel a group needs each channel's mean and variance over the recording.
    An output is w . x, so they are w . mean(x) and w' cov(x) w, known before any output is made.
    """
    weight = layer.conv.weight[:, 0].t()
    norm = getattr(layer, "layer_norm", None)
    if type(norm) is not torch.nn.GroupNorm:
        bias = layer.conv.bias
        bias = weight.new_zeros(weight.shape[1]) if bias is None else bias
        return weight.new_zeros(weight.shape[0]), torch.cat([weight, bias[None]])
    windows = _windows(samples, layer.conv)
    mean = windows.mean(dim=0, dtype=torch.float64)
    products = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    for part in torch.split(windows, _STATISTICS_ROWS):
        centred = part.double() - mean
        products.addmm_(centred.t(), centred)
    wide = weight.double()
    variance = ((products / len(windows)) @ wide * wide).sum(dim=0)
    scaled = wide * (norm.weight.double() / torch.sqrt(variance + norm.eps))
    return mean.float(), torch.cat([scaled, norm.bias.double()[None]]).float()


def _finish(layer: Any, rows: torch.Tensor) -> None:
    """Normalise and activate in place; a group norm is in the weights already."""
    norm = getattr(layer, "layer_norm", None)
    for part in torch.split(rows, max(1, _CACHED_BYTES // (rows.shape[1] * _FLOAT32_BYTES))):
        values = part
        if type(norm) is torch.nn.LayerNorm:
            values = functional.layer_norm(
                part, norm.normalized_shape, norm.weight, norm.bias, norm.eps
            )
        part.copy_(layer.activation(values))
