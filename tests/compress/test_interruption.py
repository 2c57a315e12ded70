"""Whatever ends a compression early, there is the old output or none, and the next run is clean."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asrcompress import compress, load
from asrcompress.core.manifest import read_manifest
from tests.checkpoints import tiny_checkpoint
from tests.compress.forked_runs import Command, Ended, Runner, runner

_OLD, _NEW = "int4", "int8"


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with runner(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest, model: Path) -> Path:
    """Where the output goes; it holds an older one where the parameter says so."""
    target = tmp_path / "there" / "made"
    target.parent.mkdir()
    if request.param == "over an old output":
        compress(model, target, bits=4)
    return target


_BOTH = pytest.mark.parametrize("place", ["new", "over an old output"], indirect=True)


def _arguments(model: Path, target: Path) -> tuple[str, ...]:
    options = ("--bits", "8", "--no-zip", "--overwrite", "-q", "--json")
    return ("compress", str(model), "-o", str(target), *options)


def _command(model: Path, target: Path, **changes: object) -> Command:
    return Command(_arguments(model, target), str(target.parent), **changes)  # type: ignore[arg-type]


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _hidden(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def _check(target: Path, old: dict[str, bytes] | None) -> str:
    """What is at the target: "old" to the byte, a whole "new" that loads, or "none"."""
    if not target.exists():
        return "none"
    if old is not None and _content(target) == old:
        return "old"
    assert load(target).checkpoint.manifest is not None
    manifest = read_manifest(target)
    assert manifest is not None
    assert manifest.label == _NEW
    return "new"


def _counted(forks: Runner, model: Path, place: Path) -> int:
    """How many changes a run makes that is let be, over the same as is at the place."""
    target = place.parent / "counted" / place.name
    target.parent.mkdir()
    if place.exists():
        shutil.copytree(place, target)
    ended = forks.run(_command(model, target))
    assert ended.code == 0
    shutil.rmtree(target.parent)
    return ended.changes


@_BOTH
def test_killed_at_any_change_of_the_folder(forks: Runner, model: Path, place: Path) -> None:
    """SIGKILL right before a file is opened, renamed or removed: never half an output."""
    old = _content(place) if place.exists() else None
    changes = _counted(forks, model, place)
    chance = random.Random(0)
    points = [*sorted(chance.sample(range(1, changes - 5), 5)), *range(changes - 5, changes + 1)]
    found = []
    for change in points:  # the last ones are around the moment when the new output appears
        ended = forks.run(_command(model, place, signal_at=change))
        assert ended.code == -signal.SIGKILL
        found.append(_check(place, old))
        if found[-1] == "new":  # killed while cleaning up
            break
    assert found[:5] == ["none" if old is None else "old"] * 5
    ended = forks.run(_command(model, place))
    assert (ended.code, ended.err) == (0, "")
    assert _check(place, None) == "new"
    assert _hidden(place) == []


@pytest.mark.parametrize("place", ["over an old output"], indirect=True)
def test_killed_at_any_time(forks: Runner, model: Path, place: Path) -> None:
    """SIGKILL after seeded delays, in the middle of reading, deciding, writing and proving."""
    old: dict[str, bytes] | None = _content(place)
    begun = time.monotonic()
    forks.run(_command(model, place.parent / "timed"))
    duration_s = time.monotonic() - begun
    chance = random.Random(0)
    for _ in range(5):
        ended = forks.run(_command(model, place, after_s=chance.uniform(0.01, duration_s)))
        if ended.code == 0:  # it was quicker this time
            old = None
            continue
        assert ended.code == -signal.SIGKILL
        assert _check(place, old) in {"none" if old is None else "old", "new"}


@_BOTH
def test_interrupted(forks: Runner, model: Path, place: Path) -> None:
    """Ctrl-C at any change: exit code 130, one word on stderr, and nothing left behind."""
    old = _content(place) if place.exists() else None
    changes = _counted(forks, model, place)
    for change in sorted({*random.Random(1).sample(range(1, changes), 6), changes - 1, changes}):
        ended = forks.run(
            _command(model, place, signal_at=change, signal_number=int(signal.SIGINT))
        )
        if ended.code == 0 or _check(place, old) == "new":
            break  # it came while cleaning up
        assert (ended.code, ended.err, ended.out) == (130, "error: interrupted\n", "")
        assert _check(place, old) == ("none" if old is None else "old")
        assert _hidden(place) == []


@_BOTH
@pytest.mark.parametrize("share", [0.02, 0.9])
def test_file_size_limit(forks: Runner, model: Path, place: Path, share: float) -> None:
    """A file that cannot be written to its end: one line, exit code 2, and the old output."""
    old = _content(place) if place.exists() else None
    forks.run(_command(model, place.with_name("whole")))
    largest = max(len(content) for content in _content(place.with_name("whole")).values())
    beside = _hidden(place)
    ended = forks.run(_command(model, place, file_bytes=int(share * largest)))
    _check_out_of_room(ended, place, "File too large")
    assert _check(place, old) == ("none" if old is None else "old")
    assert _hidden(place) == beside


def _check_out_of_room(ended: Ended, target: Path, cause: str) -> None:
    assert ended.code == 2
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert line.startswith("error: cannot write")
    assert str(target) in line
    assert cause in line


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 kB, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk(forks: Runner, model: Path, small_disk: Path) -> None:
    """No space for the new output beside the old one: one line, and the old one still loads."""
    target = small_disk / "made"
    compress(model, target, bits=4)
    old = _content(target)
    free = os.statvfs(small_disk)
    (small_disk / "other").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - 40_000)))
    ended = forks.run(_command(model, target))
    _check_out_of_room(ended, target, "No space left on device")
    assert _check(target, old) == "old"
    assert _hidden(target) == ["other"]
    load(target)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_real_process(number: signal.Signals, model: Path, tmp_path: Path) -> None:
    """The command itself, signalled as soon as its hidden folder is seen."""
    target = tmp_path / "there" / "made"
    target.parent.mkdir()
    compress(model, target, bits=4)
    old = _content(target)
    code = "from asrcompress.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *_arguments(model, target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    while not _hidden(target) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    out, err = process.communicate()
    assert _content(target) == old
    assert load(target).checkpoint.manifest is not None
    if number == signal.SIGINT:
        assert (process.returncode, out, err) == (130, "", "error: interrupted\n")
        assert _hidden(target) == []
    else:
        assert process.returncode == -signal.SIGKILL
