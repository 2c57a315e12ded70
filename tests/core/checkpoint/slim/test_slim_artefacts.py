"""Artefacts whose manifest has a structure load, whatever their weights are stored as."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from asrcompress import compress, load
from asrcompress.core.checkpoint import load_into, locate
from asrcompress.core.checkpoint.slim.attention import RemovedAttention
from asrcompress.core.checkpoint.slim.blocks import blocks_of, structure_of
from asrcompress.core.checkpoint.slim.front_end import use_fast_front_end
from asrcompress.core.checkpoint.slim.reshape import reshape
from asrcompress.core.checkpoint.source import open_source
from asrcompress.core.errors import AsrcompressError, IntegrityError
from asrcompress.core.manifest import MANIFEST_NAME, PLAIN_WEIGHTS_NAME, QUANTISED_WEIGHTS_NAME
from asrcompress.core.structure import BlockStructure, Structure
from tests.checkpoints import tiny_checkpoint
from tests.core.checkpoint.slim.families import heard, logits_of

# Rows and columns that neither 8 nor a group of 128 divides, a head gone and one without queries.
RAGGED = BlockStructure(query_key=(5, 0), value_output=(16, 3), feed_forward=133)
HEAD_GONE = BlockStructure(query_key=(0, 13), value_output=(0, 11), feed_forward=200)
NO_ATTENTION = BlockStructure(query_key=(0, 0), value_output=(0, 0), feed_forward=40)
ONLY_ATTENTION = BlockStructure(query_key=(4, 4), value_output=(4, 4), feed_forward=0)
STORED: dict[str, dict[str, Any]] = {
    "float": {"prune": 0.1},
    "bitmask": {"prune": 0.5, "storage": "bitmask"},
    "int8": {"bits": 8},
    "int4": {"bits": 4},
    "int2": {"bits": 2},
    "int4-conv-bitmask": {"bits": 4, "conv": True, "prune": 0.5, "storage": "bitmask"},
}


def _pruned(original: Path, structure: Structure) -> Any:
    """The original with that structure and random numbers where weights were."""
    module: Any = load(original).model
    reshape(module, structure)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for block in blocks_of(module):
            for name, parameter in block.named_parameters():
                if "norm" not in name:
                    parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return module


def _artefact(place: Path, architecture: str, structure: Structure, **options: Any) -> Path:
    """The folder of a pruned and then compressed model; the manifest is completed by hand."""
    original = tiny_checkpoint(place / "original", architecture)
    module = _pruned(original, structure)
    folder = compress(module, place / "made", measure_zip=False, **options).folder
    for path in original.iterdir():
        if path.name != PLAIN_WEIGHTS_NAME:
            shutil.copy(path, folder / path.name)
    if (folder / PLAIN_WEIGHTS_NAME).is_file():
        (folder / PLAIN_WEIGHTS_NAME).rename(folder / QUANTISED_WEIGHTS_NAME)
    _edit(
        folder,
        lambda manifest: manifest.update(
            structure=structure.model_dump(mode="json"), weights_file=QUANTISED_WEIGHTS_NAME
        ),
    )
    return folder


def _edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.fixture
def float_artefact(tmp_path: Path) -> Path:
    structure = Structure(blocks=(NO_ATTENTION, RAGGED))
    return _artefact(tmp_path, "wavlm", structure, prune=0.1)


@pytest.mark.parametrize("blocks", [(RAGGED, HEAD_GONE), (NO_ATTENTION, ONLY_ATTENTION)])
@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm"])
def test_loaded_as_it_was_compressed(
    tmp_path: Path, architecture: str, stored: str, blocks: tuple[BlockStructure, ...]
) -> None:
    """By its manifest, and into a module of that structure: tensors as recorded, same logits.

    To the last bit once the other module has the fast convolutions too, which loading gives.
    """
    structure = Structure(blocks=blocks)
    folder = _artefact(tmp_path, architecture, structure, **STORED[stored])
    loaded = load(folder)
    assert structure_of(loaded.model) == structure
    manifest = loaded.checkpoint.manifest
    assert manifest is not None
    assert set(loaded.model.state_dict()) == set(manifest.tensors)
    assert bool(manifest.quantization) == ("int" in stored)
    again = load_into(_pruned(tmp_path / "original", structure), folder)
    expected = logits_of(again, heard())
    real = _real_frames(again, expected)
    torch.testing.assert_close(
        logits_of(loaded.model, heard())[real], expected[real], atol=1e-4, rtol=1e-4
    )
    use_fast_front_end(again)
    assert torch.equal(logits_of(loaded.model, heard()), logits_of(again, heard()))
    assert expected.isfinite().all()
    assert expected.std() > 0.01


def test_a_float_artefact_can_be_compressed_further(float_artefact: Path) -> None:
    """Its tensors are found in its file, each by its name, without a copy in memory."""
    source = open_source(locate(float_artefact))
    stored = load_file(float_artefact / QUANTISED_WEIGHTS_NAME)
    assert set(source.places) == set(stored)
    assert set(source.module.state_dict()) == set(stored)
    for key, value in stored.items():
        assert torch.equal(source.read(key), value), key
    first: Any = blocks_of(source.module)[0]
    assert isinstance(first.attention, RemovedAttention)


def test_a_plain_name_does_not_hide_the_structure(float_artefact: Path) -> None:
    """Whatever the file is called, the manifest says what is in it."""
    (float_artefact / QUANTISED_WEIGHTS_NAME).rename(float_artefact / PLAIN_WEIGHTS_NAME)
    _edit(float_artefact, lambda manifest: manifest.update(weights_file=PLAIN_WEIGHTS_NAME))
    structure = structure_of(load(float_artefact).model)
    assert structure.blocks == (NO_ATTENTION, RAGGED)


def _real_frames(model: Any, logits: torch.Tensor) -> torch.Tensor:
    """(batch, frames) bool: not padding, whose zeros a norm makes large in their last bits."""
    lengths = model._get_feat_extract_output_lengths(heard()["attention_mask"].sum(dim=-1))
    return torch.arange(logits.shape[1])[None, :] < lengths[:, None]


def _set(manifest: dict[str, Any], block: int, **parts: Any) -> None:
    manifest["structure"]["blocks"][block].update(parts)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda m: m.update(structure=None), "a tensor is missing.*layers.0.attention"),
        (lambda m: m["structure"]["blocks"].pop(), "got 1 blocks; expected 2"),
        (lambda m: _set(m, 1, feed_forward=134), "another shape.*intermediate_dense.weight"),
        (lambda m: _set(m, 1, feed_forward=0), "an unknown tensor.*feed_forward"),
        (lambda m: _set(m, 0, query_key=[1, 1], value_output=[1, 1]), "a tensor is missing"),
        (lambda m: _set(m, 1, feed_forward=2**60), "block 1, feed_forward; got 11529"),
        (lambda m: _set(m, 1, query_key=[5, 10**9]), "block 1, query_key; got .*1000000000"),
        (lambda m: _set(m, 1, query_key=[5] * 4096, value_output=[16] * 4096), "block 1"),
    ],
)
def test_edited_structures(
    float_artefact: Path, change: Callable[[dict[str, Any]], Any], match: str
) -> None:
    """They are refused by what is off, before anything of a hostile size is made."""
    _edit(float_artefact, change)
    with pytest.raises(IntegrityError, match=match):
        load(float_artefact)


@pytest.mark.parametrize(
    "parts",
    [
        {"query_key": [5, 5], "value_output": [16, 0]},
        {"query_key": [5], "value_output": [16, 3]},
        {"query_key": [], "value_output": []},
        {"feed_forward": -1},
        {"query_key": [1] * 5000, "value_output": [1] * 5000},
    ],
)
def test_structures_that_are_none(float_artefact: Path, parts: dict[str, Any]) -> None:
    """The manifest itself is refused."""
    _edit(float_artefact, lambda manifest: _set(manifest, 1, **parts))
    with pytest.raises(AsrcompressError, match="structure"):
        load(float_artefact)


def test_an_altered_tensor_is_named(float_artefact: Path) -> None:
    """As in every artefact."""
    path = float_artefact / QUANTISED_WEIGHTS_NAME
    tensors = load_file(path)
    key = "wavlm.encoder.layers.1.attention.v_proj.weight"
    tensors[key][0, 0] += 1
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(IntegrityError, match=f"a tensor was altered.*{key}"):
        load(float_artefact)
