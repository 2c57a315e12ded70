"""Utterances that are never trained on, to tell how far the student is from its teacher."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from asrcompress.compress.calibration import beginning
from asrcompress.compress.decision import CalibrationAudio
from asrcompress.compress.divergence import Reference, divergence, reference
from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.core.seeds import generator_for

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.utterance import Utterance

LEAST = 20  # utterances of a corpus of which one is held out, and of more one in so many
_MOST = 24
_MOST_S = 90.0
_SHORTEST_S = 0.5  # a word; every encoder gives several frames of it
_LONGEST_S = 30.0  # attention over more needs much memory
_CONDITION = "clean"


def split(audio: TrainingAudio, seed: int) -> tuple[TrainingAudio, CalibrationAudio]:
    """What is trained on, and a small seeded sample that is not; empty of fewer than 20."""
    count = min(_MOST, len(audio.utterances) // LEAST)
    long_enough = [u for u in audio.utterances if u.duration_s >= _SHORTEST_S]
    drawn = sorted(
        long_enough, key=lambda u: float(generator_for(seed, "held out", u.id).random())
    )[:count]
    kept = CalibrationAudio(audio.name, _CONDITION, tuple(map(_begun, drawn)), audio.sha256)
    if drawn:
        kept = beginning(kept, _MOST_S)
    ids = {utterance.id for utterance in kept.utterances}
    left = tuple(utterance for utterance in audio.utterances if utterance.id not in ids)
    return replace(audio, utterances=left), kept


def _begun(utterance: Utterance) -> Utterance:
    """The utterance, or the first 30 s of a longer one."""
    if utterance.duration_s <= _LONGEST_S:
        return utterance
    return replace(utterance, duration_s=_LONGEST_S, is_segment=True)


class HeldOut:
    """The teacher's posteriors on those utterances, and the distance of others from them."""

    def __init__(self, loaded: LoadedModel, audio: CalibrationAudio) -> None:
        self._references: list[Reference] = [
            reference(loaded, audio.condition, utterance) for utterance in audio.utterances
        ]

    def divergence(self, model: torch.nn.Module) -> float | None:
        """KL(teacher || model) in nats a frame, on clean audio; None without utterances."""
        if not self._references:
            return None
        device = next(model.parameters()).device
        here = [_on(one, device) for one in self._references]
        was_training = model.training
        try:
            return divergence(model.eval(), here)[_CONDITION]
        finally:
            model.train(was_training)


def _on(reference: Reference, device: torch.device) -> Reference:
    return replace(
        reference,
        inputs={name: value.to(device) for name, value in reference.inputs.items()},
        log_posteriors=reference.log_posteriors.to(device),
    )
