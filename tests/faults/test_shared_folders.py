"""Two audits at once, a worker that is killed, and a clock that is wrong."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Undisturbed
from tests.faults.small_audit import (
    ARTEFACTS,
    CELLS,
    CORPORA,
    Run,
    audit_command,
    faults_in,
    finished_pieces,
    leftovers_in,
    phase_of,
    results_of,
    until,
)

BAD_INPUT, INCOMPLETE = 2, 3
_DAY_S = 86_400.0


def test_a_second_audit_of_a_folder_refuses_at_once(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """One line and exit 2 for it; the first goes on, to the same bytes."""
    first = Run.start(audit_command(undisturbed.recipe, tmp_path / "out"))
    assert until((tmp_path / "out" / "pieces.json").is_file, first)
    code, out, err = Run.start(audit_command(undisturbed.recipe, tmp_path / "out")).end()
    assert (code, out) == (BAD_INPUT, "")
    assert err.count("\n") == 1
    assert "another audit is writing here" in err
    assert first.end()[0] == 0
    assert results_of(tmp_path / "out") == undisturbed.expected
    assert leftovers_in(tmp_path / "out") == []


def test_two_audits_on_one_cache_share_the_work(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Both end with the same bytes; the cache holds every piece once, and nothing unfinished."""
    shared, names = tmp_path / "cache", ("one", "two")
    runs = [
        Run.start(audit_command(undisturbed.recipe, tmp_path / name, "--cache", shared))
        for name in names
    ]
    for run in runs:
        code, _, err = run.end()
        assert code == 0, err
    one, two = (results_of(tmp_path / name) for name in names)
    assert one == two
    # utterances.jsonl names the noisy recordings, which are in another place here.
    assert {**one, "utterances.jsonl": b""} == {**undisturbed.expected, "utterances.jsonl": b""}
    found = finished_pieces(shared)
    assert found == {"artefacts": ARTEFACTS, "corpora": CORPORA, "cells": CELLS}
    assert [*shared.rglob(".*.partial-*")] == []


def test_a_worker_killed_from_outside_loses_one_cell(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """As the kernel does when memory is gone: one line, the other cells go on, exit 3; resume."""
    folder = tmp_path / "out"
    run = Run.start(audit_command(undisturbed.recipe, folder, "--quiet"))
    assert until(lambda: phase_of(folder) == "recognising" and run.others(), run)
    assert until(lambda: [*folder.glob("cache/locks/cell-*")], run)
    run.send(signal.SIGKILL, to="worker")
    code, _, err = run.end()
    assert code in (0, INCOMPLETE)  # 0: it was between two cells, and another took its place
    if code:
        assert err.count("\n") == 1
        assert "its process was killed, probably out of memory" in err
        assert finished_pieces(folder / "cache")["cells"] >= CELLS - 1
    assert faults_in(folder, undisturbed.expected) == []
    assert Run.start(audit_command(undisturbed.recipe, folder)).end()[0] == 0
    assert results_of(folder) == undisturbed.expected
    assert leftovers_in(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("limit_mb", [600, 1500])
def test_too_little_address_space_is_a_line(
    undisturbed: Undisturbed, tmp_path: Path, limit_mb: int
) -> None:
    """Wherever memory ends, in a library's import or in the model: lines, and no half file."""
    limit = (limit_mb << 20, limit_mb << 20)
    folder = tmp_path / "out"
    run = Run.start(
        audit_command(undisturbed.recipe, folder, "--quiet"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit),
    )
    code, _, err = run.end()
    assert code in (0, BAD_INPUT, INCOMPLETE), err
    if code and "Traceback" not in err:  # an interpreter that cannot even start says what it can
        assert all(line.startswith("error: ") for line in err.splitlines()), err
    assert run.outlived_by() == []
    assert faults_in(folder, undisturbed.expected) == []
    assert Run.start(audit_command(undisturbed.recipe, folder)).end()[0] == 0
    assert results_of(folder) == undisturbed.expected


@pytest.mark.parametrize("shift_days", [-4000, 4000])
def test_files_from_another_time_are_what_they_are(
    undisturbed: Undisturbed, tmp_path: Path, shift_days: int
) -> None:
    """A clock that went back, or was far ahead when the cache was made: nothing is done again."""
    folder = tmp_path / "out"
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(folder)], check=True)
    when_s = time.time() + shift_days * _DAY_S
    for path in folder.rglob("*"):
        os.utime(path, (when_s, when_s), follow_symlinks=False)
    for name in undisturbed.expected:
        (folder / name).unlink()
    code, _, err = Run.start(audit_command(undisturbed.recipe, folder)).end()
    assert (code, err.splitlines()[-1].partition(": ")[2]) == (
        0,
        f"0 cells run, {CELLS} taken from the cache",
    )
    assert results_of(folder) == undisturbed.expected


def test_a_clock_that_goes_back_while_it_works(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """time.time() loses an hour at every call; the results and the next run are the same."""
    (tmp_path / "sitecustomize.py").write_text(
        "import itertools, time\n"
        "now, calls = time.time, itertools.count()\n"
        "time.time = lambda: now() - 3600.0 * next(calls)\n"
    )
    folder, environment = tmp_path / "out", {"PYTHONPATH": str(tmp_path)}
    code, _, err = Run.start(audit_command(undisturbed.recipe, folder), environment).end()
    assert code == 0, err
    assert results_of(folder) == undisturbed.expected
    code, _, err = Run.start(audit_command(undisturbed.recipe, folder)).end()
    assert (code, f"0 cells run, {CELLS}" in err) == (0, True)
    assert leftovers_in(folder) == []
