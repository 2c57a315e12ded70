"""Before a training: what is refused. And whose states a training goes on from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.compress.training.trained import TrainingPlace
from asrcompress.core.errors import InputError, ModelError, OutputError
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import noise_corpus

_DISTILL = {"method": "distill", "layers": 1, "steps": 4, "batch_seconds": 1.0, "augment": "none"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def request_of(source: Path, tmp_path: Path) -> CompressRequest:
    return CompressRequest(
        model=str(source),
        options=read_options(_DISTILL),
        output=tmp_path / "there" / "made",
        training=noise_corpus(tmp_path / "noise", [0.5] * 4),
        place=TrainingPlace(checkpoint_steps=1),
        measure_zip=False,
    )


def _with(request: CompressRequest, **options: Any) -> CompressRequest:
    return replace(request, options=read_options({**_DISTILL, **options}))


def _left(request: CompressRequest) -> list[str]:
    assert request.output is not None
    return sorted(path.name for path in request.output.parent.iterdir())


def test_no_audio(request_of: CompressRequest) -> None:
    """A method that trains asks for recordings, and leaves nothing behind."""
    with pytest.raises(InputError, match="no audio to train on; expected recordings"):
        run(replace(request_of, training=None))
    assert _left(request_of) == []


def test_no_such_student(request_of: CompressRequest) -> None:
    """What does not fit the model is told before any work."""
    told = r"does not fit /.*: a student of 3 layers, but the model has 2"
    with pytest.raises(ModelError, match=told):
        run(_with(request_of, layers=3))
    assert _left(request_of) == []


def test_patterns_that_match_nothing(request_of: CompressRequest) -> None:
    """A mistake in the bits of a later step is not found after hours of training."""
    with pytest.raises(InputError, match="decoder"):
        run(_with(request_of, bits=8, exclude=["decoder.*"]))
    assert _left(request_of) == []


def test_a_second_one_at_the_same_time(request_of: CompressRequest) -> None:
    """The same command, while it runs already, is one error; the first goes on undisturbed."""
    refused = []

    def start_again(what: str, done: int, total: int) -> None:
        if (what.partition(":")[0], done, total) == ("distill", 2, 4):
            with pytest.raises(OutputError, match=r"another training runs here: .*made\.training"):
                run(request_of)
            refused.append(done)

    run(request_of, start_again)
    assert refused == [2]
    assert _left(request_of) == ["made"]


class _Ended(Exception):  # noqa: N818 - no error
    pass


def _end_at_the_third_step(what: str, done: int, total: int) -> None:
    if (what.partition(":")[0], done, total) == ("distill", 3, 4):
        raise _Ended


@pytest.fixture
def begun(request_of: CompressRequest) -> CompressRequest:
    """A training of which two steps are saved."""
    with pytest.raises(_Ended):
        run(request_of, _end_at_the_third_step)
    assert _left(request_of) == ["made.training"]
    return request_of


def test_the_same_training_goes_on(begun: CompressRequest) -> None:
    """How often states are saved is no other training; what is done already is not done again."""
    done: list[int] = []

    def watch(what: str, step: int, total: int) -> None:
        if what.startswith("distill:"):
            done.append(step)

    run(replace(begun, place=TrainingPlace(checkpoint_steps=3)), watch)
    assert done == [3, 4]
    assert _left(begun) == ["made"]


def test_another_training_is_refused(begun: CompressRequest) -> None:
    """Another seed, size, rate or corpus would give other weights; the begun one is kept."""
    audio = begun.training
    assert audio is not None
    for other in (
        replace(begun, seed=1),
        _with(begun, ffn=64),
        _with(begun, learning_rate=0.01),
        replace(begun, training=replace(audio, sha256="1" * 64)),
    ):
        with pytest.raises(OutputError, match=r"another training was begun here: .*made\.training"):
            run(other)
    run(begun)
    assert _left(begun) == ["made"]


def test_a_folder_of_ones_own(request_of: CompressRequest, tmp_path: Path) -> None:
    """States go where they are asked to, and leave from there when all is done."""
    folder = tmp_path / "states"
    request = replace(request_of, place=TrainingPlace(folder=folder, checkpoint_steps=1))
    with pytest.raises(_Ended):
        run(request, _end_at_the_third_step)
    assert sorted(path.name for path in folder.iterdir()) == ["distill.pt", "training.json"]
    run(request)
    assert not folder.exists()
    assert _left(request) == ["made"]
