"""A training's state is whole or not there, and is never taken for another training's."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from asrcompress.compress.training.checkpoint import Checkpoints
from asrcompress.core.errors import OutputError


@pytest.fixture
def opened(tmp_path: Path) -> Checkpoints:
    found = Checkpoints(tmp_path / "there" / "made.training")
    found.open("one")
    return found


def _state(size: int = 4) -> dict[str, Any]:
    return {"step": 3, "learned": {"a": torch.arange(float(size))}, "log": {"rows": [{"x": 1.0}]}}


def test_saved_and_read(opened: Checkpoints) -> None:
    """A stage's newest state, and none of a stage that has not begun."""
    opened.save("prune", {"step": 1})
    opened.save("prune", _state())
    found = opened.read("prune")
    assert found is not None
    assert torch.equal(found["learned"]["a"], torch.arange(4.0))
    assert (found["step"], found["log"]) == (3, {"rows": [{"x": 1.0}]})
    assert opened.read("recover") is None


def test_the_same_training_goes_on(opened: Checkpoints) -> None:
    """Opened anew by the same training, its states are still there."""
    opened.save("prune", _state())
    Checkpoints(opened.folder).open("one")
    assert Checkpoints(opened.folder).read("prune") is not None


def test_another_training_that_learned_nothing(opened: Checkpoints) -> None:
    """A folder that was made, and in which no state was saved, is taken over."""
    Checkpoints(opened.folder).open("two")
    opened.save("prune", _state())
    with pytest.raises(OutputError, match="another training was begun here"):
        Checkpoints(opened.folder).open("one")


def test_another_training(opened: Checkpoints) -> None:
    """Other options, audio or seeds are never mixed into what was begun."""
    opened.save("prune", _state())
    with pytest.raises(OutputError, match=r"another training was begun here: .*made\.training"):
        Checkpoints(opened.folder).open("two")
    assert opened.read("prune") is not None


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    """A folder with other files is left alone."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="not a training's folder"):
        Checkpoints(tmp_path).open("one")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_killed_while_it_began(tmp_path: Path) -> None:
    """What a process leaves that is killed before its first file has its name is no hindrance."""
    (tmp_path / ".training.json.x1y2").write_text("{")
    Checkpoints(tmp_path).open("one")
    Checkpoints(tmp_path).remove()
    assert not tmp_path.exists()


def test_a_file_in_its_place(tmp_path: Path) -> None:
    """One line, not a trace."""
    place = tmp_path / "made.training"
    place.write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        Checkpoints(place).open("one")
    with pytest.raises(OutputError, match="cannot be written"), Checkpoints(place).alone():
        raise AssertionError


def test_one_training_at_a_time(opened: Checkpoints) -> None:
    """While one runs a second is refused, with one line; after its end the folder is free."""
    with opened.alone():
        with (
            pytest.raises(OutputError, match=r"another training runs here: .*made\.training; wait"),
            Checkpoints(opened.folder).alone(),
        ):
            raise AssertionError
        assert (opened.folder / "training.json").exists()
    with pytest.raises(KeyboardInterrupt), opened.alone():
        raise KeyboardInterrupt
    with opened.alone():
        assert opened.read("prune") is None


def test_nothing_was_begun(tmp_path: Path) -> None:
    """A training that is refused before it begins leaves no folder."""
    place = Checkpoints(tmp_path / "made.training")
    with place.alone():
        assert place.folder.is_dir()
    assert not place.folder.exists()


@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped", "other"])
def test_damaged(opened: Checkpoints, damage: str) -> None:
    """A damaged file is told of, with its name and what to do, and is never learned from."""
    opened.save("prune", _state(4096))
    path = opened.folder / "prune.pt"
    content = bytearray(path.read_bytes())
    middle = content.find(torch.arange(4096.0).numpy().tobytes()) + 8192
    content[middle] ^= 0xFF
    damaged = {
        "cut": bytes(content[: len(content) // 2]),
        "emptied": b"",
        "flipped": bytes(content),
        "other": b"not a state at all",
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(OutputError, match=r"state is damaged: .*prune\.pt; .*remove it"):
        opened.read("prune")


@pytest.fixture
def short_files() -> Iterator[None]:
    """No file of this process may be longer than 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room(opened: Checkpoints, short_files: None) -> None:
    """Where a state cannot be written to its end, the last one stays, and the reason is said."""
    opened.save("prune", _state())
    with pytest.raises(
        OutputError, match=r"cannot be saved: .*prune\.pt; got File too large; make"
    ):
        opened.save("prune", _state(10_000))
    found = opened.read("prune")
    assert found is not None
    assert len(found["learned"]["a"]) == 4
    assert sorted(os.listdir(opened.folder)) == ["prune.pt", "training.json"]


def test_removed(opened: Checkpoints) -> None:
    """Its own files go, and the folder with them."""
    opened.save("prune", _state())
    (opened.folder / "recover.partial").write_bytes(b"killed here")
    opened.remove()
    assert not opened.folder.exists()
    assert opened.folder.parent.exists()


def test_others_files_stay(opened: Checkpoints) -> None:
    """What somebody put beside them stays."""
    opened.save("prune", _state())
    (opened.folder / "notes.txt").write_text("mine")
    opened.remove()
    assert [path.name for path in opened.folder.iterdir()] == ["notes.txt"]
