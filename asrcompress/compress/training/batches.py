"""Which audio each step hears: a function of the seed and the step alone, so it can be resumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.labels import Labels
from asrcompress.compress.training.params import TrainingParams
from asrcompress.core.errors import InputError
from asrcompress.core.seeds import generator_for

if TYPE_CHECKING:
    from asrcompress.core.audio import Samples
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.utterance import Utterance

_POOLED = 32  # batches drawn together, so that each can be of utterances of like length
_KEPT_EPOCHS = 4
_SHORTEST_S = 0.5  # a word; every encoder gives several frames of it


@dataclass(frozen=True, slots=True)
class Batch:
    """A step's audio as a model takes it, on the training's device.

    heard: what the student is given (`input_values` and the like, with a mask where the model
    takes one). clean: what the teacher is given; the same object where they hear the same. sizes:
    (batch,) samples of each recording, without padding. labels: (batch, longest) token ids, -100
    beyond a text's end; None where transcripts are not used.
    """

    heard: dict[str, Any]
    clean: dict[str, Any]
    sizes: torch.Tensor
    labels: torch.Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        clean = {name: value.to(device) for name, value in self.clean.items()}
        heard = clean
        if self.heard is not self.clean:
            heard = {name: value.to(device) for name, value in self.heard.items()}
        labels = None if self.labels is None else self.labels.to(device)
        return replace(self, heard=heard, clean=clean, sizes=self.sizes.to(device), labels=labels)


@dataclass
class Batches:
    """The batches of a training, made when asked for.

    Without transcripts the recordings of a batch are cut to its shortest, so that nothing is
    padding; with them they stay whole. What is shorter than half a second is followed by silence,
    whatever its manifest said. place: this process among `places` that train together.

    Raises:
        InputError: there is no audio, or no transcripts where they are asked for.
    """

    loaded: LoadedModel
    audio: TrainingAudio
    params: TrainingParams
    seed: int
    place: int = 0
    places: int = 1
    _starts: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        if not self.audio.utterances:
            raise InputError("nothing to train on", where=self.audio.name, got="no utterances")
        self.labels = Labels.of(self.loaded, self.audio) if self.params.ctc_weight else None
        self._epoch = lru_cache(_KEPT_EPOCHS)(self._drawn)

    def at(self, step: int) -> Batch:
        """The batch of a step, counted from 0, on the CPU.

        Raises:
            InputError: a recording cannot be read.
        """
        number = step * self.places + self.place
        chosen = self.utterances_of(number)
        draws = [generator_for(self.seed, "draw", number, u.id) for u in chosen]
        return self._batch(chosen, draws)

    def utterances_of(self, number: int) -> tuple[Utterance, ...]:
        """Which utterances the batch of a number holds, over all processes."""
        epoch = 0
        while True:
            while len(self._starts) <= epoch + 1:
                drawn = len(self._epoch(len(self._starts) - 1))
                self._starts.append(self._starts[-1] + drawn)
            if number < self._starts[epoch + 1]:
                return self._epoch(epoch)[number - self._starts[epoch]]
            epoch += 1

    def _drawn(self, epoch: int) -> list[tuple[Utterance, ...]]:
        """Every utterance once, in batches of like lengths and in random order."""
        generator = generator_for(self.seed, "epoch", epoch)
        order = generator.permutation(len(self.audio.utterances))
        shuffled = [self.audio.utterances[place] for place in order]
        pool_s = _POOLED * self.params.batch_seconds
        batches: list[tuple[Utterance, ...]] = []
        for pool in _runs(shuffled, pool_s, self._length_s):
            batches += _runs(
                sorted(pool, key=self._length_s), self.params.batch_seconds, self._length_s
            )
        return [batches[place] for place in generator.permutation(len(batches))]

    def _length_s(self, utterance: Utterance) -> float:
        """Seconds that are heard of it, as far as its manifest tells."""
        if self.labels is not None:
            return utterance.duration_s
        return min(utterance.duration_s, self.params.longest_seconds)

    def _batch(self, chosen: Sequence[Utterance], draws: Sequence[np.random.Generator]) -> Batch:
        rate = self.loaded.sample_rate_hz
        clean = [_lengthened(u.audio(rate), round(_SHORTEST_S * rate)) for u in chosen]
        if self.labels is None:
            most = min(round(self.params.longest_seconds * rate), *(len(one) for one in clean))
            clean = [_cut(one, most, draw) for one, draw in zip(clean, draws, strict=True)]
        inputs = self._inputs(clean)
        heard = inputs
        if self.audio.augment is not None:
            augment = self.audio.augment
            harder = [augment(one, rate, draw) for one, draw in zip(clean, draws, strict=True)]
            heard = self._inputs(harder)
            inputs = inputs if self.params.teacher_hears == "clean" else heard
        sizes = torch.tensor([len(one) for one in clean])
        labels = None if self.labels is None else self.labels.of_batch(chosen)
        return Batch(heard, inputs, sizes, labels)

    def _inputs(self, samples: list[Samples]) -> dict[str, Any]:
        """As the model takes them; a mask only where something is padding."""
        made = self.loaded.processor.feature_extractor(
            samples, sampling_rate=self.loaded.sample_rate_hz, padding=True, return_tensors="pt"
        )
        found = dict(made)
        if len({len(one) for one in samples}) == 1:
            found.pop("attention_mask", None)
        return found


def ahead(batches: Batches, steps: Iterable[int], aside: Executor) -> Iterator[Batch]:
    """The batches of those steps, each made by `aside` while the one before is learned from."""
    coming: Future[Batch] | None = None
    for step in steps:
        ready, coming = coming, aside.submit(batches.at, step)
        if ready is not None:
            yield ready.result()
    if coming is not None:
        yield coming.result()


def _runs(utterances: Sequence[Utterance], most_s: float, length_s: Any) -> list[Any]:
    """Utterances in their order, in runs of at most `most_s` seconds, or of one."""
    runs: list[list[Utterance]] = [[]]
    total_s = 0.0
    for utterance in utterances:
        if runs[-1] and total_s + length_s(utterance) > most_s:
            runs.append([])
            total_s = 0.0
        runs[-1].append(utterance)
        total_s += length_s(utterance)
    return [tuple(run) for run in runs if run]


def _lengthened(samples: Samples, least: int) -> Samples:
    """The samples, followed by silence where there are fewer than `least`."""
    return np.pad(samples, (0, max(0, least - len(samples))))


def _cut(samples: Samples, most: int, draw: np.random.Generator) -> Samples:
    """A random stretch of `most` samples."""
    start = int(draw.integers(0, len(samples) - most + 1))
    return samples[start : start + most]
