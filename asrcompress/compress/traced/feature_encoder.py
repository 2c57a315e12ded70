"""The wav2vec2 family's convolutions over audio, in forms that runtimes compute well.

Stock, a layer norm between convolutions is two transpositions, which a runtime with channels last
in memory carries out for nothing, and a group norm is a reshape that breaks fusion.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

_KEPT_BIAS = 1e-9  # a millionth of a layer norm's epsilon and less


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
        self.layer_norm = getattr(stock, "layer_norm", None)
        if isinstance(self.layer_norm, torch.nn.LayerNorm):
            self.conv.bias = _bias_that_is_kept(conv)
        elif conv.bias is not None:
            self.conv.bias = conv.bias
        self.activation = stock.activation

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(batch, out, 1, frames)."""
        hidden = self.conv(hidden)
        if self.layer_norm is not None:
            hidden = _normalised(hidden, self.layer_norm)
        activated: torch.Tensor = self.activation(hidden)
        return activated


class RowEncoder(torch.nn.Module):
    """Matrix products of rows, channels last, for a runtime whose convolutions compute in floats.

    Rows are gathered, which copies them whole and does so in 8 bits where a product is of 8 bits.
    Layers keep their names.
    """

    def __init__(self, stock: Any) -> None:
        super().__init__()
        self.conv_layers = torch.nn.ModuleList(_Rows(layer) for layer in stock.conv_layers)

    def forward(self, input_values: torch.Tensor) -> torch.Tensor:
        """(batch, channels, frames) of (batch, samples), as the stock class gives it."""
        rows = input_values[..., None]
        for layer in self.conv_layers:
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
        windows = self._windows(rows)
        if isinstance(self.layer_norm, torch.nn.GroupNorm):
            hidden = _product_normalised_over_time(windows, self.conv, self.layer_norm)
        else:
            hidden = self.conv(windows)
            if self.layer_norm is not None:
                hidden = self.layer_norm(hidden)
        result: torch.Tensor = self.activation(hidden)
        return result

    def _windows(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch, frames, taps * in)."""
        batch, given, channels = rows.shape
        made = (given - self.taps) // self.stride + 1
        if self.taps == self.stride:
            used = rows[:, : made * self.taps]
        else:
            starts = torch.arange(made, device=rows.device) * self.stride
            taps = torch.arange(self.taps, device=rows.device)
            used = rows.index_select(1, (starts[:, None] + taps).reshape(-1))
        return used.reshape(batch, made, self.taps * channels)


def _product_normalised_over_time(
    windows: torch.Tensor, product: torch.nn.Linear, norm: torch.nn.GroupNorm
) -> torch.Tensor:
    """(batch, frames, out): each channel of the product with mean 0 and variance 1 over time.

    An output is w . x, so its mean is w . mean(x) and its variance w' cov(x) w, known before any
    output is made; the norm is then in the weights. The product's bias falls out with the mean.
    """
    mean = windows.mean(dim=1, keepdim=True)
    centred = windows - mean  # (batch, frames, inputs)
    wide = centred.double()
    covariance = wide.transpose(1, 2) @ wide / windows.shape[1]
    weight = product.weight.t().double()  # (inputs, out)
    variance = ((covariance @ weight) * weight).sum(dim=1, keepdim=True)
    scaled = weight * (norm.weight.double() / torch.sqrt(variance + norm.eps))
    return centred @ scaled.float() + norm.bias


def _bias_that_is_kept(conv: Any) -> torch.nn.Parameter:
    """The bias, or one so small, and the same for all channels, that the norm takes it away.

    OpenVINO 2026.4 leaves out an addition of zeros, and then loses the scale of a convolution in
    8 bits between the mean and the difference from it: what follows is zero.
    """
    bias = conv.bias
    if bias is not None and bool(bias.any()):
        kept: torch.nn.Parameter = bias
        return kept
    return torch.nn.Parameter(torch.full((conv.out_channels,), _KEPT_BIAS), requires_grad=False)


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
