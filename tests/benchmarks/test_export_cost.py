"""What exporting a large checkpoint to a runtime costs: time and memory of the installed command.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_export_cost.py

The checkpoint is the random wav2vec2-large layout of 1.26 GB; ASRCOMPRESS_BENCH_COST_LAYOUT takes
another of `layouts.py`. Each command runs once, alone, in a process of its own, start included.
Memory is the largest resident set of that process, which Linux keeps for each program.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.layouts import write_checkpoint

pytestmark = pytest.mark.benchmark

LAYOUT = os.environ.get("ASRCOMPRESS_BENCH_COST_LAYOUT", "wav2vec2-large")
AUDIO = "bundled:corpus"
COMMANDS: dict[str, tuple[str, ...]] = {
    "--bits 8": ("--bits", "8"),
    "--runtime openvino": ("--runtime", "openvino"),
    "--bits 8 --runtime openvino": ("--bits", "8", "--runtime", "openvino"),
    "--bits 8 --runtime openvino --audio": (
        *("--bits", "8", "--runtime", "openvino"),
        *("--audio", AUDIO),
    ),
    "--bits 4 --runtime openvino": ("--bits", "4", "--runtime", "openvino"),
    "--bits 8 --runtime onnx": ("--bits", "8", "--runtime", "onnx"),
}
_LOOK_S = 0.02


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock and of all cores, and the largest resident memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made in another process, to leave this one small."""
    folder = tmp_path_factory.mktemp("models") / LAYOUT
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=write_checkpoint, args=(LAYOUT, folder))
    process.start()
    process.join()
    assert process.exitcode == 0
    return folder


def test_export_cost(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed for each command, with the bytes it wrote; each writes an artefact."""
    program = str(Path(sys.executable).with_name("asrcompress"))
    original = _bytes_of(checkpoint)
    _print(capsys, f"\n{LAYOUT}, {original / 1e6:.0f} MB")
    for name, options in COMMANDS.items():
        made = tmp_path / "made"
        given = ["compress", str(checkpoint), *options, "--overwrite", "--quiet", "-o", str(made)]
        spent = _spent([program, *given])
        assert (made / "asrcompress.json").is_file()
        _print(
            capsys,
            f"{name:36} {spent.wall_s:6.1f} s, cpu {spent.cpu_s:6.1f} s, "
            f"peak {spent.peak_bytes / 1e6:6.0f} MB ({spent.peak_bytes / original:.2f}x its own), "
            f"wrote {_bytes_of(made) / 1e6:6.0f} MB",
        )


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _spent(command: Sequence[str]) -> Spent:
    """Of one command; its errors are those of the test."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak_bytes = 0
    status = Path(f"/proc/{process.pid}/status")
    # Not ru_maxrss: it survives exec, so that a child of a large process begins with its peak.
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        peak_bytes = _largest_resident(status) or peak_bytes
        time.sleep(_LOOK_S)
    wall_s = time.perf_counter() - start
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)  # Popen has not seen it end
    assert process.returncode == 0, command
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, peak_bytes)


def _largest_resident(status: Path) -> int | None:
    """VmHWM, which only grows; None once the process has ended."""
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


def _print(capsys: pytest.CaptureFixture[str], line: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
