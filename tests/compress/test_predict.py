"""The size of the weight file, known before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from asrcompress.compress import CompressRequest, run
from asrcompress.compress.decide import Decided, Surroundings, decide
from asrcompress.compress.decision import Decision
from asrcompress.compress.engine import write
from asrcompress.compress.plan import read_options
from asrcompress.compress.predict import SizePredictor
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint import locate
from asrcompress.core.checkpoint.source import ModuleSource, Source, open_source
from asrcompress.core.manifest import Selection
from asrcompress.core.progress import silent
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder

KINDS: dict[str, Any] = {"conv": True, "embedding": True}
OPTIONS: tuple[dict[str, Any], ...] = (
    {"bits": 8},
    {"bits": 4, "rounding": "hqq"},
    {"bits": 2, **KINDS},
    {"bits": 16, **KINDS},
    {"prune": 0.3},
    {"prune": 0.02, "bits": 4, **KINDS},  # some layers lose less than one weight in a hundred
    {"prune": 0.6, "bits": 2, **KINDS},
    {"bits": ["8", "*.layers.0.*=4", "*.layers.1.*=2", "*k_proj=16"], "exclude": "*q_proj"},
    {"adaptive": "three-class"},
)


@pytest.fixture(scope="module", params=["wav2vec2", "float16", "mixed dtypes", "whisper"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    if request.param == "whisper":
        return tiny_encoder_decoder(folder, "whisper")
    tiny_checkpoint(folder)
    if request.param != "wav2vec2":
        wide = () if request.param == "float16" else ("norm", "0.attention")
        path = folder / "model.safetensors"
        tensors = load_file(path)
        for name, tensor in tensors.items():
            if not any(part in name for part in wide):
                tensors[name] = tensor.half()
        save_file(tensors, path, metadata={"format": "pt"})
    return folder


def _decided(source: Source, options: dict[str, Any]) -> Decided:
    around = Surroundings(lambda: pytest.fail("not to be loaded"), (), 0, silent, explain=False)
    return decide("tiny", source, read_options(options), around)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_predicted_is_what_is_written(model: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    """To the byte, header included: asked with all decisions, or with those after the pruning."""
    source = open_source(locate(str(model)))
    decided = _decided(source, options).weights
    written = write(decided, tmp_path, "dense", silent)
    size = written.path.stat().st_size
    before = LayerWeights.of_source(source, decided.selection)
    assert SizePredictor(before).file_bytes(decided.decided) == size
    assert SizePredictor(decided).file_bytes({}) == size
    if "bits" in options:
        request = CompressRequest(
            str(model), read_options(options), output=tmp_path / "made", measure_zip=False
        )
        made = run(request)
        assert (made.folder / made.manifest.weights_file).stat().st_size == size


def test_uncompressed_is_as_large_as_the_original(tmp_path: Path) -> None:
    """No decision: the tensors' bytes, and a header."""
    module = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5))
    weights = LayerWeights.of_source(ModuleSource(module), Selection())
    data = sum(tensor.nbytes for tensor in module.state_dict().values())
    predicted = SizePredictor(weights).file_bytes({})
    assert data < predicted < data + 1000
    save_file(module.state_dict(), tmp_path / "theirs", metadata={"format": "pt"})
    assert predicted == (tmp_path / "theirs").stat().st_size


def test_by_hand() -> None:
    """32 x 256 weights in 32 rows and 64 groups of 128, and 4 weights left alone."""
    module = nn.Sequential(nn.Linear(256, 32, bias=False), nn.Linear(2, 2, bias=False))
    weights = LayerWeights.of_source(ModuleSource(module), Selection())
    predictor = SizePredictor(weights)
    count, scales, rest = 32 * 256, 8, 4 * 4  # quanto's two activation scales
    data = {
        32: 4 * count,
        16: 2 * count,
        8: count + 4 * 32 + scales,
        4: count // 2 + (4 + 4) * 64 + scales,
        2: count // 4 + (4 + 4) * 64 + scales,
    }
    bits: Any
    for bits, size in data.items():
        header = predictor.file_bytes({"0": Decision("", bits=bits)}) - size - rest
        tensors = {32: 2, 16: 2, 8: 5, 4: 6, 2: 6}[bits]
        assert 60 * tensors < header < 90 * (tensors + 1)


def test_torch_is_not_asked_for_zeros_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search asks thousands of times: each layer is read once."""
    module = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    weights = LayerWeights.of_source(ModuleSource(module), Selection())
    predictor = SizePredictor(weights)
    read: list[str] = []
    original = ModuleSource.read

    def reading(self: ModuleSource, key: str) -> torch.Tensor:
        read.append(key)
        return original(self, key)

    monkeypatch.setattr(ModuleSource, "read", reading)
    for _ in range(3):
        predictor.file_bytes({name: Decision("", bits=4) for name in ("0", "1")})
    assert read == ["0.weight", "1.weight"]
