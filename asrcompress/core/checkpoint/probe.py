"""A fixed input's logits: the proof that a reload gives the same model."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import ModelError
from asrcompress.core.manifest import Probe

if TYPE_CHECKING:
    from asrcompress.core.checkpoint.load import LoadedModel

SEED = 0
DURATION_S = 1.0
_SYLLABLES_HZ = 4.0  # speech's amplitude moves at about four syllables a second
_AMPLITUDE = 0.1
_HEAD = 16  # values kept, spread over the logits
_TOKENS = 4  # what a decoder is given
_TOLERANCE = 1e-3  # relative to the largest value kept; other thread counts differ by 1e-5


def probe(loaded: LoadedModel) -> Probe:
    """The logits of one second of pseudo-speech, through the model's own processor.

    A decoder is given a few tokens spread over its vocabulary to go on from.

    Raises:
        ModelError: its configuration lets it compute nothing, or nothing finite comes out of it.
    """
    import torch

    from asrcompress.core.checkpoint.plain import refusing_bad_configuration

    samples = pseudo_speech(loaded.sample_rate_hz)
    inputs = loaded.processor(
        audio=samples, sampling_rate=loaded.sample_rate_hz, return_tensors="pt"
    )
    if loaded.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([_spread(loaded.config.vocab_size)])
    device = next(loaded.model.parameters()).device
    with (
        refusing_bad_configuration(loaded.checkpoint),
        quiet_transformers(),
        torch.no_grad(),
    ):  # not inference_mode: quanto's qint4 and qint2 crash under it
        logits = loaded.model(**{key: value.to(device) for key, value in inputs.items()}).logits
    values = logits.detach().to("cpu", torch.float32).contiguous().numpy()
    if not np.isfinite(values).all():
        raise ModelError(
            "the model gives no finite numbers",
            where=loaded.checkpoint.model,
            got="NaN or infinite logits",
            next_step="look for such weights in it",
        )
    return probe_of(samples.size, values)


def probe_of(samples: int, values: npt.NDArray[np.float32]) -> Probe:
    """The record of the pseudo-speech's logits, (1, frames, tokens), whatever computed them."""
    flat = values.reshape(-1)
    chosen = flat[np.linspace(0, flat.size - 1, num=min(_HEAD, flat.size)).astype(int)]
    return Probe(
        samples=samples,
        seed=SEED,
        logits_shape=tuple(values.shape),
        sha256=hashlib.sha256(values.tobytes()).hexdigest(),
        head=tuple(float(value) for value in chosen),
    )


def _spread(vocab_size: int) -> list[int]:
    """Token ids from the first to the last of a vocabulary."""
    return [int(token) for token in np.linspace(0, vocab_size - 1, num=_TOKENS)]


def agrees(a: Probe, b: Probe) -> bool:
    """Whether two probes are of the same model: same bits, or close where machines differ."""
    if (a.samples, a.seed, a.logits_shape) != (b.samples, b.seed, b.logits_shape):
        return False
    if a.sha256 == b.sha256:
        return True
    first, second = np.array(a.head), np.array(b.head)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return False
    limit = _TOLERANCE * max(1.0, float(np.abs(first).max(initial=0.0)))
    return first.shape == second.shape and bool(np.abs(first - second).max(initial=0.0) <= limit)


def pseudo_speech(
    sample_rate_hz: int, *, duration_s: float = DURATION_S
) -> npt.NDArray[np.float32]:
    """(time,) float32: seeded noise whose loudness rises and falls like syllables."""
    count = round(duration_s * sample_rate_hz)
    noise = np.random.Generator(np.random.PCG64(SEED)).standard_normal(count)
    seconds = np.arange(count) / sample_rate_hz
    loudness = 0.5 * (1 - np.cos(2 * np.pi * _SYLLABLES_HZ * seconds))
    return np.asarray(_AMPLITUDE * loudness * noise, dtype=np.float32)
