"""A checkpoint's tensors one by one: the file's own values, whatever dtypes it mixes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from asrcompress.core.checkpoint import load, locate
from asrcompress.core.checkpoint.source import FileSource, ModuleSource, open_source
from tests.checkpoints import tiny_checkpoint

NORM = "wav2vec2.encoder.layer_norm.weight"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "tiny")


def _rewrite(folder: Path, halves: dict[str, torch.dtype]) -> dict[str, torch.Tensor]:
    """Store tensors whose name contains a key in its dtype; the norms hold what halves cannot."""
    tensors = load_file(folder / "model.safetensors")
    tensors[NORM][:2] = torch.tensor([70_000.0, 1 + 2**-20])
    for part, dtype in halves.items():
        tensors |= {name: value.to(dtype) for name, value in tensors.items() if part in name}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return tensors


def _opened(folder: Path) -> FileSource:
    return open_source(locate(str(folder)))


@pytest.mark.parametrize(
    "halves",
    [
        {},
        {"proj": torch.float16},
        {"proj": torch.bfloat16, "feed_forward": torch.float16},
        {"encoder.layers": torch.bfloat16},
    ],
    ids=str,
)
def test_mixed_dtypes_keep_their_values(folder: Path, halves: dict[str, torch.dtype]) -> None:
    """Each tensor is what the file holds, in the file's dtype: nothing is rounded on the way."""
    stored = _rewrite(folder, halves)
    source = _opened(folder)
    for key, value in stored.items():
        read = source.read(key)
        assert read.dtype == value.dtype, key
        assert torch.equal(read, value), key


def test_values_are_those_of_an_ordinary_load(folder: Path) -> None:
    """With older names for weight norm too, which are found by the tensors' places."""
    tensors = _rewrite(folder, {"feature_extractor": torch.float16})
    for number, old in enumerate(("weight_g", "weight_v")):
        new = f"parametrizations.weight.original{number}"
        tensors = {name.replace(new, old): value for name, value in tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    source = _opened(folder)
    for key, value in load(folder).model.state_dict().items():
        assert torch.equal(source.read(key).float(), value), key
    renamed = "wav2vec2.encoder.pos_conv_embed.conv"
    assert source.places[f"{renamed}.parametrizations.weight.original1"] == (
        folder / "model.safetensors",
        f"{renamed}.weight_v",
    )


def test_one_dtype_is_never_copied(folder: Path) -> None:
    """Every tensor of a float16 file has its place there, and the module stays float16."""
    tensors = load_file(folder / "model.safetensors")
    halves = {name: value.half() for name, value in tensors.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    source = _opened(folder)
    state = source.module.state_dict()
    assert source.places.keys() == state.keys()
    assert {tensor.dtype for tensor in state.values()} == {torch.float16}


def test_pickled_tensors_are_read_from_the_module(folder: Path) -> None:
    """A pickle cannot be read tensor by tensor; the values are the same."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin")
    source = _opened(folder)
    assert source.places == {}
    assert all(torch.equal(source.read(key), value) for key, value in tensors.items())


def test_module_in_memory() -> None:
    """Its own tensors, detached."""
    layer = torch.nn.Linear(3, 2)
    read = ModuleSource(layer).read("weight")
    assert torch.equal(read, layer.weight)
    assert not read.requires_grad
