"""A tensor that was deleted, changed or added after an artefact was made is found by its name."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from asrcompress import compress, load
from asrcompress.cli.boundary import run
from asrcompress.core.artefact import Artefact
from asrcompress.core.errors import IntegrityError
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder

MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "int8": ("wav2vec2", {"bits": 8}),
    "int4 of everything": ("sew-d", {"bits": 4, "conv": True, "embedding": True}),
    "pruned": ("wav2vec2", {"prune": 0.3}),
    "bitmask": ("wav2vec2", {"prune": 0.6, "bits": 8, "storage": "bitmask"}),
    "float16": ("wav2vec2", {"bits": 16}),
    "tied": ("whisper", {"bits": 8, "embedding": True}),
}


@pytest.fixture(scope="module", params=MADE)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    architecture, options = MADE[request.param]
    place = tmp_path_factory.mktemp("altered")
    build = tiny_encoder_decoder if architecture == "whisper" else tiny_checkpoint
    return compress(build(place / "tiny", architecture), place / "made", **options)


@pytest.fixture
def weights(made: Artefact, tmp_path: Path) -> Path:
    """The weight file of a copy that may be altered."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in Path(made.folder).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder / made.manifest.weights_file


def _places(path: Path) -> dict[str, tuple[int, int]]:
    """First and last byte of each tensor's data in a safetensors file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    begin = 8 + length
    return {
        name: (begin + entry["data_offsets"][0], begin + entry["data_offsets"][1])
        for name, entry in header.items()
    }


def _sample(names: list[str]) -> list[str]:
    return random.Random(0).sample(sorted(names), 12)


def test_unaltered_copy_loads(weights: Path) -> None:
    """Nothing but the alterations below makes loading fail."""
    load(weights.parent)


def test_deleted_tensor(weights: Path) -> None:
    """Of a dozen tensors each is missed by name; a part of a packed one, by its own."""
    tensors = {name: tensor.clone() for name, tensor in load_file(weights).items()}
    for name in _sample(list(tensors)):
        left = {other: tensor for other, tensor in tensors.items() if other != name}
        save_file(left, weights, metadata={"format": "pt"})
        with pytest.raises(Exception, match=r"missing|no weights for") as caught:
            load(weights.parent)
        assert name in str(caught.value)


def test_one_flipped_bit(weights: Path) -> None:
    """The lowest bit of one byte in a dozen tensors: the tensor is named, the first one."""
    content = weights.read_bytes()
    places = _places(weights)
    for name in _sample([name for name, (begin, end) in places.items() if end > begin]):
        begin, end = places[name]
        place = random.Random(name).randrange(begin, end)
        altered = bytearray(content)
        altered[place] ^= 1
        weights.write_bytes(altered)
        with pytest.raises(IntegrityError) as caught:
            load(weights.parent)
        named = name.removesuffix(".mask").removesuffix(".values")
        assert f"{weights}: {named}" in str(caught.value) or f": {named};" in str(caught.value)


def test_added_tensor(weights: Path) -> None:
    """One that nobody asked for is named as well."""
    tensors = {name: tensor.clone() for name, tensor in load_file(weights).items()}
    save_file({**tensors, "intruder": torch.ones(3)}, weights, metadata={"format": "pt"})
    with pytest.raises(IntegrityError, match=r"intruder|weight file differs"):
        load(weights.parent)


def test_swapped_tensors(weights: Path) -> None:
    """Two of one shape that changed places: nothing is missing, and still one is named."""
    tensors = {name: tensor.clone() for name, tensor in load_file(weights).items()}
    shapes: dict[tuple[tuple[int, ...], torch.dtype], str] = {}
    for name, tensor in tensors.items():
        other = shapes.setdefault((tuple(tensor.shape), tensor.dtype), name)
        if other != name and not torch.equal(tensors[other], tensor):
            break
    tensors[name], tensors[other] = tensors[other], tensors[name]
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(IntegrityError) as caught:
        load(weights.parent)
    short = [found.removesuffix(".mask").removesuffix(".values") for found in (name, other)]
    assert any(found in str(caught.value) for found in short)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_cut_off_file(weights: Path, share: float, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a file is one line on stderr and exit code 2 or 3, never a trace."""
    content = weights.read_bytes()
    weights.write_bytes(content[: int(share * len(content))])
    code = run(["evaluate", str(weights.parent), "bundled:corpus", "-q", "--no-cost"])
    captured = capsys.readouterr()
    assert code in {2, 3}
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "internal error" not in line
    assert str(weights) in line
