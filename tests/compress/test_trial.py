"""Treating layers of the original for a while."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from asrcompress.compress.decision import Decision
from asrcompress.compress.encode import dequantised
from asrcompress.compress.smallest import smallest
from asrcompress.compress.trial import AS_IT_IS, Treatment, TrialModel
from asrcompress.core.checkpoint import load
from asrcompress.core.manifest import Selection
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder
from tests.compress.benches import Setting, setting

LAYER = "wav2vec2.encoder.layers.0.feed_forward.output_dense"
POSITIONS = "wav2vec2.encoder.pos_conv_embed.conv"


@pytest.fixture
def made(tmp_path: Path) -> Setting:
    return setting(tiny_checkpoint(tmp_path / "model"), selection=Selection(conv=True))


def _trial(made: Setting) -> TrialModel:
    return TrialModel(made.context.original().model, made.weights)


def test_a_plan_puts_what_the_artefact_will_compute_with(made: Setting) -> None:
    """Bit for bit the engine's dequantised weight; and the original's again without a plan."""
    trial = _trial(made)
    original = made.weights.read(LAYER)
    trial.use({LAYER: Treatment(4, "hqq")})
    wanted = dequantised(original, Decision("", bits=4, rounding="hqq"))
    assert torch.equal(trial.module.get_submodule(LAYER).weight, wanted)
    trial.use({})
    assert torch.equal(trial.module.get_submodule(LAYER).weight, original)
    assert trial.plan == {LAYER: AS_IT_IS}


def test_a_trial_goes_back_to_the_plan(made: Setting) -> None:
    """Not to the original."""
    trial = _trial(made)
    trial.use({LAYER: Treatment(8)})
    planned = trial.module.get_submodule(LAYER).weight
    with trial.with_treated(LAYER, Treatment(2)):
        assert not torch.equal(trial.module.get_submodule(LAYER).weight, planned)
    assert trial.module.get_submodule(LAYER).weight is planned


def test_the_originals_memory_is_never_written(made: Setting) -> None:
    """The loaded tensors are those of the file, memory-mapped: a write would change all users."""
    trial = _trial(made)
    before = trial.module.get_submodule(LAYER).weight
    kept = before.detach().clone()
    trial.use({LAYER: Treatment(2)})
    assert torch.equal(before, kept)


def test_weight_norm_is_folded(made: Setting) -> None:
    """The positional convolution can be treated like any other layer."""
    trial = _trial(made)
    trial.use({POSITIONS: Treatment(4)})
    wanted = dequantised(made.weights.read(POSITIONS), Decision("", bits=4))
    assert torch.equal(trial.module.get_submodule(POSITIONS).weight, wanted)


def test_earlier_steps_stay_in_place(made: Setting) -> None:
    """What was pruned before is what is treated, and what an untreated layer has."""
    chosen = smallest(made.weights.read(LAYER), 100)
    pruned = made.weights.after({LAYER: Decision("pruned", prune=(chosen,))})
    trial = TrialModel(made.context.original().model, pruned)
    assert int((trial.module.get_submodule(LAYER).weight == 0).sum()) == 100


def test_tied_layers_are_treated_together(tmp_path: Path) -> None:
    """Whisper's output layer has its token embedding's weight."""
    model = tiny_encoder_decoder(tmp_path / "model", "whisper")
    made = setting(model, selection=Selection(embedding=True))
    (name,) = [name for name, layer in made.weights.selected().items() if layer.tied]
    trial = TrialModel(load(model).model, made.weights)
    trial.use({name: Treatment(2)})
    (tied,) = made.weights.layers[name].tied
    weight = trial.module.get_submodule(name).weight
    assert trial.module.get_submodule(tied).weight is weight
    assert not torch.equal(weight, made.weights.read(name))
