"""Artefacts of the methods that train are exported as any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asrcompress import compress
from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.evaluate import RecogniserOptions, open_recogniser
from tests.checkpoints import tiny_checkpoint
from tests.compress.training.recordings import noise_corpus

pytest.importorskip("openvino")
pytest.importorskip("nncf")
_QUICK = {"steps": 4, "batch_seconds": 1.0, "augment": "none", "learning_rate": 1e-3}
_WAYS: dict[str, dict[str, Any]] = {
    "structured": {"method": "structured", "sparsity": 0.5, "finetune_steps": 2, **_QUICK},
    "distilled": {"method": "distill", "layers": 1, **_QUICK},
}


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm"])
def test_smaller_shapes_are_exported(way: str, architecture: str, tmp_path: Path) -> None:
    """In one command or from the artefact: the logits of the smaller model in PyTorch."""
    source = tiny_checkpoint(tmp_path / "tiny", architecture)
    audio = noise_corpus(tmp_path / "noise", [0.5] * 20)
    options = read_options(_WAYS[way])
    in_pytorch = run(CompressRequest(str(source), options, tmp_path / "torch", training=audio))
    later = compress(in_pytorch.folder, tmp_path / "later", runtime="openvino")
    exporting = read_options({**_WAYS[way], "runtime": "openvino"})
    at_once = run(CompressRequest(str(source), exporting, tmp_path / "once", training=audio))
    speech = np.asarray(0.1 * np.random.default_rng(3).standard_normal(20_000), np.float32)
    expected = _logits(in_pytorch.folder, speech)
    for made in (later, at_once):
        assert np.abs(_logits(made.folder, speech) - expected).max() < 1e-3
        assert made.manifest.structure == in_pytorch.manifest.structure
    assert not Path(f"{at_once.folder}.training").exists()


def _logits(model: Path, speech: Any) -> Any:
    recogniser: Any = open_recogniser(model, RecogniserOptions(threads=1))
    return recogniser._logits([speech])[0].numpy()
