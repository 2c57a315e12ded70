"""The method that teaches a student: its options, what it refuses, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from asrcompress.compress.methods import distill
from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.trained import Trained, TrainingContext, TrainingPlace
from asrcompress.core.checkpoint import LoadedModel, load, quiet_transformers
from asrcompress.core.checkpoint.probe import pseudo_speech
from asrcompress.core.corpus import read_corpus
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder
from tests.corpora import tiny_corpus

Params = distill.Params


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({"layers": 12}, "distill12"),
        ({"layers": 12, "ffn": 2048}, "distill12-ffn2048"),
        ({"ffn": 2048}, "distill-ffn2048"),
    ],
)
def test_label(options: dict[str, int], label: str) -> None:
    """The student's size is its name."""
    assert distill.label(Params(**options)) == label


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "layers, ffn or both"),
        ({"layers": 0}, "greater than or equal to 1"),
        ({"ffn": 0}, "greater than or equal to 1"),
        ({"layers": 2, "method": "structured"}, "distill"),
        ({"layers": 2, "sparsity": 0.5}, "Extra inputs"),
        ({"layers": 2, "hidden_weight": 0, "logit_weight": 0}, "above 0, to learn from"),
    ],
)
def test_refused_options(options: dict[str, Any], why: str) -> None:
    """A student that is no smaller, of no size, or another method's."""
    with pytest.raises(ValidationError, match=why):
        Params(**options)


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> TrainingAudio:
    """20 half-second recordings, of which one is held out."""
    corpus = read_corpus(tiny_corpus(tmp_path_factory.mktemp("audio"), speakers=5, each=4))
    return TrainingAudio("tiny", corpus.utterances, corpus.sha256(), None, "none")


def test_unfit(tmp_path: Path, audio: TrainingAudio) -> None:
    """More layers than there are, or texts that are lacking, are refused before any work."""
    loaded = load(tiny_checkpoint(tmp_path / "model"))
    why = distill.unfit(Params(layers=12), loaded, audio)
    assert why == "a student of 12 layers, but the model has 2"
    assert distill.unfit(Params(layers=1), loaded, audio) is None
    assert distill.unfit(Params(layers=1, ctc_weight=1.0), loaded, audio) is None
    first, *others = audio.utterances
    silent = replace(audio, utterances=(replace(first, text=None), *others))
    assert distill.unfit(Params(layers=1), loaded, silent) is None
    assert "needs transcripts" in str(
        distill.unfit(Params(layers=1, ctc_weight=1.0), loaded, silent)
    )


def test_unfit_of_a_decoder(tmp_path: Path, audio: TrainingAudio) -> None:
    """Whisper and its kin are refused by name of the reason."""
    loaded = load(tiny_encoder_decoder(tmp_path / "model", "moonshine"))
    assert "it has a decoder" in str(distill.unfit(Params(layers=1), loaded, audio))


Train = Callable[..., Trained]


@pytest.fixture
def train(tmp_path: Path, audio: TrainingAudio) -> Train:
    """Trains a student of a tiny checkpoint, for some steps."""

    def run(model: Path, **options: Any) -> Trained:
        folder = tmp_path / "training"
        context = TrainingContext(
            original=lambda: load(model),
            audio=audio,
            place=TrainingPlace(folder),
            folder=folder,
            identity="a test",
            seed=0,
        )
        given = {"batch_seconds": 2.0, "augment": "none", "learning_rate": 3e-3} | options
        return distill.train(Params(**given), context)

    return run


def test_train(tmp_path: Path, train: Train) -> None:
    """What comes back: a smaller module that learned, its record, and what it began as."""
    model = tiny_checkpoint(tmp_path / "model", "hubert")
    trained = train(model, layers=1, ffn=128, steps=40)
    record = trained.record
    assert (record.method, record.layers_kept, record.steps_done) == ("distill", (2,), 40)
    assert record.block_parameters == (2 * 21_024, 12_704)
    series = record.curves.series
    assert set(series) >= {"loss", "hidden", "cosine", "logits", "divergence"}
    assert record.masks is None
    assert trained.structure is None
    measured = [value for value in series["divergence"] if value is not None]
    assert measured[-1] < 0.5 * measured[0]
    assert record.divergence == pytest.approx(measured[-1], rel=1e-6)
    assert trained.config == {"num_hidden_layers": 1, "intermediate_size": 128}
    key = "hubert.encoder.layers.{}.attention.q_proj.weight"
    assert trained.origin[key.format(0)] == key.format(1)
    assert not trained.module.training
    teacher, state = load(model).model.state_dict(), trained.module.state_dict()
    assert not torch.equal(state[key.format(0)], teacher[key.format(1)])
    front = [name for name in state if ".feature_extractor." in name]
    assert front
    assert all(torch.equal(state[name], teacher[name]) for name in front)


def test_plain_from_pretrained_of_the_configuration(tmp_path: Path, train: Train) -> None:
    """The original's config.json with the changes, and the weights, are an ordinary checkpoint."""
    import json

    import transformers
    from safetensors.torch import save_file

    model = tiny_checkpoint(tmp_path / "model", "wavlm")
    trained = train(model, layers=1, steps=2)
    config = json.loads((model / "config.json").read_text("utf-8")) | dict(trained.config)
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    save_file(dict(trained.module.state_dict()), folder / "model.safetensors", {"format": "pt"})
    with quiet_transformers():
        loaded = transformers.WavLMForCTC.from_pretrained(folder)
    original = load(model)
    assert torch.equal(_logits(replace(original, model=loaded)), _logits_of(trained, original))


def _logits_of(trained: Trained, original: LoadedModel) -> torch.Tensor:
    return _logits(replace(original, model=trained.module))


def _logits(loaded: LoadedModel) -> torch.Tensor:
    rate = loaded.sample_rate_hz
    inputs = loaded.processor(audio=pseudo_speech(rate), sampling_rate=rate, return_tensors="pt")
    with torch.no_grad(), quiet_transformers():
        logits: torch.Tensor = loaded.model(**inputs).logits
    return logits


def test_with_transcripts(tmp_path: Path, train: Train) -> None:
    """The CTC loss falls where it is asked for, and is not computed where it is not."""
    model = tiny_checkpoint(tmp_path / "model")
    options = {"ctc_weight": 1.0, "hidden_weight": 0.0, "logit_weight": 0.0, "steps": 30}
    series = train(model, layers=1, **options).record.curves.series
    losses = [value for value in series["ctc"] if value is not None]
    assert losses[-1] < 0.7 * losses[0]


def test_configuration_within_the_encoders_part() -> None:
    """A nested change keeps what the checkpoint's part says besides."""
    config = {"encoder_config": {"hidden_size": 32, "num_hidden_layers": 4}, "vocab_size": 30}
    changed = distill._whole({"encoder_config": {"num_hidden_layers": 2}}, config)
    assert changed == {"encoder_config": {"hidden_size": 32, "num_hidden_layers": 2}}
