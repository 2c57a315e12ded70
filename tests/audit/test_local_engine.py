"""The local engine: processes that may be killed, and measurements in turns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asrcompress.audit import run
from asrcompress.audit.engines import _local_worker
from asrcompress.audit.measuring import turns_of
from asrcompress.core.errors import InputError
from tests.audit.tiny_audits import CELLS, asked, tiny_recipe

RESULTS = ("results.json", "cells.csv", "utterances.jsonl")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_recipe(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def expected(recipe: Path) -> dict[str, bytes]:
    """What an audit in this process writes."""
    folder = recipe.parent / "expected"
    assert run(asked(recipe, folder)).failures == ()
    return _bytes(folder)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in RESULTS}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the worker processes that were started."""
    found: list[int] = []
    popen = subprocess.Popen

    def recording(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        process = popen(*arguments, **options)  # type: ignore[call-overload]
        found.append(process.pid)
        return process

    monkeypatch.setattr(_local_worker.subprocess, "Popen", recording)
    return found


def test_two_processes_give_the_same_bytes_and_end(
    recipe: Path, expected: dict[str, bytes], tmp_path: Path, started: list[int]
) -> None:
    """Results do not depend on who did what; nobody is left behind."""
    outcome = run(asked(recipe, tmp_path / "out", jobs=2))
    assert (outcome.failures, outcome.cells_run) == ((), CELLS)
    assert _bytes(tmp_path / "out") == expected
    assert len(started) == 2
    assert not any(map(_is_alive, started))


def test_a_killed_worker_loses_one_task_and_the_rest_goes_on(
    recipe: Path, expected: dict[str, bytes], tmp_path: Path, started: list[int]
) -> None:
    """One cell is missing and told of in one line; the next run does that one alone."""

    killed: list[int] = []

    def kill_the_first(what: str, done: int, total: int) -> None:
        if what == "recognising" and not killed:
            os.kill(started[0], signal.SIGKILL)
            killed.append(started[0])

    first = run(asked(recipe, tmp_path / "out", jobs=1), kill_the_first)
    (failure,) = first.failures
    assert "its process was killed, probably out of memory" in failure.line
    assert "\n" not in failure.line
    assert failure.is_retried_next_run
    assert len(started) == 2  # another took its place
    assert first.cells_run == len(first.results.cells) == CELLS - 1
    again = run(asked(recipe, tmp_path / "out"))
    assert (again.failures, again.cells_run) == ((), 1)
    assert _bytes(tmp_path / "out") == expected


def test_an_address_is_refused(recipe: Path, tmp_path: Path) -> None:
    """It would be ignored."""
    with pytest.raises(InputError, match="--engine ray"):
        run(asked(recipe, tmp_path / "out", address="auto"))


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_a_worker_ends_with_its_parent(
    recipe: Path, tmp_path: Path, signal_number: signal.Signals
) -> None:
    """Only the parent gets the signal, in the middle of the work; soon nobody is left.

    Ctrl-C is one line and exit code 130.
    """
    code = "from asrcompress.cli import main; main()"
    arguments = ["audit", str(recipe), "-o", str(tmp_path / "out"), "--device", "cpu"]
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    (child,) = _until(lambda: _children(parent.pid))
    _until(lambda: [*(tmp_path / "out" / "cache").glob("artefacts/*")])
    parent.send_signal(signal_number)
    begun_s = time.monotonic()
    _, said = parent.communicate(timeout=60)
    if signal_number == signal.SIGINT:
        assert (parent.returncode, said.decode()) == (130, "error: interrupted\n")
        assert time.monotonic() - begun_s < 10  # not killed after the time of grace
    _until(lambda: [True] if not _is_alive(child) else [])


def _until(look: object) -> list[object]:
    """What a look finds as soon as it finds something."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := look():  # type: ignore[operator]
            return found
        time.sleep(0.02)
    raise AssertionError("nothing found in time")


def _children(parent: int) -> list[int]:
    """The processes whose parent that is, as Linux lists them."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == parent:
            found.append(int(place.parent.name))
    return found


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


@pytest.mark.parametrize(
    ("rounds", "expected"), [(1, "abca"), (2, "abccba"), (3, "abccbaabca"), (4, "abccbaabccba")]
)
def test_rounds_go_there_and_back_and_end_with_the_first(rounds: int, expected: str) -> None:
    """Every job has a turn a round, and the baseline, which is first, is last as well."""
    jobs: list = list("abc")
    assert turns_of(jobs, rounds) == list(expected)
