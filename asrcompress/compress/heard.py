"""What a model says to recordings in PyTorch, and how far another computation is from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from asrcompress.compress.runtimes._export import Arrays
from asrcompress.core.checkpoint import quiet_transformers

if TYPE_CHECKING:
    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.core.checkpoint import LoadedModel

Recording = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """Recordings taken together: their condition, the model's inputs, and PyTorch's logits.

    logits: (batch, frames, tokens).
    """

    condition: str
    inputs: Arrays
    logits: npt.NDArray[np.float32]


def hear(loaded: LoadedModel, condition: str, batch: Sequence[Recording]) -> Heard:
    """What the loaded model says; not under inference_mode, see quanto's low bits."""
    import torch

    inputs = _inputs(loaded, batch)
    with quiet_transformers(), torch.no_grad():
        tensors = {name: torch.from_numpy(values) for name, values in inputs.items()}
        logits = loaded.model(**tensors).logits
    return Heard(condition, inputs, np.asarray(logits.float().numpy()))


def hear_each(loaded: LoadedModel, audio: CalibrationAudio) -> list[Heard]:
    """Each recording alone, so that none is padded.

    Raises:
        InputError: one cannot be read.
    """
    rate_hz = loaded.sample_rate_hz
    return [hear(loaded, audio.condition, [one.audio(rate_hz)]) for one in audio.utterances]


def _inputs(loaded: LoadedModel, batch: Sequence[npt.NDArray[np.float32]]) -> Arrays:
    """What the processor gives, padded to the longest, as arrays by name."""
    with quiet_transformers():
        given = loaded.processor(
            audio=list(batch),
            sampling_rate=loaded.sample_rate_hz,
            padding="longest",
            return_tensors="np",
        )
    return {
        name: np.ascontiguousarray(
            values, np.float32 if np.asarray(values).dtype.kind == "f" else np.int64
        )
        for name, values in given.items()
    }


def largest_change(heard: Heard, found: npt.NDArray[np.float32]) -> float:
    """Of a logit, in the frames that are the recordings' own; those of padding mean nothing."""
    if heard.logits.shape != found.shape:
        return float("inf")
    changes = np.abs(heard.logits - found).max(axis=-1)  # (batch, frames)
    mask = heard.inputs.get("attention_mask")
    if mask is not None:
        share = mask.mean(axis=1) * changes.shape[1]
        own = np.arange(changes.shape[1])[None] < np.floor(share)[:, None] - 1
        changes = np.where(own, changes, 0.0)
    return float(changes.max())


def divergence_from(
    heard: Sequence[Heard], found: Sequence[npt.NDArray[np.float32]]
) -> dict[str, float]:
    """KL(PyTorch || found) in nats a frame, by condition; of recordings heard one by one."""
    sums: dict[str, list[float]] = {}
    for one, logits in zip(heard, found, strict=True):
        before, after = _log_softmax(one.logits), _log_softmax(logits)
        each = (np.exp(before) * (before - after)).sum(axis=-1)
        sums.setdefault(one.condition, []).extend(float(value) for value in each.reshape(-1))
    return {condition: float(np.mean(values)) for condition, values in sums.items()}


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
