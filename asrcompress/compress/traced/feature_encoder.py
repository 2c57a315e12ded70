"""The wav2vec2 family's convolutions over audio, in forms that runtimes compute well.

Stock, a layer norm between convolutions is two transpositions, which a runtime with channels last
in memory carries out for nothing, and a group norm is a reshape that breaks fusion.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional


class PlanarEncoder(torch.nn.Module):
    """Two-dimensional convolutions of height 1, whose norms are written along the channels.

    So a runtime that holds channels last keeps them there from the first to the last layer, and
    fuses norm, activation and quantisation into one pass. Layers keep their names.
    """

    def __init__(self, stock: Any) -> None:
        super().__init__()
        self.conv_layers = torch.nn.ModuleList(_Planar(layer) for layer in stock.conv_layers)

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, frames) of (batch, samples), as the stock class gives it."""
        hidden = input_values[:, None, None, :]
        for layer in self.conv_layers:
            hidden = layer(hidden)
        return hidden[:, :, 0]


class _Planar(torch.nn.Module):
    """One layer of (batch, in, 1, frames)."""

    def __init__(self, stock: Any) -> None:
        super().__init__()
        conv = stock.conv
        self.conv = torch.nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            (1, conv.kernel_size[0]),
            stride=(1, conv.stride[0]),
            bias=conv.bias is not None,
            device="meta",
        )
        self.conv.weight = torch.nn.Parameter(conv.weight.detach()[:, :, None], requires_grad=False)
        if conv.bias is not None:
            self.conv.bias = conv.bias
        self.layer_norm = getattr(stock, "layer_norm", None)
        self.activation = stock.activation

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(batch, out, 1, frames)."""
        hidden = self.conv(hidden)
        if self.layer_norm is not None:
            hidden = _normalised(hidden, self.layer_norm)
        activated: torch.Tensor = self.activation(hidden)
        return activated


class RowEncoder(torch.nn.Module):
    """Matrix products of rows, for a runtime whose convolutions compute in floats only.

    The first layer, with one input channel and a hundredth of the work, stays a convolution.
    Layers keep their names.
    """

    def __init__(self, stock: Any) -> None:
        super().__init__()
        first, *others = stock.conv_layers
        self.conv_layers = torch.nn.ModuleList([first, *map(_Rows, others)])

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, frames) of (batch, samples), as the stock class gives it."""
        first, *others = self.conv_layers
        rows: torch.Tensor = first(input_values[:, None]).transpose(1, 2)
        for layer in others:
            rows = layer(rows)
        return rows.transpose(1, 2)


class _Rows(torch.nn.Module):
    """One layer whose `conv` is a product with the (out, taps * in) matrix of its weights."""

    def __init__(self, stock: Any) -> None:
        super().__init__()
        conv = stock.conv
        self.taps, self.stride = int(conv.kernel_size[0]), int(conv.stride[0])
        self.layer_norm = getattr(stock, "layer_norm", None)
        self.activation = stock.activation
        out_channels, in_channels, taps = conv.weight.shape
        self.conv = torch.nn.Linear(
            in_channels * taps, out_channels, bias=conv.bias is not None, device="meta"
        )
        by_tap = conv.weight.detach().permute(0, 2, 1).reshape(out_channels, -1)
        self.conv.weight = torch.nn.Parameter(by_tap.contiguous(), requires_grad=False)
        if conv.bias is not None:
            self.conv.bias = conv.bias

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch, frames, out) of (batch, frames before, in)."""
        batch, given, channels = rows.shape
        made = (given - self.taps) // self.stride + 1
        parts = []
        for first in range(0, self.taps, self.stride):
            width = min(self.stride, self.taps - first) * channels
            room = functional.pad(rows[:, first:], (0, 0, 0, self.stride))
            strided = room[:, : made * self.stride].reshape(batch, made, self.stride * channels)
            parts.append(strided[..., :width])
        hidden = self.conv(torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0])
        if self.layer_norm is not None:
            hidden = self.layer_norm(hidden)
        result: torch.Tensor = self.activation(hidden)
        return result


def _normalised(hidden: torch.Tensor, norm: Any) -> torch.Tensor:
    """(batch, channels, 1, frames), normalised over the channels, or over time for each channel."""
    weight, bias = norm.weight[None, :, None, None], norm.bias[None, :, None, None]
    if isinstance(norm, torch.nn.GroupNorm):
        by_channel: torch.Tensor = functional.instance_norm(hidden, eps=norm.eps) * weight + bias
        return by_channel
    centred = hidden - hidden.mean(dim=1, keepdim=True)
    variance = (centred * centred).mean(dim=1, keepdim=True)
    normalised: torch.Tensor = centred * torch.rsqrt(variance + norm.eps) * weight + bias
    return normalised
