"""The sample of unlabelled audio that plans are measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.compress.calibration import (
    beginning,
    duration_s,
    read_calibration,
    record_of,
)
from asrcompress.core.errors import InputError

RATE_HZ = 16_000


def _corpus(folder: Path, durations_s: dict[str, float], speakers: dict[str, str]) -> Path:
    """A folder of noise, one file an id, and its table without transcripts."""
    folder.mkdir()
    rows = ["file\tspeaker"]
    for number, (name, seconds) in enumerate(durations_s.items()):
        noise = np.random.default_rng(number).normal(size=round(seconds * RATE_HZ))
        soundfile.write(folder / f"{name}.flac", 0.01 * noise, RATE_HZ)
        rows.append(f"{name}.flac\t{speakers[name]}")
    (folder / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three speakers with four utterances of 1 s each."""
    names = {f"{speaker}{number}": speaker for speaker in "abc" for number in range(4)}
    return _corpus(tmp_path / "clean", dict.fromkeys(names, 1.0), names)


def test_a_sample_is_as_long_as_asked_and_spread_over_speakers(corpus: Path) -> None:
    """6.5 s hold six utterances of 1 s, and of three speakers each has two."""
    (audio,) = read_calibration([("clean", corpus)], max_duration_s=6.5)
    assert duration_s(audio) == 6.0
    speakers = [utterance.speaker for utterance in audio.utterances]
    assert sorted(speakers[:3]) == sorted(speakers[3:]) == ["a", "b", "c"]


def test_audio_needs_no_transcripts_and_no_manifest(tmp_path: Path) -> None:
    """A plain folder of recordings does."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    soundfile.write(folder / "one.wav", np.full(RATE_HZ, 0.01), RATE_HZ)
    (audio,) = read_calibration([("clean", folder)])
    assert [utterance.id for utterance in audio.utterances] == ["one"]


def test_the_seed_chooses(corpus: Path) -> None:
    """The same seed the same utterances, another seed others."""

    def ids(seed: int) -> list[str]:
        (audio,) = read_calibration([("clean", corpus)], max_duration_s=3, seed=seed)
        return [utterance.id for utterance in audio.utterances]

    assert ids(0) == ids(0)
    assert len({tuple(ids(seed)) for seed in range(5)}) > 1


def test_conditions_of_the_same_utterances_are_sampled_alike(corpus: Path, tmp_path: Path) -> None:
    """A noisy copy gives the same ids, in the same order, though its durations differ."""
    names = {f"{speaker}{number}": speaker for speaker in "abc" for number in range(4)}
    noisy = _corpus(tmp_path / "noisy", dict.fromkeys(reversed(names), 1.3), names)
    clean, other = read_calibration([("clean", corpus), ("noise 5 dB", noisy)], max_duration_s=5)
    assert [u.id for u in clean.utterances] == [u.id for u in other.utterances]
    assert (clean.condition, other.condition) == ("clean", "noise 5 dB")
    assert clean.sha256 != other.sha256


def test_a_long_recording_gives_its_middle(tmp_path: Path) -> None:
    """Of 40 s the 30 from second 5 on, and they are what is read."""
    corpus = _corpus(tmp_path / "long", {"x": 40.0}, {"x": "a"})
    (audio,) = read_calibration([("clean", corpus)])
    (utterance,) = audio.utterances
    assert (utterance.offset_s, utterance.duration_s) == (5.0, 30.0)
    assert len(utterance.audio()) == 30 * RATE_HZ


def test_the_record_counts_what_was_chosen(corpus: Path) -> None:
    """Utterances, seconds and a hash of the bytes, for the manifest."""
    (audio,) = read_calibration([("clean", corpus)], max_duration_s=3)
    record = record_of(audio)
    assert (record.name, record.condition) == ("clean", "clean")
    assert (record.utterances, record.duration_s) == (3, 3.0)
    assert record.sha256 == audio.sha256


def test_a_beginning_has_at_least_one_utterance(corpus: Path) -> None:
    """However few seconds are asked for."""
    (audio,) = read_calibration([("clean", corpus)])
    assert beginning(audio, 0.1).utterances == audio.utterances[:1]
    assert beginning(audio, 2.5).utterances == audio.utterances[:2]


@pytest.mark.parametrize(
    ("durations_s", "conditions", "message"),
    [
        ({}, [], "no calibration audio"),
        ({"x": 0.2}, ["clean"], "no calibration audio that is long enough"),
        ({"x": 1.0}, ["clean", "clean"], "a condition of the calibration audio twice"),
    ],
)
def test_audio_that_cannot_do_is_refused(
    tmp_path: Path, durations_s: dict[str, float], conditions: list[str], message: str
) -> None:
    """Before any model is loaded."""
    corpus = tmp_path / "corpus"
    if durations_s:
        _corpus(corpus, durations_s, {"x": "a"})
    with pytest.raises(InputError, match=message):
        read_calibration([(condition, corpus) for condition in conditions])
