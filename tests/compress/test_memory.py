"""Compressing never holds the model twice: the peak of a process of its own, measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import transformers

from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import write_processor

# The peak is the process's own (VmHWM), set back once everything is imported and warm: a child
# inherits its parent's ru_maxrss.
CHILD = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from asrcompress import compress

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

tiny, large, output, options = sys.argv[1:]
compress(tiny, output + "-tiny", **json.loads(options))
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
made = compress(large, output, **json.loads(options))
peak = 1024 * (kilobytes("VmHWM") - before)
print(json.dumps({"peak": peak, "original": made.manifest.source.sizes.memory_bytes}))
"""


def _checkpoint(folder: Path, width: int, layers: int) -> Path:
    config = transformers.Wav2Vec2Config(
        vocab_size=32,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=4 * width,
        conv_dim=(32, 32, 32),
        conv_kernel=(10, 8, 4),
        conv_stride=(5, 8, 4),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    with quiet_transformers():
        transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    write_processor(folder)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same layout, tiny, and of some 120 MB in ten blocks."""
    folder = tmp_path_factory.mktemp("memory")
    return _checkpoint(folder / "tiny", 32, 1), _checkpoint(folder / "large", 512, 9)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("options", "most"), [({"bits": 8}, 1.0), ({"prune": 0.3}, 1.8)], ids=["bits 8", "prune"]
)
def test_never_two_copies(
    models: tuple[Path, Path], tmp_path: Path, options: dict[str, Any], most: float
) -> None:
    """The peak in copies of the float32 weights, the proof by reload included.

    Pages of mapped files count. The pruned artefact is as large as the original, and its proof
    maps all of it: one copy by itself.
    """
    tiny, large = models
    arguments = [str(tiny), str(large), str(tmp_path / "made"), json.dumps(options)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["original"] > 100e6
    assert measured["peak"] / measured["original"] < most
