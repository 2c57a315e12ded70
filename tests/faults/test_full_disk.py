"""A disk that is full: one line, nothing half-written, and the same bytes once there is room."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asrcompress.cli.boundary import run
from tests.faults.conftest import Undisturbed
from tests.faults.small_audit import faults_in, leftovers_in, results_of

BAD_INPUT, INCOMPLETE = 2, 3


def _audit(undisturbed: Undisturbed, folder: Path) -> int:
    """In this process, which has its libraries loaded."""
    options = ["--threads", "1", "--workers", "1", "--device", "cpu", "--jobs", "0", "--quiet"]
    return run(["audit", str(undisturbed.recipe), "-o", str(folder), *options])


def _fails_at(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """Let the calls that give files and folders their names fail from the n-th on: no space.

    Returns:
        A list whose length is how many there were.
    """
    calls: list[int] = []
    for name in ("replace", "rename"):
        original = getattr(os, name)

        def failing(*arguments: Any, original: Any = original, **options: Any) -> Any:
            calls.append(1)
            if len(calls) >= at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(*arguments, **options)

        monkeypatch.setattr(os, name, failing)
    return calls


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_no_space_at_any_write(
    undisturbed: Undisturbed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    every: int,
) -> None:
    """From the n-th file on nothing can be written, for n = 1, 2, 3 and on to the last."""
    with pytest.MonkeyPatch.context() as patch:
        calls = _fails_at(patch, 10**6)
        assert _audit(undisturbed, tmp_path / "whole") == 0
    assert len(calls) > 20
    for at in range(1, len(calls) + 1, every):
        folder = tmp_path / f"out{at}"
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            _fails_at(patch, at)
            code = _audit(undisturbed, folder)
        said = capsys.readouterr().err.splitlines()
        assert code in (BAD_INPUT, INCOMPLETE), at
        assert said, at
        assert all(line.startswith("error: ") for line in said), said
        assert all(os.strerror(errno.ENOSPC) in line for line in said), said
        assert faults_in(folder, undisturbed.expected) == []
        assert _audit(undisturbed, folder) == 0
        assert results_of(folder) == undisturbed.expected
        assert leftovers_in(folder) == []


@contextmanager
def _small_disk(place: Path, size_kb: int) -> Iterator[None]:
    """A file system of that size at a new folder, for as long as the block lasts."""
    place.mkdir()
    size = f"size={size_kb}k"
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "asrcompress-test", str(place)], capture_output=True
    )
    if mount.returncode:
        pytest.skip("may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("size_kb", [64, 3000, pytest.param(8500, marks=pytest.mark.slow)])
def test_a_small_disk_and_then_a_larger_one(
    undisturbed: Undisturbed, tmp_path: Path, capsys: pytest.CaptureFixture[str], size_kb: int
) -> None:
    """Every library that writes meets it, in the middle of its files: room is 8 MB."""
    disk = tmp_path / "disk"
    with _small_disk(disk, size_kb):
        code = _audit(undisturbed, disk / "out")
        said = capsys.readouterr().err.splitlines()
        assert code in (BAD_INPUT, INCOMPLETE)
        assert said
        assert all(line.startswith("error: ") and "internal" not in line for line in said), said
        assert faults_in(disk / "out", undisturbed.expected) == []
        larger = ["mount", "-o", "remount,size=200m", str(disk)]
        subprocess.run(larger, check=True, capture_output=True)
        assert _audit(undisturbed, disk / "out") == 0
        assert results_of(disk / "out") == undisturbed.expected
        assert leftovers_in(disk / "out") == []


def test_a_folder_that_is_read_only(
    undisturbed: Undisturbed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any work: one line that says where, and exit 2; on a cache of others' too."""
    disk = tmp_path / "disk"
    with _small_disk(disk, 1000):
        (disk / "out").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        corpus = undisturbed.recipe.parent / "corpus.jsonl"
        commands = {
            "audit": ["audit", str(undisturbed.recipe), "-o", str(disk / "out")],
            "new": ["audit", str(undisturbed.recipe), "-o", str(disk / "new")],
            "cache": [
                *("audit", str(undisturbed.recipe), "-o", str(tmp_path / "out")),
                *("--cache", str(disk / "cache")),
            ],
            "compress": ["compress", "bundled:model", "--bits", "8", "-o", str(disk / "int8")],
            "corrupt": ["corrupt", str(corpus), "--snr", "10", "-o", str(disk / "noisy")],
            "evaluate": ["evaluate", "bundled:model", str(corpus), "-o", str(disk / "scores")],
            "report": [
                *("report", str(undisturbed.folder), "--format", "html"),
                *("-o", str(disk / "page.html")),
            ],
            "figures": ["report", str(undisturbed.folder), "--figures", str(disk / "figures")],
        }
        for name, arguments in commands.items():
            assert run(arguments) == BAD_INPUT, name
            captured = capsys.readouterr()
            assert captured.err.count("\n") == 1, (name, captured.err)
            assert str(disk) in captured.err, name
            assert os.strerror(errno.EROFS) in captured.err, name
        assert [path.name for path in disk.iterdir()] == ["out"]
