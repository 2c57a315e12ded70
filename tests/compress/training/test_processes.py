"""Two processes that train one model together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from asrcompress.compress.training import processes
from asrcompress.core.checkpoint import load
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import noise_corpus


def test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a launcher there is one process, which prints and writes."""
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (processes.rank(), processes.count(), processes.is_main()) == (0, 1, True)


def test_as_launchers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of four."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert (processes.rank(), processes.count(), processes.is_main()) == (1, 4, False)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["distill", "structured"])
def test_two_on_the_cpu(tmp_path: Path, method: str) -> None:
    """Started by torchrun: both end well, one of them writes and speaks, weights were learned."""
    model = tiny_checkpoint(tmp_path / "model")
    noise_corpus(tmp_path / "corpus", [0.5] * 42)
    size = ("--layers", "1") if method == "distill" else ("--sparsity", "0.5")
    target = tmp_path / "there" / "made"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2"]
    launcher += ["--master_port", "29611", "-m", "asrcompress"]
    command = ["compress", str(model), "-o", str(target), "--method", method, *size]
    command += ["--audio", str(tmp_path / "corpus"), "--steps", "6", "--batch-seconds", "1"]
    command += ["--augment", "none", "--no-zip", "--device", "cpu", "--learning-rate", "0.001"]
    ended = subprocess.run(
        [*launcher, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(f"wrote {target}") == 1
    assert "Traceback" not in ended.stderr
    assert os.listdir(target.parent) == ["made"]
    made, before = load(target), load(model)
    manifest = made.checkpoint.manifest
    assert manifest is not None
    assert manifest.training is not None
    assert (manifest.training.processes, manifest.training.corpus.held_out) == (2, 2)
    assert all(bool(torch.isfinite(p).all()) for p in made.model.parameters())
    norms = [m.model.wav2vec2.encoder.layer_norm.weight for m in (made, before)]
    assert not torch.equal(*norms)
