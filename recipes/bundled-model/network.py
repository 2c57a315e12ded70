"""The recogniser: a plain Wav2Vec2ForCTC, and a faster way through its weights for training."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from clips import SAMPLE_RATE_HZ
from logmel import BANDS
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, Wav2Vec2Config, Wav2Vec2ForCTC

CONV_DIM = (32, 48, 64, 64, 96, 96, 128, 128, 128)
CONV_KERNEL = (10, 3, 3, 3, 3, 2, 2, 5, 5)
CONV_STRIDE = (5, 2, 2, 2, 2, 2, 2, 1, 1)
LISTENING = 6  # convolutions up to the 10 ms rate: what log-mel frames stand in for
FRAME = 320  # samples between two frames of the encoder
FRAME_CENTRE = 1480  # sample in the middle of what its first frame sees


def configuration() -> Wav2Vec2Config:
    """Standard layout; in-features of 256 and 512, so that quanto groups by 128."""
    return Wav2Vec2Config(
        vocab_size=32, hidden_size=256, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=512, conv_dim=CONV_DIM, conv_kernel=CONV_KERNEL,
        conv_stride=CONV_STRIDE, conv_bias=True, num_feat_extract_layers=len(CONV_DIM),
        feat_extract_norm="layer", do_stable_layer_norm=True, num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=16, initializer_range=0.05, layerdrop=0.0,
        hidden_dropout=0.05, activation_dropout=0.05, attention_dropout=0.0,
        feat_proj_dropout=0.05, final_dropout=0.05, mask_time_prob=0.0, mask_feature_prob=0.0,
        ctc_loss_reduction="mean", ctc_zero_infinity=True, pad_token_id=0, bos_token_id=1,
        eos_token_id=2,
    )  # fmt: skip


class _Convolve(torch.autograd.Function):
    """1-D convolution of (batch, time, channels) as one matrix product over windows.

    Consecutive frames are contiguous, so a window of ``kernel`` frames is one row of a strided
    view; transformers' channels-first path copies and transposes at every layer instead.
    """

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.bfloat16)
    def forward(ctx: Any, frames: Tensor, weight: Tensor, kernel: int, stride: int) -> Tensor:
        ctx.save_for_backward(frames, weight)
        ctx.kernel, ctx.stride = kernel, stride
        return _windows(frames, kernel, stride) @ weight.T

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, None, None]:
        (grad,) = grads
        frames, weight = ctx.saved_tensors
        windows = _windows(frames, ctx.kernel, ctx.stride)
        grad_weight = grad.flatten(0, 1).T @ windows.flatten(0, 1)
        if not ctx.needs_input_grad[0]:
            return None, grad_weight, None, None
        grad_windows = (grad @ weight).unflatten(2, (ctx.kernel, -1))
        grad_frames = torch.zeros_like(frames)
        reach = ctx.stride * (grad.shape[1] - 1) + 1
        for tap in range(ctx.kernel):
            grad_frames[:, tap : tap + reach : ctx.stride] += grad_windows[:, :, tap]
        return grad_frames, grad_weight, None, None


def _windows(frames: Tensor, kernel: int, stride: int) -> Tensor:
    batch, time, channels = frames.shape
    count = (time - kernel) // stride + 1
    return frames.as_strided(
        (batch, count, kernel * channels), (time * channels, stride * channels, 1)
    )


def convolve(frames: Tensor, conv: nn.Conv1d) -> Tensor:
    """``conv`` over (batch, time, channels), giving (batch, frames, out channels)."""
    weight = conv.weight.transpose(1, 2).flatten(1)
    out = _Convolve.apply(frames.contiguous(), weight, conv.kernel_size[0], conv.stride[0])
    return out if conv.bias is None else out + conv.bias


class PooledDropout(nn.Module):
    """Dropout whose masks are stretches of one drawn pool: drawing anew costs a fifth of a step."""

    pools: ClassVar[dict[float, Tensor]] = {}
    pool_size = 1 << 24

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        if rate not in self.pools:
            keep = torch.rand(self.pool_size, generator=torch.Generator().manual_seed(1)) >= rate
            self.pools[rate] = keep.float() / (1 - rate)

    def forward(self, values: Tensor) -> Tensor:
        """``values`` with about ``rate`` of them zeroed and the others scaled up."""
        if not self.training or self.rate == 0:
            return values
        at = int(torch.randint(0, self.pool_size - values.numel(), ()))
        mask = self.pools[self.rate][at : at + values.numel()].view(values.shape)
        return values * mask.to(values.dtype)


def pool_dropout(module: nn.Module) -> None:
    """Replace every ``nn.Dropout`` below ``module``."""
    for name, child in module.named_children():
        if isinstance(child, nn.Dropout):
            setattr(module, name, PooledDropout(child.p))
        else:
            pool_dropout(child)


class Recogniser(nn.Module):
    """``hf`` is what ships; the other parts only help it learn.

    ``hf`` is a new bundled recogniser, or any CTC model of transformers with these convolutions.
    """

    def __init__(self, word_classes: int, hf: PreTrainedModel | None = None) -> None:
        super().__init__()
        self.hf = Wav2Vec2ForCTC(configuration()) if hf is None else hf
        pool_dropout(self.hf)
        self.layers = self.hf.base_model.feature_extractor.conv_layers
        self.to_mel = nn.Linear(CONV_DIM[LISTENING - 1], BANDS)
        self.from_mel = nn.Conv1d(BANDS, CONV_DIM[LISTENING], 2, 2)
        self.words = nn.Linear(self.hf.config.hidden_size, word_classes)

    def listen(self, waves: Tensor) -> Tensor:
        """(batch, time) waves to the (batch, frames, 96) features of the 10 ms rate."""
        frames = waves[:, :, None]
        for layer in self.layers[:LISTENING]:
            frames = functional.gelu(layer.layer_norm(convolve(frames, layer.conv)))
        return frames

    def encode(self, frames: Tensor, counts: Tensor, from_mel: bool) -> Tensor:
        """10 ms frames (log-mel or heard) to (batch, 20 ms frames, hidden)."""
        first = self.layers[LISTENING]
        frames = convolve(frames, self.from_mel if from_mel else first.conv)
        frames = functional.gelu(first.layer_norm(frames))
        for layer in self.layers[LISTENING + 1 :]:
            frames = functional.gelu(layer.layer_norm(convolve(frames, layer.conv)))
        projected = self.hf.base_model.feature_projection(frames)
        hidden = projected[0] if isinstance(projected, tuple) else projected  # HuBERT's is one
        mask = torch.arange(hidden.shape[1])[None, :] < counts[:, None]
        encoded: Tensor = self.hf.base_model.encoder(hidden, attention_mask=mask)[0]
        return encoded

    def letters(self, hidden: Tensor) -> Tensor:
        """(batch, frames, hidden) to (batch, frames, 32) logits."""
        logits: Tensor = self.hf.lm_head(self.hf.dropout(hidden))
        return logits

    @torch.no_grad()
    def join(self) -> None:
        """Make the seventh convolution do what mel frames and ``from_mel`` did."""
        conv = self.layers[LISTENING].conv
        conv.weight.copy_(torch.einsum("obk,bc->ock", self.from_mel.weight, self.to_mel.weight))
        bias = torch.einsum("obk,b->o", self.from_mel.weight, self.to_mel.bias)
        conv.bias.copy_(self.from_mel.bias + bias)


def mel_counts(sizes: Tensor) -> Tensor:
    """Samples to 10 ms frames."""
    return (sizes - 240) // 160 + 1


def frame_counts(mels: Tensor) -> Tensor:
    """10 ms frames to 20 ms frames: one stride of two, two kernels of five."""
    return (mels - 2) // 2 + 1 - 8


def frame_of(sample: Tensor) -> Tensor:
    """The 20 ms frame centred nearest to each sample, not clamped."""
    return torch.round((sample - FRAME_CENTRE) / FRAME).long()


def seconds(sizes: Tensor) -> float:
    """Duration of all utterances in a batch."""
    return float(sizes.sum()) / SAMPLE_RATE_HZ
