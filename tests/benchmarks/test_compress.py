"""What compressing a large checkpoint costs, beside a plain script in the same run; all sizes.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_compress.py

The checkpoint is a random wav2vec2-large layout of 1.26 GB. The plain script is what one would
write by hand: from_pretrained, quanto's quantize and freeze, safetensors' save_file. Ours besides
hashes the original, records every tensor, reloads the artefact and compares it bit for bit. Each
runs in a process of its own, start included, in turns; memory is the process's peak.
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
import torch

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import large_module, write_processor

pytestmark = pytest.mark.benchmark

ROUNDS = 3
PLAIN = """
import sys
from optimum.quanto import freeze, qint8, quantize
from safetensors.torch import save_file
from transformers import AutoModelForCTC

model = AutoModelForCTC.from_pretrained(sys.argv[1])
quantize(model, weights=qint8)
freeze(model)
save_file(model.state_dict(), sys.argv[2])
"""
METHODS: dict[str, dict[str, object]] = {
    "int8": {"bits": 8},
    "int8, convolutions too": {"bits": 8, "conv": True},
    "int4": {"bits": 4},
    "int4 hqq": {"bits": 4, "rounding": "hqq"},
    "int2": {"bits": 2},
    "float16": {"bits": 16},
    "global 30 %": {"prune": 0.3},
    "global 30 %, bitmask": {"prune": 0.3, "storage": "bitmask"},
    "local 40 %": {"prune": 0.4, "scope": "local"},
    "local 60 %": {"prune": 0.6, "scope": "local"},
    "local 60 %, int8": {"prune": 0.6, "scope": "local", "bits": 8},
    "local 60 %, int8, bitmask": {
        "prune": 0.6,
        "scope": "local",
        "bits": 8,
        "storage": "bitmask",
    },
    "fuzzy three-class 1": {"adaptive": "three-class"},
    "fuzzy three-class 2": {"adaptive": "three-class", "fuzzy_set": 2},
    "fuzzy two-class 1": {"adaptive": "two-class"},
    "fuzzy two-class 2": {"adaptive": "two-class", "fuzzy_set": 2},
}


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock and of all cores, and the largest resident memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layout of wav2vec2-large, made in another process: a child's peak begins at ours."""
    folder = tmp_path_factory.mktemp("models") / "large"
    process = multiprocessing.get_context("spawn").Process(target=_make_large, args=(folder,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return folder


def _make_large(folder: Path) -> None:
    torch.manual_seed(0)
    with quiet_transformers():
        large_module().save_pretrained(folder)
    write_processor(folder, "wav2vec2-layer-norm")


def _spent(command: Sequence[str]) -> Spent:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # Popen has not seen it end
    assert process.returncode == 0, command
    return Spent(
        time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
    )


def test_cost(large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Memory at most half the plain script's; the time is printed."""
    program = str(Path(sys.executable).with_name("asrcompress"))
    ours = [program, "compress", str(large), "--bits", "8"]
    ours += ["--overwrite", "--quiet", "-o", str(tmp_path / "ours")]
    commands = {
        "plain script": [sys.executable, "-c", PLAIN, str(large), str(tmp_path / "plain.bin")],
        "compress --bits 8 --no-zip": [*ours, "--no-zip"],
        "compress --bits 8": ours,
    }
    spent: dict[str, list[Spent]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            spent[name].append(_spent(command))
    best = {
        name: Spent(
            min(one.wall_s for one in found),
            min(one.cpu_s for one in found),
            max(one.peak_bytes for one in found),
        )
        for name, found in spent.items()
    }
    plain = best["plain script"]
    with capsys.disabled():
        _print("")
        for name, one in best.items():
            _print(
                f"{name:28} {one.wall_s:6.1f} s ({one.wall_s / plain.wall_s:.2f}x), "
                f"cpu {one.cpu_s:6.1f} s ({one.cpu_s / plain.cpu_s:.2f}x), "
                f"peak {one.peak_bytes / 1e6:6.0f} MB ({one.peak_bytes / plain.peak_bytes:.2f}x)"
            )
    assert best["compress --bits 8"].peak_bytes <= 0.5 * plain.peak_bytes


def test_sizes(large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every method's bytes in memory and on disk."""
    with capsys.disabled():
        _print(f"\n{'MB':28} {'memory':>8} {'disk':>8}")
        for name, options in METHODS.items():
            request = CompressRequest(
                str(large),
                read_options(options),
                output=tmp_path / "made",
                overwrite=True,
                measure_zip=False,
            )
            manifest = run(request).manifest
            if name == "int8":
                sizes = manifest.source.sizes
                _line("original", sizes.memory_bytes, sizes.disk_bytes)
            _line(name, manifest.sizes.memory_bytes, manifest.sizes.disk_bytes)


def _line(name: str, *sizes: int) -> None:
    _print(" ".join([f"{name:28}", *(f"{size / 1e6:8.1f}" for size in sizes)]))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
