"""Which audio a step hears: every utterance once an epoch, from the seed and the step alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.batches import Batches
from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import LoadedModel, load
from asrcompress.core.errors import InputError
from asrcompress.core.utterance import Utterance
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import RATE_HZ, noise_corpus, quick


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load(tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny", "wav2vec2-layer-norm"))


def _imagined(durations_s: list[float]) -> TrainingAudio:
    """Utterances without files: enough to draw batches of."""
    found = tuple(
        Utterance(f"u{number}", Path(f"{number}.wav"), duration_s)
        for number, duration_s in enumerate(durations_s)
    )
    return TrainingAudio("imagined", found, "0", None, "none")


def _epochs(batches: Batches, utterances: int, epochs: int) -> list[list[tuple[Utterance, ...]]]:
    """The batches of the first epochs, told apart by how many utterances there are."""
    found: list[list[tuple[Utterance, ...]]] = []
    number = 0
    for _ in range(epochs):
        epoch: list[tuple[Utterance, ...]] = []
        while sum(map(len, epoch)) < utterances:
            epoch.append(batches.utterances_of(number))
            number += 1
        found.append(epoch)
    return found


def test_every_utterance_once_an_epoch(loaded: LoadedModel) -> None:
    """Three epochs: each holds all 300, none twice, in another order each time."""
    lengths = np.random.default_rng(0).uniform(0.5, 12, 300).tolist()
    batches = Batches(loaded, _imagined(lengths), quick(batch_seconds=16.0), 0)
    epochs = _epochs(batches, 300, 3)
    for epoch in epochs:
        counts = Counter(utterance.id for batch in epoch for utterance in batch)
        assert set(counts.values()) == {1}
        assert len(counts) == 300
    assert len({tuple(u.id for batch in epoch for u in batch) for epoch in epochs}) == 3


def test_like_lengths_within_the_seconds_asked(loaded: LoadedModel) -> None:
    """No batch is longer than asked; what is cut off to its shortest is under 10 % of the audio."""
    lengths = np.random.default_rng(1).uniform(0.5, 12, 600).tolist()
    batches = Batches(loaded, _imagined(lengths), quick(batch_seconds=32.0), 0)
    (epoch,) = _epochs(batches, 600, 1)
    assert max(sum(u.duration_s for u in batch) for batch in epoch) <= 32.0
    heard_s = sum(len(batch) * min(u.duration_s for u in batch) for batch in epoch)
    assert heard_s > 0.9 * sum(lengths)


def test_a_function_of_seed_and_step(loaded: LoadedModel, tmp_path: Path) -> None:
    """Asked in any order, by another object: the same audio; of another seed another."""
    audio = noise_corpus(tmp_path, [0.5, 0.6, 0.7, 0.8, 0.9])
    params = quick(longest_seconds=0.5)
    forwards = Batches(loaded, audio, params, 0)
    backwards = Batches(loaded, audio, params, 0)
    other = Batches(loaded, audio, params, 1)
    heard = [forwards.at(step).heard["input_values"] for step in range(6)]
    again = [backwards.at(step).heard["input_values"] for step in reversed(range(6))]
    assert all(torch.equal(*pair) for pair in zip(heard, reversed(again), strict=True))
    assert not all(
        torch.equal(values, other.at(step).heard["input_values"])
        for step, values in enumerate(heard)
    )


def test_disjoint_between_processes(loaded: LoadedModel) -> None:
    """Two processes hear together what one hears alone, and never the same."""
    audio = _imagined([1.0] * 64)
    params = quick(batch_seconds=4.0)
    alone = [Batches(loaded, audio, params, 0).utterances_of(number) for number in range(16)]
    heard = [
        Batches(loaded, audio, params, 0, place, 2).utterances_of(2 * step + place)
        for step in range(8)
        for place in range(2)
    ]
    assert heard == alone
    assert len({u.id for batch in heard for u in batch}) == 64


def test_processes_hear_their_own_share(loaded: LoadedModel, tmp_path: Path) -> None:
    """A step of the second of two processes is the second batch of the single one."""
    audio = noise_corpus(tmp_path, [0.5, 0.6, 0.7, 0.8])
    params = quick(batch_seconds=0.9)
    single = Batches(loaded, audio, params, 0)
    second = Batches(loaded, audio, params, 0, 1, 2)
    for step in range(2):
        found = second.at(step).heard["input_values"]
        assert torch.equal(found, single.at(2 * step + 1).heard["input_values"])


def test_crops_are_where_they_may_be(loaded: LoadedModel, tmp_path: Path) -> None:
    """A longer recording is heard from many places, each of them 0.5 s of it as it is."""
    starts: list[int] = []

    def listening(samples: Samples, rate_hz: int, _generator: np.random.Generator) -> Samples:
        assert (len(samples), rate_hz) == (RATE_HZ // 2, RATE_HZ)
        starts.append(whole.tobytes().index(samples.tobytes()) // samples.itemsize)
        return samples

    audio = noise_corpus(tmp_path, [2.0], augment=listening)
    whole = audio.utterances[0].audio(RATE_HZ)
    batches = Batches(loaded, audio, quick(longest_seconds=0.5), 0)
    for step in range(40):
        batches.at(step)
    assert len(set(starts)) > 35
    assert min(starts) < 0.2 * 1.5 * RATE_HZ
    assert max(starts) > 0.8 * 1.5 * RATE_HZ


def test_cut_to_the_shortest(loaded: LoadedModel, tmp_path: Path) -> None:
    """Without transcripts nothing is padding, so there is no mask."""
    audio = noise_corpus(tmp_path, [0.5, 0.6, 0.7])
    batch = Batches(loaded, audio, quick(batch_seconds=9.0), 0).at(0)
    assert list(batch.heard) == ["input_values"]
    assert batch.heard["input_values"].shape == (3, RATE_HZ // 2)
    assert batch.sizes.tolist() == [RATE_HZ // 2] * 3
    assert batch.labels is None


def test_whole_with_transcripts(loaded: LoadedModel, tmp_path: Path) -> None:
    """With a CTC loss recordings stay whole, however long: a text cannot be cut with them."""
    audio = noise_corpus(tmp_path, [0.5, 0.75, 1.0])
    params = quick(batch_seconds=9.0, longest_seconds=0.5, ctc_weight=1.0)
    batch = Batches(loaded, audio, params, 0).at(0)
    assert sorted(batch.sizes.tolist()) == [8000, 12_000, 16_000]
    assert batch.heard["attention_mask"].sum(dim=1).tolist() == batch.sizes.tolist()
    assert batch.labels is not None
    assert len(batch.labels) == 3


def test_whole_recordings_count_whole(loaded: LoadedModel) -> None:
    """Those longer than longest_seconds fill a batch by their length where they are not cut."""
    audio = _imagined([4.0] * 8)
    audio = replace(audio, utterances=tuple(replace(u, text="yes") for u in audio.utterances))
    for ctc_weight, expected in ((0.0, 8), (1.0, 2)):
        params = quick(batch_seconds=8.0, longest_seconds=1.0, ctc_weight=ctc_weight)
        assert len(Batches(loaded, audio, params, 0).utterances_of(0)) == expected


def test_one_utterance(loaded: LoadedModel, tmp_path: Path) -> None:
    """A corpus of one, shorter than a batch, is heard at every step."""
    batches = Batches(loaded, noise_corpus(tmp_path, [0.6]), quick(batch_seconds=64.0), 0)
    assert {tuple(u.id for u in batches.utterances_of(number)) for number in range(50)} == {("u0",)}
    assert batches.at(49).heard["input_values"].shape == (1, 9600)


def test_no_utterance(loaded: LoadedModel) -> None:
    """A corpus of nothing is refused, and not looked through for ever."""
    with pytest.raises(InputError, match="nothing to train on: imagined"):
        Batches(loaded, _imagined([]), quick(), 0)


@pytest.mark.parametrize("ctc_weight", [0.0, 1.0])
def test_shorter_than_its_manifest_says(
    loaded: LoadedModel, tmp_path: Path, ctc_weight: float
) -> None:
    """What has 10 ms instead of 2 s is followed by silence, so that every model gives frames."""
    audio = noise_corpus(tmp_path, [0.01])
    wrong = replace(audio, utterances=(replace(audio.utterances[0], duration_s=2.0),))
    batch = Batches(loaded, wrong, quick(ctc_weight=ctc_weight), 0).at(0)
    assert batch.sizes.tolist() == [RATE_HZ // 2]
    assert batch.heard["input_values"].shape == (1, RATE_HZ // 2)
    assert loaded.model(**batch.heard).logits.shape[1] == 49


def test_longer_than_its_manifest_says(loaded: LoadedModel, tmp_path: Path) -> None:
    """A recording is cut by what it has, not by what was said of it."""
    audio = noise_corpus(tmp_path, [3.0])
    wrong = replace(audio, utterances=(replace(audio.utterances[0], duration_s=0.5),))
    batch = Batches(loaded, wrong, quick(longest_seconds=1.0), 0).at(0)
    assert batch.sizes.tolist() == [RATE_HZ]


class _Noting:
    """An augmentation that adds a drawn level, and notes what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, float]] = []

    def __call__(
        self, samples: Samples, sample_rate_hz: int, generator: np.random.Generator
    ) -> Samples:
        drawn = float(generator.random())
        self.calls.append((len(samples), sample_rate_hz, drawn))
        return (samples + generator.normal(0, 0.05, len(samples))).astype(np.float32)


def test_who_hears_what(loaded: LoadedModel, tmp_path: Path) -> None:
    """The student hears harder audio; the teacher the clean one, or with "same" the same."""
    plain = noise_corpus(tmp_path, [0.5, 0.5])
    harder = replace(plain, augment=_Noting())
    as_it_is = Batches(loaded, plain, quick(), 0).at(0)
    assert as_it_is.heard is as_it_is.clean
    clean = Batches(loaded, harder, quick(), 0).at(0)
    assert clean.heard is not clean.clean
    assert torch.equal(clean.clean["input_values"], as_it_is.clean["input_values"])
    assert not torch.equal(clean.heard["input_values"], clean.clean["input_values"])
    same = Batches(loaded, harder, quick(teacher_hears="same"), 0).at(0)
    assert same.heard is same.clean
    assert torch.equal(same.heard["input_values"], clean.heard["input_values"])
    moved = same.to(torch.device("cpu"))
    assert moved.heard is moved.clean


def test_augmentation_depends_on_step_and_utterance_alone(
    loaded: LoadedModel, tmp_path: Path
) -> None:
    """At the model's rate; another draw for each step and utterance, the same when asked again."""
    audio = noise_corpus(tmp_path, [0.5, 0.5, 0.5])
    calls = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        noting = _Noting()
        batches = Batches(loaded, replace(audio, augment=noting), quick(batch_seconds=9.0), 0)
        for step in order:
            batches.at(step)
        calls.append(noting.calls)
    assert len({drawn for _, _, drawn in calls[0]}) == 12
    assert Counter(calls[0]) == Counter(calls[1])
    assert {(length, rate) for length, rate, _ in calls[0]} == {(RATE_HZ // 2, RATE_HZ)}
