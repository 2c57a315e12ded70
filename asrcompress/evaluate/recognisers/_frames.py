"""How a CTC model's frames lie on its samples: the first one, their distance, and their number."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

    from asrcompress.core.checkpoint import LoadedModel

_FEATURES_SHORTEST_S = 0.25  # one output frame of every spectrogram encoder (8-fold subsampling)
# Every hop of 10 ms or 12.5 ms at 8 to 24 kHz, and every subsampling of it by 2, 4 or 8, fits a
# whole number of times into so many samples.
_COMMON_MULTIPLE = 96_000


def shortest_input(loaded: LoadedModel) -> int:
    """Samples that give one output frame: the receptive field of the convolutions over waveform.

    With kernels k and strides s, from the last layer to the first: r = (r - 1) * s + k.
    """
    config = loaded.config
    if not _takes_waveform(loaded):
        return round(_FEATURES_SHORTEST_S * loaded.sample_rate_hz)
    samples = int(getattr(config, "squeeze_factor", 1))  # SEW averages that many frames into one
    for kernel, stride in zip(
        reversed(config.conv_kernel), reversed(config.conv_stride), strict=True
    ):
        samples = (samples - 1) * stride + kernel
    return samples


def samples_per_frame(loaded: LoadedModel) -> int:
    """The distance of two frames in samples.

    Raises:
        ModelError: it is no whole number, so that chunks cannot be joined at frames.
    """
    config = loaded.config
    if _takes_waveform(loaded):  # SEW too: the frames that it squeezes it spreads again
        has_adapter = getattr(config, "add_adapter", False)
        adapter = config.adapter_stride**config.num_adapter_layers if has_adapter else 1
        return int(prod(config.conv_stride)) * int(adapter)
    frames = _frames_of_silence(loaded, 2) - _frames_of_silence(loaded, 1)
    if frames < 1 or _COMMON_MULTIPLE % frames:
        raise ModelError(
            "recordings of this length cannot be decoded in chunks",
            where=loaded.checkpoint.model,
            got=f"{frames} frames for {_COMMON_MULTIPLE} samples",
            next_step="cut them before, or allow longer chunks",
        )
    return _COMMON_MULTIPLE // frames


def frames_together(loaded: LoadedModel) -> int:
    """How many frames the model takes together: chunks begin at multiples of so many."""
    return int(getattr(loaded.config, "squeeze_factor", 1))


def frames_of(model: Any, inputs: Mapping[str, torch.Tensor], most: int) -> list[int]:
    """The frames of each recording that are its own: what follows them comes from padding."""
    rows = next(iter(inputs.values())).shape[0]
    mask = inputs.get("attention_mask")
    if mask is None:
        return [most] * rows
    own = mask.sum(dim=-1)
    if hasattr(model, "_get_subsampling_output_length"):
        lengths = model._get_subsampling_output_length(own)
    else:
        lengths = model._get_feat_extract_output_lengths(own)
    return [min(most, int(length)) for length in lengths]


def _takes_waveform(loaded: LoadedModel) -> bool:
    return getattr(loaded.model, "main_input_name", "input_values") == "input_values"


def _frames_of_silence(loaded: LoadedModel, multiples: int) -> int:
    """The frames that so many common multiples of samples give, by the model's own formula."""
    inputs = loaded.processor(
        audio=[np.zeros(multiples * _COMMON_MULTIPLE, dtype=np.float32)],
        sampling_rate=loaded.sample_rate_hz,
        return_tensors="pt",
    )
    longest = next(iter(inputs.values())).shape[1]
    return frames_of(loaded.model, inputs, longest)[0]
