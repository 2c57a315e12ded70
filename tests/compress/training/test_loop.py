"""The loop itself: whatever ends a training, it goes on to the same end, and never spoils it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from asrcompress.compress.training import loop
from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.batches import Batch
from asrcompress.compress.training.loop import Training
from asrcompress.compress.training.objective import Objective
from asrcompress.compress.training.trained import TrainingContext, TrainingPlace
from asrcompress.core.checkpoint import load
from asrcompress.core.errors import InputError, ModelError, OutputError
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import noise_corpus, quick

_STEPS = 8
_EVERY = 3  # steps between checkpoints


class _Objective(Objective):
    """A matrix that learns to shrink audio with dropout: all that a seed decides counts."""

    def __init__(self, student: torch.nn.Module, spoiled: str = "", at: int = -1) -> None:
        super().__init__()
        self.matrix = torch.nn.Parameter(torch.eye(4))
        self._student, self._spoiled, self._at = [student], spoiled, at
        self.prepared: list[int] = []
        self.is_small = True

    def forward(self, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        samples = batch.heard["input_values"][:, :4000].reshape(-1, 4)
        product = torch.nn.functional.dropout(samples @ self.matrix, 0.5)
        loss = product.square().mean()
        if step == self._at:
            loss = {"loss": loss * torch.nan, "gradient": _infinite_gradient(loss)}[self._spoiled]
        return {"loss": loss, "hidden": loss.detach()}

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": [self.matrix]}]

    def prepare(self, step: int) -> None:
        self.prepared.append(step)

    def measures(self) -> dict[str, float]:
        return {}

    def mask_means(self) -> dict[str, list[float]]:
        return {"attention": [0.5]}

    def is_ready(self) -> bool:
        return self.is_small

    def student(self) -> torch.nn.Module:
        return self._student[0]


def _infinite_gradient(loss: torch.Tensor) -> torch.Tensor:
    """A finite value whose gradient is not: of a square root at 0."""
    return loss.detach() + (loss - loss).sqrt()


class _KilledError(Exception):
    pass


@dataclass
class _Killer:
    """A progress that ends the process, as it were, at a step over all stages."""

    at: int
    error: type[BaseException] = _KilledError
    told: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, what: str, done: int, total: int) -> None:
        self.told.append((what, done, total))
        if done == self.at:
            raise self.error


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> TrainingAudio:
    return noise_corpus(tmp_path_factory.mktemp("noise"), [0.5] * 21)


@pytest.fixture
def context(model: Path, audio: TrainingAudio, tmp_path: Path) -> TrainingContext:
    return TrainingContext(
        original=lambda: load(model),
        audio=audio,
        place=TrainingPlace(checkpoint_steps=_EVERY),
        folder=tmp_path / "made.training",
        identity="one",
        seed=0,
    )


def _learned(context: TrainingContext, **params: Any) -> tuple[Training, list[torch.Tensor]]:
    """A training of two stages; what each of them learned."""
    training = Training(quick(**params), context, 2 * _STEPS)
    matrices = []
    for name in ("first", "second"):
        objective = _Objective(training.teacher.model)
        training.learn(name, objective, _STEPS)
        matrices.append(objective.matrix.detach().clone())
    return training, matrices


def _elsewhere(context: TrainingContext) -> TrainingContext:
    return replace(context, folder=context.folder.with_name("other"))


@pytest.mark.parametrize("at", [1, 3, 5, _STEPS, _STEPS + 1, _STEPS + 4, 2 * _STEPS])
def test_killed_anywhere(context: TrainingContext, at: int) -> None:
    """In either stage, at a checkpoint or between, at a stage's end: the same bits and curves."""
    with pytest.raises(_KilledError):
        _learned(replace(context, progress=_Killer(at)))
    training, matrices = _learned(context)
    alone, expected = _learned(_elsewhere(context))
    assert all(torch.equal(*pair) for pair in zip(matrices, expected, strict=True))
    assert not torch.equal(*expected)
    assert training.log == alone.log
    assert training.before == 2 * _STEPS


def test_nothing_is_run_twice(context: TrainingContext) -> None:
    """A training that was over before takes no step, and its objective is as after the last one."""
    _learned(context)
    training = Training(quick(), context, 2 * _STEPS)
    objective = _Objective(training.teacher.model)
    training.learn("first", objective, _STEPS)
    assert objective.prepared == [_STEPS - 1]


def test_seeds_count(context: TrainingContext) -> None:
    """Another seed hears and drops out other things; another process draws its own dropout."""
    _, expected = _learned(context)
    _, other = _learned(replace(_elsewhere(context), seed=1))
    assert not torch.equal(expected[0], other[0])


def test_randomness_is_the_users(context: TrainingContext) -> None:
    """A training seeds every step, and what its process draws afterwards is as without it."""
    training = Training(quick(), context, _STEPS)
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    training.learn("first", _Objective(training.teacher.model), _STEPS)
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize(
    ("at", "where"),
    [(2, "from the beginning"), (5, "from step 4"), (10, "from step 9"), (13, "from step 12")],
)
def test_interrupted(context: TrainingContext, at: int, where: str) -> None:
    """Ctrl-C says where the same command goes on, which is behind the last checkpoint."""
    with pytest.raises(KeyboardInterrupt) as caught:
        _learned(replace(context, progress=_Killer(at, KeyboardInterrupt)))
    assert str(caught.value) == f"the same command goes on {where}"
    _, matrices = _learned(context)
    _, alone = _learned(_elsewhere(context))
    assert all(torch.equal(*pair) for pair in zip(matrices, alone, strict=True))


@pytest.mark.parametrize("spoiled", ["loss", "gradient"])
def test_no_longer_a_number(context: TrainingContext, spoiled: str) -> None:
    """A loss or gradient that is not finite ends the training; what was saved is sound."""
    training = Training(quick(), context, _STEPS)
    with pytest.raises(ModelError, match=f"the {spoiled} is no longer a number; got step 5; lower"):
        training.learn("first", _Objective(training.teacher.model, spoiled, at=4), _STEPS)
    state = training.checkpoints.read("first")
    assert state is not None
    assert state["step"] == 3
    assert bool(torch.isfinite(state["learned"]["matrix"]).all())


def test_early_stop(context: TrainingContext) -> None:
    """It ends at the first measuring that meets the goal, is told of, and stays ended."""
    params = quick(stop_divergence=1.0)  # the student is the teacher: 0
    for _ in range(2):
        training = Training(params, context, 40)
        training.learn("first", _Objective(training.teacher.model), 40)
        record = training.record("distill", (2, 1), 0.0)
        assert (record.stopped, record.steps_done, record.steps_asked) == (
            "divergence goal met",
            2,
            40,
        )
        assert record.curves.steps == (1, 2)
        assert record.curves.series["divergence"][0] is None
        assert record.curves.series["divergence"][1] == pytest.approx(0.0, abs=1e-6)
        assert record.masks is not None
        assert record.masks.steps == (2,)


def test_no_early_stop_without_audio_to_measure_it_on(context: TrainingContext) -> None:
    """A goal that could never be met is refused, not passed over; without one all is well."""
    few = replace(context, audio=replace(context.audio, utterances=context.audio.utterances[:19]))
    with pytest.raises(InputError, match=r"measure stop_divergence on: noise; .*20 or more"):
        Training(quick(stop_divergence=1.0), few, _STEPS)
    assert not few.folder.exists()
    assert Training(quick(), few, _STEPS).corpus.held_out == 0


def test_no_early_stop_of_what_is_not_small_yet(context: TrainingContext) -> None:
    """A student above the size asked for goes on, however near its teacher it is."""
    training = Training(quick(stop_divergence=1.0), context, _STEPS)
    objective = _Objective(training.teacher.model)
    objective.is_small = False
    training.learn("first", objective, _STEPS)
    record = training.record("distill", (2, 1), None)
    assert (record.stopped, record.steps_done) == ("all steps done", _STEPS)


def test_time_of_a_step(context: TrainingContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hearing and learning alone: neither of measuring nor of what else a stage begins with."""
    clock = [0.0]
    monkeypatch.setattr(loop.time, "perf_counter", lambda: clock[0])
    training = Training(quick(), context, _STEPS)
    objective = _Objective(training.teacher.model)

    def taking(function: Any, seconds: float) -> Any:
        def slow(*arguments: Any) -> Any:
            clock[0] += seconds
            return function(*arguments)

        return slow

    monkeypatch.setattr(training, "divergence", taking(training.divergence, 100.0))
    monkeypatch.setattr(objective, "prepare", taking(objective.prepare, 2.0))
    training.learn("first", objective, _STEPS)
    assert training.record("distill", (2, 1), None).seconds_a_step == 2.0


def test_the_record(context: TrainingContext) -> None:
    """What it was taught with, on what, and a learning rate that goes up and down."""
    training, _ = _learned(context, learning_rate=0.5)
    record = training.record("distill", (10, 4), None)
    assert (record.corpus.utterances, record.corpus.held_out, record.corpus.speakers) == (20, 1, 3)
    assert record.corpus.duration_s == 10.0
    assert (record.steps_done, record.stopped, record.processes) == (16, "all steps done", 1)
    assert record.device.startswith("cpu, ")
    assert record.curves.steps == tuple(range(1, 17))
    rates = record.curves.series["learning_rate"]
    assert rates[0] == rates[8] == 0.5
    assert rates[7] == rates[15] == pytest.approx(0.5 / 7)
    assert set(record.curves.series) == {"loss", "hidden", "learning_rate", "divergence"}


def test_progress(context: TrainingContext) -> None:
    """Every step is told of, over both stages, in words that name the stage."""
    told = _Killer(-1)
    _learned(replace(context, progress=told))
    assert [(done, total) for _, done, total in told.told] == [(n, 16) for n in range(1, 17)]
    assert told.told[0][0].startswith("first: loss ")
    assert told.told[-1][0].startswith("second: loss ")


def test_damaged_state(context: TrainingContext) -> None:
    """A damaged checkpoint is one line, and is not learned over."""
    _learned(context)
    path = context.folder / "first.pt"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(OutputError, match=r"damaged: .*first\.pt"):
        _learned(context)


def test_another_training(context: TrainingContext) -> None:
    """Refused before a model is loaded."""
    _learned(context)

    def never() -> Any:
        raise AssertionError

    with pytest.raises(OutputError, match="another training was begun here"):
        _learned(replace(context, identity="two", original=never))
