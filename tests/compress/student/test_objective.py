"""What a student is taught: the terms by hand, what learns, and that it learns."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from asrcompress.compress.student.build import build_student
from asrcompress.compress.student.objective import DistillObjective
from asrcompress.compress.training.batches import Batch
from asrcompress.compress.training.objective import Outputs
from asrcompress.compress.training.pair import Pair
from asrcompress.compress.training.params import TrainingParams
from asrcompress.core.checkpoint import LoadedModel, quiet_transformers
from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.probe import pseudo_speech
from tests.checkpoints import tiny_module
from tests.compress.student.deeper import deeper_module


class _Said:
    """A pair that says what it is told to, with a student of two weights."""

    def __init__(self, teacher: Outputs, student: Outputs) -> None:
        self.said = teacher, student
        self.student = torch.nn.Linear(1, 1)
        setattr(self.student, "config", type("Config", (), {"pad_token_id": 0}))  # noqa: B010

    def hear(self, _batch: Batch) -> tuple[Outputs, Outputs]:
        return self.said


def _outputs(hidden: list[list[list[float]]], logits: list[list[float]], frames: int) -> Outputs:
    """Of one recording: hidden is (layers + 1, frames, width), logits (frames, tokens)."""
    states = tuple(torch.tensor([layer]) for layer in hidden)
    return Outputs(states, torch.tensor([logits]), torch.tensor([frames]))


def _batch(labels: torch.Tensor | None = None) -> Batch:
    return Batch({}, {}, torch.tensor([1]), labels)


_FAR = [[99.0, -99.0]]  # what no term may look at
_TEACHER = _outputs(  # 3 layers, of which the student's one began as the second
    hidden=[_FAR * 2, _FAR * 2, [[3.0, 4.0], [77.0, 77.0]], _FAR * 2],
    logits=[[math.log(0.5), math.log(0.5)], [5.0, -5.0]],
    frames=1,
)
_STUDENT = _outputs(
    hidden=[_FAR * 2, [[4.0, 3.0], [-77.0, 0.0]]],
    logits=[[math.log(0.8), math.log(0.2)], [-5.0, 5.0]],
    frames=1,
)
_L1 = 1.0 / 3.5  # (|4 - 3| + |3 - 4|) / 2 over (3 + 4) / 2
_COSINE = math.log(1 + math.exp(-24 / 25))  # -log sigmoid of (12 + 12) / (5 5)
_KL = 0.5 * math.log(0.5 / 0.8) + 0.5 * math.log(0.5 / 0.2)


def _objective(**weights: float) -> DistillObjective:
    pair: Any = _Said(_TEACHER, _STUDENT)
    return DistillObjective(pair, (2,), TrainingParams(**weights))


def test_terms_by_hand() -> None:
    """L1, cosine and KL of the real frame, at the layer that the student's began as."""
    losses = _objective(hidden_weight=2.0, logit_weight=3.0)(_batch(), 0)
    assert set(losses) == {"loss", "hidden", "cosine", "logits"}
    assert float(losses["hidden"]) == pytest.approx(_L1)
    assert float(losses["cosine"]) == pytest.approx(_COSINE)
    assert float(losses["logits"]) == pytest.approx(_KL)
    assert float(losses["loss"]) == pytest.approx(2 * (_L1 + _COSINE) + 3 * _KL)


def test_temperature_by_hand() -> None:
    """At 2, posteriors go with their square roots: 2/3 and 1/3 for 0.8 and 0.2; times 4."""
    losses = _objective(temperature=2.0)(_batch(), 0)
    expected = 4 * 0.5 * (math.log(0.5 / (2 / 3)) + math.log(0.5 / (1 / 3)))
    assert float(losses["logits"]) == pytest.approx(expected)


def test_ctc_by_hand() -> None:
    """One real frame and one token: its negative log posterior, 0.2, is the only path."""
    losses = _objective(ctc_weight=0.5, hidden_weight=0, logit_weight=0)(
        _batch(torch.tensor([[1, -100]])), 0
    )
    assert float(losses["ctc"]) == pytest.approx(-math.log(0.2))
    assert float(losses["loss"]) == pytest.approx(-0.5 * math.log(0.2))


def test_mean_over_layers() -> None:
    """Two layers weigh as much as one: the term is their mean."""
    near = [[[3.0, 4.0]], [[3.0, 4.0]]]
    teacher = _outputs(hidden=[_FAR, *near, _FAR], logits=[[0.0, 0.0]], frames=1)
    student = _outputs(hidden=[_FAR, near[0], [[3.0, 10.0]]], logits=[[0.0, 0.0]], frames=1)
    pair: Any = _Said(teacher, student)
    losses = DistillObjective(pair, (1, 2), TrainingParams())(_batch(), 0)
    assert float(losses["hidden"]) == pytest.approx((0 + 3.0 / 3.5) / 2)


def test_layers_of_fewer_frames() -> None:
    """SEW's layers see half as many frames: the one with the last real frame in it counts."""
    teacher = _outputs(
        hidden=[_FAR * 2, [[1.0, 0.0], [2.0, 0.0], [50.0, 50.0]]], logits=[[0.0, 0.0]] * 6, frames=3
    )
    student = _outputs(
        hidden=[_FAR * 2, [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]], logits=[[0.0, 0.0]] * 6, frames=3
    )
    pair: Any = _Said(teacher, student)
    losses = DistillObjective(pair, (1,), TrainingParams())(_batch(), 0)
    assert float(losses["hidden"]) == pytest.approx((0.5 + 1.0) / (0.5 + 1.0))


def _loaded(module: Any) -> LoadedModel:
    processor: Any = None
    checkpoint: Any = object.__new__(Checkpoint)
    return LoadedModel(module, processor, checkpoint)


def _taught(teacher: Any, layers: int, ffn: int | None = None, **params: Any) -> DistillObjective:
    built = build_student(teacher, layers, ffn)
    pair = Pair(_loaded(teacher), built.module)
    return DistillObjective(pair, built.layers_kept, TrainingParams(**params))


def _heard(*seeds: int) -> Batch:
    """Pseudo-speech, louder or softer, with a little noise."""
    generator = torch.Generator().manual_seed(sum(seeds))
    speech = torch.from_numpy(pseudo_speech(16_000)).float()
    rows = [speech.roll(1600 * seed) + 0.05 * torch.randn(speech.shape, generator=generator)
            for seed in seeds]  # fmt: skip
    values = torch.stack(rows)
    values = (values - values.mean(dim=1, keepdim=True)) / values.std(dim=1, keepdim=True)
    inputs = {"input_values": values}
    return Batch(inputs, inputs, torch.full((len(seeds),), values.shape[1]))


_FAMILIES = ("wav2vec2", "wav2vec2-layer-norm", "hubert", "wavlm", "sew", "wav2vec2-conformer")


@pytest.mark.parametrize("architecture", _FAMILIES)
def test_what_learns(architecture: str) -> None:
    """All but the convolutions and SpecAugment's vector, and each of it has a gradient."""
    teacher = tiny_module(architecture)
    objective = _taught(teacher, 1)
    objective.train()
    objective(_heard(1), 0)["loss"].backward()
    learned = {name: p for name, p in objective.named_parameters() if p.requires_grad}
    left = {name for name, p in objective.named_parameters() if not p.requires_grad}
    assert left
    assert all(".feature_extractor." in name or "masked_spec" in name for name in left)
    idle = {name for name, p in learned.items() if p.grad is None}
    # a conformer with relative positions has a convolution for others that it does not use
    assert all(".pos_conv_embed." in name and "conformer" in name for name in idle)
    (group,) = objective.parameter_groups()
    assert {id(p) for p in group["params"]} == {id(p) for p in learned.values()}
    assert group["scale"] == 1.0
    assert all(p.grad is None and not p.requires_grad for p in teacher.parameters())


@pytest.mark.parametrize("weights", [{"hidden_weight": 0.0}, {"logit_weight": 0.0}])
def test_a_weight_of_nothing_leaves_gradients(weights: dict[str, float]) -> None:
    """Without a term every parameter still has a gradient, which several processes share."""
    objective = _taught(tiny_module("wav2vec2-layer-norm"), 1, **weights)
    objective(_heard(1), 0)["loss"].backward()
    assert all(p.grad is not None for p in objective.parameters() if p.requires_grad)


@pytest.mark.parametrize("architecture", _FAMILIES)
def test_a_copy_has_nothing_to_learn(architecture: str) -> None:
    """A student as large as its teacher says the same: no distance, but the cosine's least."""
    objective = _taught(tiny_module(architecture), 2).eval()
    losses = objective(_heard(1, 2), 0)
    assert float(losses["hidden"]) == pytest.approx(0, abs=1e-6)
    assert float(losses["logits"]) == pytest.approx(0, abs=1e-6)
    assert float(losses["cosine"]) == pytest.approx(math.log(1 + math.exp(-1)))


def test_first_layer_begins_as_the_teachers() -> None:
    """The layers are matched as they were copied: the first one's output is the same at first."""
    teacher = deeper_module("wav2vec2", 5)
    objective = _taught(teacher, 3).eval()
    pair = objective._pair
    towards, found = pair.hear(_heard(1))
    assert torch.equal(found.hidden[1], towards.hidden[1])
    assert not torch.allclose(found.hidden[2], towards.hidden[3])


def test_no_layer_is_dropped() -> None:
    """LayerDrop would leave a layer's output out of what is compared, where a class keeps it too.

    An adapter, for example, draws its drops from numpy's global generator.
    """
    teacher = tiny_module("wav2vec2")
    adapter = torch.nn.Module()
    adapter.layerdrop = 0.9  # type: ignore[assignment]
    built = build_student(teacher, 1)
    built.module.adapter = adapter
    DistillObjective(Pair(_loaded(teacher), built.module), built.layers_kept, TrainingParams())
    assert adapter.layerdrop == 0.0
    assert built.module.config.layerdrop == 0.0  # type: ignore[union-attr]


def test_batch_norms_keep_their_statistics() -> None:
    """Training changes no buffer, so that parameters alone are all that a checkpoint needs."""
    objective = _taught(tiny_module("wav2vec2-conformer"), 1)
    objective.train()
    before = {name: buffer.clone() for name, buffer in objective.named_buffers()}
    assert any("running_mean" in name for name in before)
    objective(_heard(1, 2), 0)["loss"].backward()
    assert all(torch.equal(before[name], buffer) for name, buffer in objective.named_buffers())
    assert objective.student().training


def _divergence(objective: DistillObjective, batch: Batch) -> float:
    objective.eval()
    with torch.no_grad(), quiet_transformers():
        found = float(objective(batch, 0)["logits"])
    objective.train()
    return found


@pytest.mark.parametrize("architecture", ["wav2vec2-layer-norm", "wavlm"])
def test_a_student_learns(architecture: str) -> None:
    """In 60 steps the loss on what it hears and the divergence on what it never heard halve."""
    torch.manual_seed(0)
    objective = _taught(deeper_module(architecture, 4), 2, 128)
    unheard = _heard(8, 9)
    before = _divergence(objective, unheard)
    optimiser = torch.optim.AdamW(objective.parameter_groups()[0]["params"], lr=3e-3)
    losses = []
    for step in range(60):
        objective.prepare(step)
        loss = objective(_heard(step % 6, step % 7), step)["loss"]
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    least = math.log(1 + math.exp(-1))  # what the cosine term cannot go below
    assert losses[-1] - least < 0.5 * (losses[0] - least)
    assert _divergence(objective, unheard) < 0.5 * before
