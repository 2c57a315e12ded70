"""One model in every form that checkpoints come in: shards, pickles, halves, older names, ties."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from asrcompress import compress, load
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder

_SAFE, _PICKLED, _INDEX = "model.safetensors", "pytorch_model.bin", ".index.json"
METHODS: dict[str, dict[str, Any]] = {
    "int8": {"bits": 8},
    "int4 of everything": {"bits": 4, "conv": True, "embedding": True},
    "pruned": {"prune": 0.3},
    "adaptive": {"adaptive": "three-class"},
}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "single", "wav2vec2")


def _weights(made: Artefact) -> Path:
    return Path(made.folder) / made.manifest.weights_file


def _rewritten(single: Path, folder: Path, write: Callable[[dict[str, Any], Path], None]) -> Path:
    """The same model beside the same other files, its tensors written in another way."""
    shutil.copytree(single, folder)
    (folder / _SAFE).unlink()
    write(load_file(single / _SAFE), folder)
    return folder


def _shards(tensors: dict[str, Any]) -> list[dict[str, Any]]:
    names = sorted(tensors)
    return [{name: tensors[name] for name in names[part::3]} for part in range(3)]


def _write_shards(tensors: dict[str, Any], folder: Path, name: str, save: Any) -> None:
    stem, suffix = name.split(".")
    weight_map = {}
    for number, shard in enumerate(_shards(tensors), start=1):
        file = f"{stem}-{number:05d}-of-00003.{suffix}"
        save(shard, folder / file)
        weight_map |= dict.fromkeys(shard, file)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / f"{name}{_INDEX}").write_text(json.dumps(index))


def _save_safe(tensors: dict[str, Any], path: Path) -> None:
    save_file(tensors, path, metadata={"format": "pt"})


def _sharded(tensors: dict[str, Any], folder: Path) -> None:
    _write_shards(tensors, folder, _SAFE, _save_safe)


def _pickled(tensors: dict[str, Any], folder: Path) -> None:
    torch.save(tensors, folder / _PICKLED)


def _pickled_shards(tensors: dict[str, Any], folder: Path) -> None:
    _write_shards(tensors, folder, _PICKLED, torch.save)


def _older_names(tensors: dict[str, Any], folder: Path) -> None:
    """What weight norm was called before torch 2.0, and still is on the hub."""
    older = {".parametrizations.weight.original0": ".weight_g"}
    older[".parametrizations.weight.original1"] = ".weight_v"
    renamed = {}
    for name, tensor in tensors.items():
        for new, old in older.items():
            name = name.replace(new, old)
        renamed[name] = tensor
    assert renamed.keys() != tensors.keys()
    _save_safe(renamed, folder / _SAFE)


FORMS = {
    "sharded": _sharded,
    "pickled": _pickled,
    "pickled shards": _pickled_shards,
    "older names": _older_names,
}


@pytest.fixture(scope="module")
def expected(single: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    """What the single safetensors file gives, by method."""
    place = tmp_path_factory.mktemp("expected")
    return {name: compress(single, place / name, **options) for name, options in METHODS.items()}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("form", FORMS)
def test_form_of_the_files_changes_no_byte(
    form: str, method: str, single: Path, expected: dict[str, Artefact], tmp_path: Path
) -> None:
    """The artefact's weight file is that of the single file, byte for byte, and so is its proof."""
    source = _rewritten(single, tmp_path / "model", FORMS[form])
    made = compress(source, tmp_path / "made", **METHODS[method])
    assert _weights(made).read_bytes() == _weights(expected[method]).read_bytes()
    assert made.manifest.probe == expected[method].manifest.probe
    assert made.manifest.ledger == expected[method].manifest.ledger
    load(made.folder)


def _half(dtype: torch.dtype) -> Callable[[dict[str, Any], Path], None]:
    def write(tensors: dict[str, Any], folder: Path) -> None:
        _save_safe({name: tensor.to(dtype) for name, tensor in tensors.items()}, folder / _SAFE)
        config = json.loads((folder / "config.json").read_text())
        config["dtype"] = str(dtype).removeprefix("torch.")
        (folder / "config.json").write_text(json.dumps(config))

    return write


def _stored(path: Path) -> dict[str, tuple[str, int]]:
    """Safetensors' dtype and the number of values of each tensor in a file, by name."""
    with safe_open(str(path), framework="pt") as stored:
        slices = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118
        return {
            name: (found.get_dtype(), torch.Size(found.get_shape()).numel())
            for name, found in slices.items()
        }


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("dtype", "stored_as"), [(torch.float16, "F16"), (torch.bfloat16, "BF16")])
def test_halves_stay_halves(
    dtype: torch.dtype,
    stored_as: str,
    method: str,
    single: Path,
    expected: dict[str, Artefact],
    tmp_path: Path,
) -> None:
    """What is not compressed keeps two bytes a value on disk, and its exact value when loaded."""
    source = _rewritten(single, tmp_path / "model", _half(dtype))
    made = compress(source, tmp_path / "made", **METHODS[method])
    stored, original = _stored(_weights(made)), load_file(source / _SAFE)
    loaded = load(made.folder).model.state_dict()
    untouched = [row.name for row in made.manifest.ledger.rows if not row.is_compressed]
    assert len(untouched) > 10
    for name in untouched:
        assert stored[name] == (stored_as, original[name].numel()), name
        assert loaded[name].dtype == torch.float32
        assert torch.equal(loaded[name], original[name].float()), name
    assert _weights(made).stat().st_size < _weights(expected[method]).stat().st_size


def test_pruned_halves_stay_halves(single: Path, tmp_path: Path) -> None:
    """Zeros and what is left of float16 weights are float16 values: half a float32 file."""
    source = _rewritten(single, tmp_path / "model", _half(torch.float16))
    made = compress(source, tmp_path / "made", prune=0.3)
    linear = [row.name for row in made.manifest.ledger.rows if row.kind == "Linear"]
    weights = [name for name in linear if name.endswith(".weight")]
    stored = _stored(_weights(made))
    assert {stored[name][0] for name in weights} == {"F16"}
    original = load_file(source / _SAFE)
    loaded = load(made.folder).model.state_dict()
    for name in weights:
        kept = loaded[name] != 0
        assert torch.equal(loaded[name][kept], original[name].float()[kept])


TIED = {
    "whisper": ("model.decoder.embed_tokens", "proj_out"),
    "moonshine": ("model.decoder.embed_tokens", "proj_out"),
}


@pytest.fixture(scope="module", params=sorted(TIED))
def tied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tied") / request.param
    return tiny_encoder_decoder(folder, request.param)


def _single_table(path: Path, table: str, head: str) -> set[str]:
    """The parts of the table that a file holds; none of them is there for the head as well."""
    parts = [
        name for name in _stored(path) if name.startswith((f"{table}.weight", f"{head}.weight"))
    ]
    assert not [name for name in parts if name.startswith(head)]
    return {name.removeprefix(f"{table}.weight") for name in parts}


@pytest.mark.parametrize(
    "options",
    [{"bits": 8}, {"bits": 4}, {"prune": 0.3}, {"adaptive": "two-class"}],
    ids=lambda options: next(iter(options)),
)
def test_tied_weights_are_stored_once(tied: Path, options: dict[str, Any], tmp_path: Path) -> None:
    """Without `embedding` the table stays as it is: one tensor in the file, one in memory."""
    table, head = TIED[tied.name]
    made = compress(tied, tmp_path / "made", **options)
    assert _single_table(_weights(made), table, head) == {""}
    model = load(made.folder).model
    first, second = (model.get_submodule(name).weight for name in (table, head))
    assert first is second
    original = load(tied).model.get_submodule(table).weight
    assert isinstance(first, torch.Tensor)
    assert isinstance(original, torch.Tensor)
    assert torch.equal(first, original)


@pytest.mark.parametrize("bits", [8, 4])
def test_tied_weights_are_quantised_once(tied: Path, bits: int, tmp_path: Path) -> None:
    """With `embedding` the table is quantised for both: equal values from one stored tensor."""
    table, head = TIED[tied.name]
    made = compress(tied, tmp_path / "made", bits=bits, embedding=True)
    parts = _single_table(_weights(made), table, head)
    assert "" not in parts
    assert len(parts) >= 2
    model = load(made.folder).model
    first, second = (model.get_submodule(name).weight for name in (table, head))
    assert first.qtype.name == second.qtype.name == f"qint{bits}"  # type: ignore[union-attr]
    assert _data(first).data_ptr() == _data(second).data_ptr()
    plain = compress(tied, tmp_path / "plain", bits=bits)
    assert _weights(made).stat().st_size < _weights(plain).stat().st_size
    rows = {row.name: row for row in made.manifest.ledger.rows}
    assert rows[f"{head}.weight"].tied_to == f"{table}.weight"
    assert rows[f"{head}.weight"].bytes_after == 0


def _data(weight: Any) -> torch.Tensor:
    """The stored integers, packed or not."""
    data = weight._data
    found: torch.Tensor = getattr(data, "_data", data)
    return found


def test_tied_halves(tied: Path, tmp_path: Path) -> None:
    """A float16 checkpoint with a tied head: still one table, of two bytes a value."""
    table, head = TIED[tied.name]
    half = tmp_path / "half"
    with quiet_transformers():
        shutil.copytree(tied, half)
        load(tied).model.half().save_pretrained(half)  # type: ignore[operator]
    made = compress(half, tmp_path / "made", bits=8)
    assert _single_table(_weights(made), table, head) == {""}
    assert _stored(_weights(made))[f"{table}.weight"][0] == "F16"
    model = load(made.folder).model
    assert model.get_submodule(table).weight is model.get_submodule(head).weight
