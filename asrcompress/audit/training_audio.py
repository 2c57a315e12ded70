"""Training audio: a whole corpus, and how it is made harder while it is heard."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.audit.augmentation import (
    Augmentation,
    AugmentationSource,
    augmentation_of,
    read_snr_range,
)
from asrcompress.core.audio import probe_audio
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_json
from asrcompress.report.training_facts import duration_words
from asrcompress.report.wording import count_of

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.compress.training.params import TrainingParams
    from asrcompress.core.utterance import Utterance

SHORTEST_S = 0.5  # a word; every encoder gives several frames of it

_logger = logging.getLogger("asrcompress")


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """Where training audio comes from.

    noise, rir: folders to make it harder with; None for built-in noises and simulated rooms.
    """

    corpus: str | Path
    noise: Path | None = None
    rir: Path | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class OpenedTraining:
    """A corpus that was read and hashed, once for all trainings on it.

    left_out: utterances that are too short.
    """

    source: TrainingSource
    corpus: Corpus
    sha256: str
    left_out: int
    _made: dict[tuple[str, str], Augmentation] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, which opens the sounds itself."""
        return OpenedTraining, (self.source, self.corpus, self.sha256, self.left_out)

    def audio(self, params: TrainingParams) -> TrainingAudio:
        """What a training with these parameters hears.

        Raises:
            InputError: a folder of noises or rooms, or augment_snr, cannot be used.
        """
        from asrcompress.compress.training.audio import TrainingAudio

        made = self._augmentation(params)
        return TrainingAudio(
            name=self.corpus.name,
            utterances=self.corpus.utterances,
            sha256=sha256_of_json([self.sha256, made.sha256]),
            augment=made.augment,
            augmentation=made.words,
        )

    @property
    def note(self) -> str:
        """What was learned from, for a reader of the results."""
        corpus = self.corpus
        speakers = {utterance.speaker for utterance in corpus.utterances} - {None}
        spoken = f" of {count_of(len(speakers), 'speaker')}" if speakers else ""
        short = f" ({self.left_out} shorter ones left out)" if self.left_out else ""
        utterances = count_of(len(corpus.utterances), "utterance")
        return (
            f"Trained on {utterances}{spoken}, {duration_words(corpus.audio_s)}, of {corpus.name}"
            f"{short}; none of them is scored."
        )

    def _augmentation(self, params: TrainingParams) -> Augmentation:
        """The same object for the same settings, with the sounds that it keeps in memory."""
        settings = (params.augment, params.augment_snr)
        if settings not in self._made:
            source = AugmentationSource(
                augment=params.augment,
                snr_db=read_snr_range(params.augment_snr),
                noise=self.source.noise,
                rir=self.source.rir,
                utterances=self.corpus.utterances,
                seed=self.source.seed,
            )
            self._made[settings] = augmentation_of(source)
        return self._made[settings]


def open_training(source: TrainingSource) -> OpenedTraining:
    """The corpus of a source: every utterance of 0.5 s or more, with or without a transcript.

    Every file is read for its hash. A recording that is damaged behind its header is an error
    when it is heard.

    Raises:
        InputError: the corpus cannot be used, has nothing long enough, or has a file whose header
            cannot be read.
    """
    corpus = read_corpus(source.corpus)
    for utterance in corpus.utterances:
        _refuse_unreadable(utterance)
    kept = tuple(u for u in corpus.utterances if u.duration_s >= SHORTEST_S)
    if not kept:
        raise InputError(
            "no training audio that is long enough",
            where=source.corpus,
            expected=f"an utterance of {SHORTEST_S:g} s or more",
        )
    used = Corpus(corpus.name, kept)
    return OpenedTraining(source, used, used.sha256(), len(corpus.utterances) - len(kept))


def training_audio(source: TrainingSource, params: TrainingParams) -> TrainingAudio:
    """What a single training hears; a warning says how many utterances are too short for it.

    Raises:
        InputError: as `open_training` and `OpenedTraining.audio`.
    """
    read_snr_range(params.augment_snr)  # before the corpus is read, which takes a while
    opened = open_training(source)
    if opened.left_out:
        _logger.warning(
            "%d utterances shorter than %g s are not trained on", opened.left_out, SHORTEST_S
        )
    return opened.audio(params)


def training_params(options: CompressOptions) -> TrainingParams | None:
    """The parameters of the step that trains; None where none does."""
    from asrcompress.compress.learn import training_step
    from asrcompress.compress.method import method_of
    from asrcompress.compress.training.params import TrainingParams

    step = training_step(options)
    if step is None:
        return None
    params = method_of(step.method).Params.model_validate(step.params)
    if not isinstance(params, TrainingParams):
        raise TypeError(f"{step.method} trains, and its parameters are no TrainingParams")
    return params


def _refuse_unreadable(utterance: Utterance) -> None:
    """Its duration is 0 where its header could not be read; reading that again says why."""
    if utterance.duration_s == 0.0:
        probe_audio(utterance.path)
