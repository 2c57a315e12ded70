"""What a training hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from asrcompress.core.training_record import TrainingCorpus

if TYPE_CHECKING:
    import numpy as np

    from asrcompress.compress.training.params import TrainingParams
    from asrcompress.core.audio import Samples
    from asrcompress.core.utterance import Utterance


class Augment(Protocol):
    """Makes audio harder, in time with the original: every frame keeps its place."""

    def __call__(
        self, samples: Samples, sample_rate_hz: int, generator: np.random.Generator
    ) -> Samples:
        """(time,) float32 of the same length; all that is random is drawn from the generator."""


@dataclass(frozen=True, slots=True)
class TrainingAudio:
    """A corpus to learn from, with or without transcripts.

    sha256: over the utterances and over whatever the augmentation takes its sound from.
    augment: None where the audio is heard as it is. augmentation: it in words.
    """

    name: str
    utterances: tuple[Utterance, ...]
    sha256: str
    augment: Augment | None
    augmentation: str


def untaught(params: TrainingParams, audio: TrainingAudio) -> str | None:
    """Why the audio does not teach what is asked for, None where it does."""
    if params.ctc_weight and not all(utterance.text for utterance in audio.utterances):
        return "ctc_weight needs transcripts, and some utterances have none"
    return None


def corpus_of(learned: TrainingAudio, held_out: int, *, with_transcripts: bool) -> TrainingCorpus:
    """What a record says of the audio that is learned from; held_out: utterances beside it."""
    return TrainingCorpus(
        name=learned.name,
        utterances=len(learned.utterances),
        duration_s=round(sum(u.duration_s for u in learned.utterances), 3),
        speakers=len({u.speaker for u in learned.utterances} - {None}) or None,
        sha256=learned.sha256,
        transcripts=with_transcripts,
        augmentation=learned.augmentation,
        held_out=held_out,
    )
