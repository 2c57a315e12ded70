"""Real processes that are killed, interrupted or out of room while they train."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from asrcompress import load
from tests.checkpoints import tiny_checkpoint
from tests.compress.forked_runs import Command, Runner, runner
from tests.compress.training.recordings import noise_corpus

_COMMON = ("--batch-seconds", "1", "--augment", "none", "--device", "cpu", "--no-zip", "-q")
_METHODS = {
    "distill": ("--method", "distill", "--layers", "1", "--steps", "9"),
    "structured": (
        *("--method", "structured", "--sparsity", "0.5"),
        *("--steps", "5", "--finetune-steps", "4"),
    ),
}
_EACH = 3  # changes to save a state: two of a partial file's content, one of its name


def _at(stage: str, save: int, change: int) -> dict[str, object]:
    """Right before a change of the saving of a stage's state, both counted from 1 in a process."""
    return {"counted": f"{stage}.partial", "signal_at": _EACH * (save - 1) + change}


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with runner(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a model and a corpus."""
    folder = tmp_path_factory.mktemp("trainings")
    tiny_checkpoint(folder / "model")
    noise_corpus(folder / "corpus", [0.5] * 6)
    return folder


def _command(place: Path, target: Path, method: str, **changes: object) -> Command:
    target.parent.mkdir(exist_ok=True)
    audio = ("--audio", str(place / "corpus"), "--checkpoint-steps", "1")
    arguments = ("compress", str(place / "model"), "-o", str(target))
    arguments += (*_METHODS[method], *_COMMON, *audio)
    return Command(arguments, str(target.parent), **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def uninterrupted(forks: Runner, place: Path) -> dict[str, bytes]:
    """The weight file of each method's training that was let be."""
    found = {}
    for method in _METHODS:
        target = place / method / "made"
        ended = forks.run(_command(place, target, method))
        assert (ended.code, ended.err) == (0, "")
        found[method] = _weights(target)
    return found


def _weights(target: Path) -> bytes:
    (path,) = target.glob("*.safetensors")
    return path.read_bytes()


def _saved(target: Path, stage: str) -> int | None:
    """The step of a stage's newest state; None where there is none."""
    path = target.with_name("made.training") / f"{stage}.pt"
    return int(torch.load(path, weights_only=True)["step"]) if path.exists() else None


def _check_like(target: Path, expected: bytes) -> None:
    assert _weights(target) == expected
    assert os.listdir(target.parent) == ["made"]
    assert load(target).checkpoint.manifest is not None


def test_killed_while_it_distils(
    forks: Runner, place: Path, tmp_path: Path, uninterrupted: dict[str, bytes]
) -> None:
    """SIGKILL before, in or after the saving of a random step: the same file in the end."""
    target = tmp_path / "there" / "made"
    chance = random.Random(0)
    step, number = chance.randrange(2, 9), chance.randrange(1, 4)
    command = _command(place, target, "distill", **_at("distill", step, number))
    assert forks.run(command).code == -signal.SIGKILL
    assert _saved(target, "distill") == step - 1
    ended = forks.run(_command(place, target, "distill"))
    assert (ended.code, ended.err) == (0, "")
    _check_like(target, uninterrupted["distill"])


def test_killed_in_both_stages(
    forks: Runner, place: Path, tmp_path: Path, uninterrupted: dict[str, bytes]
) -> None:
    """While masks are learned, at their end, and twice after removal: the same file."""
    target = tmp_path / "there" / "made"
    for stage, save, change, saved in (
        ("prune", 3, 2, 2),
        ("prune", 3, 3, 4),  # goes on with the third step: the fifth is the last
        ("recover", 1, 2, None),  # the fifth is learned anew, then what is left is trained on
        ("recover", 3, 1, 2),
    ):
        command = _command(place, target, "structured", **_at(stage, save, change))
        assert forks.run(command).code == -signal.SIGKILL
        assert _saved(target, stage) == saved
    ended = forks.run(_command(place, target, "structured"))
    assert (ended.code, ended.err) == (0, "")
    _check_like(target, uninterrupted["structured"])


def test_interrupted(forks: Runner, place: Path, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, one line, no output, and the last state stays."""
    target = tmp_path / "there" / "made"
    ended = forks.run(
        _command(
            place,
            target,
            "distill",
            signal_number=int(signal.SIGINT),
            **_at("distill", 5, 1),
        )
    )
    assert (ended.code, ended.out) == (130, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("error: interrupted")
    assert os.listdir(target.parent) == ["made.training"]
    assert _saved(target, "distill") in (4, 5)  # Python may end what it is at before it listens


def test_no_room(forks: Runner, place: Path, tmp_path: Path) -> None:
    """A state that cannot be written: one line that says why and what to do, exit code 2."""
    target = tmp_path / "there" / "made"
    ended = forks.run(_command(place, target, "distill", file_bytes=100_000))
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("error: a training's state cannot be saved: ")
    assert "got File too large; make room; the same command goes on" in line
    assert os.listdir(target.with_name("made.training")) == ["training.json"]
