"""Training audio: every utterance that is long enough, hashed with how it is made harder."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.audit.training_audio import (
    TrainingSource,
    open_training,
    training_audio,
    training_params,
)
from asrcompress.compress import read_options
from asrcompress.compress.training.params import TrainingParams
from asrcompress.core.errors import InputError
from tests.corpora import tiny_corpus

PLAIN = TrainingParams(augment="none")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of three speakers."""
    return tiny_corpus(tmp_path_factory.mktemp("training") / "spoken")


def _with_more(corpus: Path, folder: Path, **files_s: float) -> Path:
    """A copy of the corpus with further recordings of these lengths."""
    shutil.copytree(corpus, folder)
    rows = ""
    for name, seconds in files_s.items():
        samples = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * 16_000))
        soundfile.write(folder / f"{name}.wav", samples, 16_000)
        rows += json.dumps({"audio_filepath": f"{name}.wav", "text": name}) + "\n"
    with (folder / "manifest.jsonl").open("a") as manifest:
        manifest.write(rows)
    return folder


def test_every_utterance_of_half_a_second(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However long it is; that shorter ones are left out is said."""
    spoken = _with_more(corpus, tmp_path / "spoken", click=0.2, tick=0.49, speech=40.0)
    with caplog.at_level(logging.WARNING, "asrcompress"):
        audio = training_audio(TrainingSource(spoken), PLAIN)
    assert audio.name == "spoken"
    assert [u.duration_s for u in audio.utterances] == [0.5, 0.55, 0.5, 0.55, 0.5, 0.55, 40.0]
    assert (audio.augment, audio.augmentation) == (None, "none")
    (record,) = caplog.records
    assert record.getMessage() == "2 utterances shorter than 0.5 s are not trained on"
    opened = open_training(TrainingSource(spoken))
    assert opened.note == (
        "Trained on 7 utterances of 3 speakers, 43.1 s, of spoken (2 shorter ones left out); "
        "none of them is scored."
    )


def test_nothing_long_enough(tmp_path: Path) -> None:
    """One line, with what is expected."""
    (tmp_path / "clicks").mkdir()
    soundfile.write(tmp_path / "clicks" / "a.wav", np.ones(100), 16_000)
    (tmp_path / "clicks" / "manifest.jsonl").write_text('{"audio_filepath": "a.wav"}\n')
    with pytest.raises(InputError, match=r"long enough: .*expected an utterance of 0.5 s or more"):
        open_training(TrainingSource(tmp_path / "clicks"))


def test_a_file_that_is_missing_or_no_audio(corpus: Path, tmp_path: Path) -> None:
    """Found before a training that takes hours, not left out as too short."""
    spoken = _with_more(corpus, tmp_path / "spoken")
    (spoken / "s1-0.wav").unlink()
    with pytest.raises(InputError, match=r"s1-0\.wav"):
        open_training(TrainingSource(spoken))
    (spoken / "s1-0.wav").write_text("no audio")
    with pytest.raises(InputError, match=r"s1-0\.wav"):
        open_training(TrainingSource(spoken))


def test_the_hash_is_of_utterances_and_settings(corpus: Path, tmp_path: Path) -> None:
    """Another place of the same audio is the same; other audio, text, kind and seed are not."""
    copied = _with_more(corpus, tmp_path / "elsewhere")
    longer = _with_more(corpus, tmp_path / "longer", speech=1.0)
    retold = _with_more(corpus, tmp_path / "retold")
    manifest = retold / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"text": "', '"text": "yes ', 1))
    before = training_audio(TrainingSource(corpus), PLAIN).sha256
    assert training_audio(TrainingSource(copied, seed=1), PLAIN).sha256 == before
    others = [
        training_audio(TrainingSource(longer), PLAIN),
        training_audio(TrainingSource(retold), PLAIN),
        training_audio(TrainingSource(corpus), TrainingParams(augment="noise")),
        training_audio(TrainingSource(corpus), TrainingParams(augment="both")),
        training_audio(TrainingSource(corpus, seed=1), TrainingParams(augment="both")),
        training_audio(TrainingSource(corpus), TrainingParams(augment_snr="5,10")),
    ]
    assert len({before, *(audio.sha256 for audio in others)}) == 1 + len(others)


def test_what_is_learned_otherwise_is_no_matter_of_the_audio(corpus: Path) -> None:
    """Steps and rates are in a compression's key already."""
    opened = open_training(TrainingSource(corpus))
    one = opened.audio(TrainingParams(steps=5, learning_rate=0.1))
    other = opened.audio(TrainingParams(steps=7))
    assert one == other
    assert one.augment is other.augment  # with the noises that it keeps in memory


def test_parameters_of_the_step_that_trains() -> None:
    """Those of the method that was chosen; None where none trains."""
    assert training_params(read_options({"bits": 8})) is None
    params = training_params(
        read_options({"method": "structured", "sparsity": 0.5, "steps": 9, "bits": 8})
    )
    assert params is not None
    assert (params.steps, params.augment) == (9, "both")
