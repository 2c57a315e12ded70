"""Weight files are read without running what is in them; damage is one line with the file."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from asrcompress.core.checkpoint.weights import read_weights, stored_dtype
from asrcompress.core.errors import ModelError

TENSORS = {"a": torch.arange(6, dtype=torch.float32).reshape(2, 3), "b": torch.ones(1)}


class _RunsCode:
    """What unpickling turns into a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def _same(read: dict[str, torch.Tensor]) -> bool:
    return list(read) == list(TENSORS) and all(torch.equal(read[k], TENSORS[k]) for k in TENSORS)


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_tensors(tmp_path: Path, zipped: bool) -> None:
    """Both of torch.save's formats."""
    path = tmp_path / "pytorch_model.bin"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=zipped)
    assert _same(read_weights([path]))


def test_shards_come_together(tmp_path: Path) -> None:
    """Each tensor from the file that holds it."""
    paths = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    for path, name in zip(paths, TENSORS, strict=True):
        save_file({name: TENSORS[name]}, path)
    assert _same(read_weights(paths))


def test_changing_a_tensor_leaves_the_file(tmp_path: Path) -> None:
    """Tensors may be mapped from the file; writing to one must not reach it."""
    path = tmp_path / "model.safetensors"
    save_file(TENSORS, path)
    before = path.read_bytes()
    read_weights([path])["a"].zero_()
    assert path.read_bytes() == before
    assert _same(read_weights([path]))


@pytest.mark.parametrize("zipped", [True, False])
def test_pickle_that_runs_code(tmp_path: Path, zipped: bool) -> None:
    """It is not run, and the line says what it would have called."""
    path, victim = tmp_path / "pytorch_model.bin", tmp_path / "victim"
    torch.save(
        {"a": TENSORS["a"], "b": _RunsCode(f"touch {victim}")},
        path,
        _use_new_zipfile_serialization=zipped,
    )
    with pytest.raises(ModelError, match=r"would run code when unpickled.*got posix\.system"):
        read_weights([path])
    assert not victim.exists()


def test_bare_pickle_that_runs_code(tmp_path: Path) -> None:
    """A plain pickle of today's protocol is refused too."""
    path, victim = tmp_path / "pytorch_model.bin", tmp_path / "victim"
    path.write_bytes(pickle.dumps({"a": _RunsCode(f"touch {victim}")}))
    with pytest.raises(ModelError, match=r"pytorch_model\.bin"):
        read_weights([path])
    assert not victim.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("content", [b"", b"hello, I am text and no model at all", b"\x00" * 64])
def test_garbage(tmp_path: Path, name: str, content: bytes) -> None:
    """An empty, a text and a zero file."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"(damaged|not a file of weights).*{name}") as caught:
        read_weights([path])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_truncated(tmp_path: Path, name: str) -> None:
    """A download that broke off."""
    path = tmp_path / name
    save_file(TENSORS, path) if name.endswith("tensors") else torch.save(TENSORS, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match=f"damaged.*{name}"):
        read_weights([path])


def test_pickle_without_tensors(tmp_path: Path) -> None:
    """Harmless content that is no state dict."""
    path = tmp_path / "pytorch_model.bin"
    torch.save({"epoch": 3}, path)
    with pytest.raises(ModelError, match=r"not a file of weights.*epoch"):
        read_weights([path])


def test_stored_dtype_is_the_most_common() -> None:
    """Weighed by values, integers left out."""
    tensors = [torch.ones(5, dtype=torch.float16), torch.ones(4), torch.ones(99, dtype=torch.int8)]
    assert stored_dtype(tensors) == "float16"
    assert stored_dtype([]) == "none"
