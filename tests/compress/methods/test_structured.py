"""The method that prunes blocks: its options, what it refuses, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from asrcompress.compress.methods import structured
from asrcompress.compress.structured.removal import remove
from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.trained import Trained, TrainingContext, TrainingPlace
from asrcompress.core.checkpoint import load
from asrcompress.core.checkpoint.slim.blocks import structure_of
from asrcompress.core.corpus import read_corpus
from asrcompress.core.training_record import MASKS
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder
from tests.compress.structured.random_masks import random_masks
from tests.corpora import tiny_corpus

Params = structured.Params
# Of a tiny checkpoint's two blocks: Linear layers, and all with LayerNorms (and WavLM's gates).
LINEAR = 2 * (32 * (34 + 32 + 32 + 32 + 2) + 256 * 65 + 32)
NORMS = 2 * 2 * 64


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({}, "structured80"),
        ({"sparsity": 0.725}, "structured72.5"),
        ({"units": "head"}, "structured80-head"),
        ({"no_ste": True}, "structured80-noste"),
        ({"units": "head", "no_ste": True}, "structured80-head-noste"),
        ({"select": "magnitude"}, "structured80-magnitude"),
    ],
)
def test_label(options: dict[str, Any], label: str) -> None:
    """The share removed, and what is not the paper's own method."""
    assert structured.label(Params(**{"sparsity": 0.8, **options})) == label


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "sparsity"),
        ({"sparsity": 0.0}, "greater than 0"),
        ({"sparsity": 1.0}, "less than 1"),
        ({"sparsity": 0.5, "units": "block"}, "'dim' or 'head'"),
        ({"sparsity": 0.5, "layers": 2}, "Extra inputs"),
    ],
)
def test_refused_options(options: dict[str, Any], why: str) -> None:
    """Nothing or everything removed, other units, another method's options."""
    with pytest.raises(ValidationError, match=why):
        Params(**options)


def test_stages() -> None:
    """A quarter of the steps more after removal; the baseline trains as long, after it."""
    assert Params(sparsity=0.8, steps=1000).stages == (1000, 250)
    assert Params(sparsity=0.8, steps=1000, finetune_steps=0).stages == (1000, 0)
    assert Params(sparsity=0.8, steps=1000, select="magnitude").stages == (0, 1250)


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        ({"steps": 200_000}, 0.02),
        ({"steps": 2000}, 1 / 7),
        ({"steps": 2000, "sparsity_warmup": 0.5}, 0.02),
        ({"steps": 20}, 1.0),
        ({"steps": 20, "mask_learning_rate": 0.3}, 0.3),
    ],
)
def test_mask_rate(options: dict[str, Any], rate: float) -> None:
    """Enough to travel 10 in half of the steps in which the target rises, from 0.02 to 1."""
    assert Params(sparsity=0.8, **options).mask_rate == pytest.approx(rate)


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> TrainingAudio:
    """20 half-second recordings, of which one is held out."""
    corpus = read_corpus(tiny_corpus(tmp_path_factory.mktemp("audio"), speakers=5, each=4))
    return TrainingAudio("tiny", corpus.utterances, corpus.sha256(), None, "none")


def _without_text(audio: TrainingAudio) -> TrainingAudio:
    first, *others = audio.utterances
    return replace(audio, utterances=(replace(first, text=None), *others))


def test_unfit(tmp_path: Path, audio: TrainingAudio) -> None:
    """What cannot be learned is refused before any work, what can be is not."""
    loaded = load(tiny_checkpoint(tmp_path / "model", "wavlm"))

    def why(audio: TrainingAudio = audio, **options: Any) -> str | None:
        return structured.unfit(Params(sparsity=0.5, **options), loaded, audio)

    assert why() is None
    assert why(_without_text(audio)) is None
    assert why(ctc_weight=1.0) is None
    assert "needs transcripts" in str(why(_without_text(audio), ctc_weight=1.0))
    assert "use bf16" in str(why(precision="fp16"))
    assert why(precision="fp16", no_ste=True) is None
    assert why(precision="bf16") is None
    with pytest.raises(ValidationError, match="ctc_weight above 0, to learn from"):
        why(hidden_weight=0, logit_weight=0)
    remove(loaded.model, random_masks(loaded.model))
    assert "pruned before" in str(why())


@pytest.mark.parametrize("architecture", ["moonshine", "wav2vec2-conformer"])
def test_unfit_of_others(architecture: str, tmp_path: Path, audio: TrainingAudio) -> None:
    """Decoders and blocks of another kind are refused by name of the reason."""
    build = tiny_encoder_decoder if architecture == "moonshine" else tiny_checkpoint
    loaded = load(build(tmp_path / "model", architecture))
    why = str(structured.unfit(Params(sparsity=0.5), loaded, audio))
    assert ("decoder" if architecture == "moonshine" else "blocks") in why


Train = Callable[..., Trained]


@pytest.fixture
def train(tmp_path: Path, audio: TrainingAudio) -> Train:
    """Trains a tiny checkpoint of an architecture, for some steps."""

    def run(architecture: str, **options: Any) -> Trained:
        model = tmp_path / "model"
        if not model.is_dir():
            tiny_checkpoint(model, architecture)
        context = TrainingContext(
            original=lambda: load(model),
            audio=audio,
            place=TrainingPlace(),
            folder=tmp_path / "training",
            identity="a test",
            seed=0,
        )
        given: dict[str, Any] = {"batch_seconds": 1.0, "augment": "none", "sparsity_warmup": 0.4}
        return structured.train(Params(**given | options), context)

    return run


def test_train(tmp_path: Path, train: Train) -> None:
    """What comes back: a smaller module, its structure, and the record of both stages."""
    trained = train("wavlm", sparsity=0.6, steps=40, finetune_steps=10)
    record = trained.record
    assert (record.method, record.steps_asked, record.steps_done) == ("structured", 50, 50)
    assert record.before == structure_of(load(tmp_path / "model").model)
    assert trained.structure == structure_of(trained.module)
    assert trained.structure != record.before
    assert not trained.module.training
    before, after = record.block_parameters
    gates = 2 * (2 + 16 * 8 + 8) + 320 * 2
    assert before == LINEAR + NORMS + gates
    assert 0.4 * LINEAR - 64 <= after - NORMS <= 0.4 * LINEAR + gates
    assert set(record.curves.series) >= {
        "loss",
        "hidden",
        "logits",
        "sparsity",
        "expected_sparsity",
        "target_sparsity",
        "divergence",
    }
    assert record.masks is not None
    assert set(record.masks.means) == set(MASKS)
    assert record.masks.steps[-1] <= 40
    assert all(len(row) == 2 for rows in record.masks.means.values() for row in rows)
    again = train("wavlm", sparsity=0.6, steps=40, finetune_steps=10)
    state = again.module.state_dict()
    assert all(torch.equal(state[k], v) for k, v in trained.module.state_dict().items())
    assert again.record.curves == record.curves


def test_train_by_magnitude(train: Train) -> None:
    """The baseline has no masks to show, and as many steps."""
    trained = train("hubert", sparsity=0.5, select="magnitude", units="head", steps=8)
    assert trained.record.masks is None
    assert trained.record.steps_done == 10
    assert trained.structure is not None
    for block in trained.structure.blocks:
        assert set(block.query_key) <= {0, 16}
    assert "expected_sparsity" not in trained.record.curves.series


def test_no_training_after_removal(train: Train) -> None:
    """Without steps after it the module is what the final masks leave."""
    trained = train("wav2vec2", sparsity=0.3, steps=6, finetune_steps=0)
    assert trained.record.steps_done == 6
    measured = [v for v in trained.record.curves.series["divergence"] if v is not None]
    assert trained.record.divergence == pytest.approx(measured[-1], rel=1e-4)


def test_a_met_goal_ends_it(train: Train) -> None:
    """Once the divergence is low enough at the asked size, nothing more is trained."""
    goal = {"stop_divergence": 100.0, "sparsity_warmup": 0.1, "mask_learning_rate": 2.0}
    trained = train("wav2vec2", sparsity=0.05, steps=60, **goal)
    assert trained.record.stopped == "divergence goal met"
    assert trained.record.steps_done < 60
