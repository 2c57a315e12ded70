"""What a pruned student is taught: terms, gradients, and that it gets as small as it should."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch

from asrcompress.compress.methods.structured import Params
from asrcompress.compress.structured.expected_size import expected_sparsity
from asrcompress.compress.structured.layout import ModelMasks, layout_of
from asrcompress.compress.structured.matching import hidden_distance
from asrcompress.compress.structured.objective import PruningObjective, RecoveryObjective
from asrcompress.compress.structured.removal import remove
from asrcompress.compress.training.batches import Batch
from asrcompress.compress.training.losses import ctc, posterior_divergence
from asrcompress.compress.training.optimiser import optimiser_for, set_rates
from asrcompress.compress.training.pair import Pair
from asrcompress.core.checkpoint import LoadedModel, quiet_transformers
from asrcompress.core.checkpoint.locate import Checkpoint
from tests.core.checkpoint.slim.families import NOTHING_RANDOM, family_module

STEPS = 60
SAMPLES = 1600


def _pair(family: str) -> Pair:
    teacher = LoadedModel(family_module(family, **NOTHING_RANDOM), None, cast(Checkpoint, None))
    return Pair(teacher, family_module(family, **NOTHING_RANDOM))


def _params(**options: Any) -> Params:
    return Params(**{"sparsity": 0.7, "steps": STEPS, "units": "dim", **options})


def _batch(step: int = 0, labels: torch.Tensor | None = None) -> Batch:
    noise = torch.randn(2, SAMPLES, generator=torch.Generator().manual_seed(step))
    inputs = {"input_values": noise}
    return Batch(inputs, inputs, torch.tensor([SAMPLES, SAMPLES]), labels)


def _pruning(family: str = "wav2vec2", **options: Any) -> PruningObjective:
    params = _params(**options)
    return PruningObjective(_pair(family), params, params.steps, seed=0)


def _gradients(objective: torch.nn.Module) -> dict[str, bool]:
    """Of what is learned, what has a gradient that is not 0 throughout."""
    return {
        name: parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        for name, parameter in objective.named_parameters()
        if parameter.requires_grad
    }


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    """Distances of the pairs, divergence of posteriors, CTC, and the Lagrangian."""
    objective = _pruning(hidden_weight=0.5, logit_weight=3.0, ctc_weight=2.0)
    objective.lagrangian.linear.data.fill_(-4.0)
    labels = torch.tensor([[5, 6, 7], [8, -100, -100]])
    batch = _batch(labels=labels)
    objective.prepare(30)
    with torch.no_grad(), quiet_transformers():
        found = objective(batch, 30)
        teacher, student = objective._pair.hear(batch)
    # two blocks, both open: each teaches its like
    hidden = sum(float(hidden_distance(teacher, student, row, row)) for row in (1, 2))
    logits = float(posterior_divergence(student.logits, teacher.logits, student.is_real, 1.0))
    text = float(ctc(student.logits, student.frames, labels, 0))
    sparsity = objective.measures()["expected_sparsity"]
    assert float(found["hidden"]) == pytest.approx(hidden, rel=1e-5)
    assert float(found["logits"]) == pytest.approx(logits, rel=1e-4)
    assert float(found["ctc"]) == pytest.approx(text, rel=1e-5)
    assert float(found["sparsity"]) == pytest.approx(-4.0 * (sparsity - 0.7), rel=1e-5)
    total = 0.5 * hidden + 3 * logits + 2 * text - 4 * (sparsity - 0.7)
    assert float(found["loss"]) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("family", ["wav2vec2", "wavlm", "wavlm-pre-norm"])
def test_masks_and_all_but_the_front_end_learn(family: str) -> None:
    """Every weight of the student behind its convolutions, every mask and multiplier."""
    objective = _pruning(family)
    for log_alpha in objective.masks.log_alpha.values():
        log_alpha.data.fill_(1.5)
    objective.prepare(STEPS)
    with quiet_transformers():
        objective(_batch(), STEPS)["loss"].backward()
    learned = _gradients(objective)
    still = {name for name, has in learned.items() if not has}
    # softmax does not see a constant of the keys
    assert {name for name in still if not name.endswith("k_proj.bias")} == set()
    assert not any(".feature_extractor." in name for name in learned)
    assert sum("log_alpha" in name for name in learned) == 5
    assert sum("lagrangian" in name for name in learned) == 2
    grouped = [p for group in objective.parameter_groups() for p in group["params"]]
    wanted = [p for p in objective.parameters() if p.requires_grad]
    assert {id(p) for p in grouped} == {id(p) for p in wanted}
    assert len(grouped) == len(wanted)


def test_rates_of_masks() -> None:
    """Masks have their own rate; without one given it grows as steps get fewer."""
    scales = [
        [group.get("scale", 1.0) for group in _pruning(**options).parameter_groups()]
        for options in ({"mask_learning_rate": 0.1}, {"steps": 20_000}, {"steps": 1000})
    ]
    assert scales[0] == pytest.approx([1.0, 500.0, 50.0, 500.0])
    assert scales[1][1] * 2e-4 == pytest.approx(0.02)
    assert scales[2][1] * 2e-4 == pytest.approx(10 / 35)


def test_the_target_rises_and_masks_are_drawn_by_step() -> None:
    """`prepare` sets all that a step has of its own, so that a training can be resumed."""
    objective, resumed = _pruning(steps=1000), _pruning(steps=1000)
    losses = []
    for step in (0, 34, 35):
        objective.prepare(step)
        with torch.no_grad(), quiet_transformers():
            losses.append(float(objective(_batch(), step)["loss"]))
        if step == 34:
            assert objective.measures()["target_sparsity"] == pytest.approx(0.35)
    resumed.prepare(35)
    with torch.no_grad(), quiet_transformers():
        assert float(resumed(_batch(), 35)["loss"]) == losses[-1]
    assert losses[1] != losses[2]


def test_with_no_block_left_only_posteriors_teach() -> None:
    """The guard: a step that draws all sublayers shut has no hidden states to compare."""
    objective = _pruning()
    for kind in ("attention", "feed_forward"):
        objective.masks.log_alpha[kind].data.fill_(-50.0)
    objective.prepare(0)
    with quiet_transformers():
        found = objective(_batch(), 0)
        found["loss"].backward()
    assert float(found["hidden"]) == 0
    assert float(found["logits"]) > 0


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("wav2vec2", {}),
        ("wavlm", {"units": "head"}),
        ("hubert-pre-norm", {"no_ste": True}),
    ],
)
def test_a_short_training_gets_as_small_as_asked(family: str, options: dict[str, Any]) -> None:
    """The expected sparsity ends near the target, and what is removed meets it."""
    steps = 120
    objective = _pruning(family, steps=steps, hidden_weight=0.1, sparsity_warmup=0.4, **options)
    assert not objective.is_ready()
    _train(objective, steps)
    measured = objective.measures()
    assert measured["target_sparsity"] == 0.7
    assert measured["expected_sparsity"] == pytest.approx(0.7, abs=0.05)
    chosen = ModelMasks.of(objective.chosen()).each(lambda mask: (mask > 0).float())
    removed = float(expected_sparsity(chosen, objective.masks.layout))
    assert removed == pytest.approx(0.71, abs=0.0101 if not options.get("units") else 0.03)


def _train(objective: PruningObjective, steps: int) -> None:
    optimiser = optimiser_for(objective)
    objective.train()
    for step in range(steps):
        objective.prepare(step)
        set_rates(optimiser, 2e-4, step, steps)
        with quiet_transformers():
            objective(_batch(step), step)["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()


def test_the_student_that_is_measured_is_the_one_that_would_be_left() -> None:
    """`student` computes what the physically smaller model does, until the next step's masks."""
    objective = _pruning()
    generator = torch.Generator().manual_seed(7)
    for log_alpha in objective.masks.log_alpha.values():
        log_alpha.data.normal_(std=3.0, generator=generator)
    inputs = _batch().heard
    measured = objective.student().eval()
    with torch.no_grad(), quiet_transformers():
        said = measured(**inputs).logits
        objective.prepare(0)
        drawn = measured(**inputs).logits
        objective.attached.remove()
        remove(measured, objective.chosen())
        left = measured(**inputs).logits
    assert (left - said).abs().max() <= 1e-5
    assert (drawn - said).abs().max() > 1e-3


@pytest.mark.parametrize("family", ["wav2vec2", "wavlm"])
def test_recovery_teaches_what_is_left(family: str) -> None:
    """After removal, with a block gone, the loss falls; masks are no part of it."""
    pair = _pair(family)
    objective = _pruning(family)
    layout = layout_of(pair.student)
    masks = ModelMasks.of(objective.chosen())
    masks.attention[1] = masks.feed_forward[1] = 0
    remove(pair.student, masks.blocks())
    recovery = RecoveryObjective(pair, _params())
    assert not recovery.mask_means()
    assert not recovery.measures()
    assert recovery.is_ready()
    optimiser = torch.optim.AdamW(recovery.parameter_groups(), lr=1e-3)
    losses = []
    for _ in range(30):
        with quiet_transformers():
            found = recovery(_batch(), 0)
        found["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(found["loss"].detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert layout.blocks == 2
