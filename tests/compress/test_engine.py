"""What the engine writes: every tensor once, with a row that says what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from asrcompress import compress, load
from asrcompress.compress.entries import entries_of
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import load as load_model
from asrcompress.core.ledger import LedgerRow
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder

KINDS: dict[str, Any] = {"conv": True, "embedding": True}
OPTIONS: tuple[dict[str, Any], ...] = (
    {"bits": 8},
    {"bits": 4, **KINDS},
    {"bits": 16, **KINDS},
    {"prune": 0.3},
    {"prune": 0.7, "bits": 2, "storage": "bitmask", **KINDS},
)


@pytest.fixture(scope="module", params=["wav2vec2", "whisper"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    if request.param == "whisper":
        return tiny_encoder_decoder(folder, "whisper")
    return tiny_checkpoint(folder)


def _rows(made: Artefact) -> dict[str, LedgerRow]:
    return {row.name: row for row in made.manifest.ledger.rows}


def _weight_file(made: Artefact) -> Path:
    return Path(made.folder) / made.manifest.weights_file


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_ledger_against_both_models(source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    """A row a tensor of the original; its bytes before and after are the modules' own."""
    made = compress(source, tmp_path / "made", **options)
    before, after = load_model(source).model, load_model(made.folder).model
    ledger = made.manifest.ledger
    assert list(_rows(made)) == list(before.state_dict())
    assert ledger.bytes_before == _distinct_bytes(before)
    assert ledger.bytes_after == _distinct_bytes(after)
    for name, row in _rows(made).items():
        assert row.shape_before == tuple(before.state_dict()[name].shape)
        assert (row.bytes_before == 0) == (row.tied_to is not None)
        assert row.why


def _distinct_bytes(module: nn.Module) -> int:
    """Of all tensors of the state dict, those that share their memory once."""
    found = {
        (tensor.data_ptr(), tensor.nbytes): tensor.nbytes for tensor in module.state_dict().values()
    }
    return sum(found.values())


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_untouched_tensors_are_untouched(
    source: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """Norms, biases and layers that no method took: the file's bytes are the original's."""
    made = compress(source, tmp_path / "made", **{**options, "exclude": "*.layers.1.*"})
    ours, theirs = load_file(_weight_file(made)), load_file(source / "model.safetensors")
    untouched = [
        row.name
        for row in _rows(made).values()
        if not row.is_compressed and row.tied_to is None and row.name in theirs
    ]
    assert len(untouched) > 30
    assert any("layers.1." in name and name.endswith("proj.weight") for name in untouched)
    for name in untouched:
        if name not in ours:  # under bitmask a table of zeros is stored as such
            assert made.manifest.encodings[name] == "bitmask"
            continue
        assert ours[name].dtype == theirs[name].dtype
        assert ours[name].view(torch.uint8).equal(theirs[name].view(torch.uint8)), name


@pytest.mark.parametrize("options", [*OPTIONS, {"prune": 0.4, "bits": 8, **KINDS}], ids=str)
def test_same_request_same_bytes(source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    """Weight file and ledger, whatever the number of threads."""
    threads = torch.get_num_threads()
    made = []
    for count in (1, 2):
        torch.set_num_threads(count)
        try:
            made.append(compress(source, tmp_path / str(count), **options))
        finally:
            torch.set_num_threads(threads)
    first, second = made
    assert _weight_file(first).read_bytes() == _weight_file(second).read_bytes()
    assert first.manifest.ledger == second.manifest.ledger


@pytest.mark.parametrize(("bits", "expected"), [(None, {"bitmask"}), (8, {"bitmask"})])
def test_bitmask_only_where_smaller(
    source: Path, tmp_path: Path, bits: int | None, expected: set[str]
) -> None:
    """No tensor takes more bytes than stored densely, and pruned ones take fewer."""
    options = {"prune": 0.6, "scope": "local", "bits": bits}
    dense = compress(source, tmp_path / "dense", **options)
    packed = compress(source, tmp_path / "packed", storage="bitmask", **options)
    assert set(packed.manifest.encodings.values()) == expected
    ours, theirs = load_file(_weight_file(packed)), load_file(_weight_file(dense))
    for name, tensor in theirs.items():
        if name in packed.manifest.encodings:
            assert ours[f"{name}.mask"].nbytes + ours[f"{name}.values"].nbytes < tensor.nbytes
        else:
            assert torch.equal(ours[name], tensor), name
    assert _weight_file(packed).stat().st_size < 0.9 * _weight_file(dense).stat().st_size
    assert packed.manifest.tensors == dense.manifest.tensors
    assert packed.manifest.probe == dense.manifest.probe
    assert packed.manifest.ledger.rows == dense.manifest.ledger.rows


def test_negative_zeros_survive_the_mask(tmp_path: Path) -> None:
    """Decoded bit for bit: -0.0 is a value that the original had."""
    sequence, filled = nn.Sequential(nn.Linear(64, 64)), nn.Sequential(nn.Linear(64, 64))
    module, other = sequence[0], filled[0]
    with torch.no_grad():
        module.bias.fill_(-0.0)
        module.weight[:32] = 0.0
    # a quarter is pruned, which half of all weights were already
    made = compress(sequence, tmp_path / "made", prune=0.25, storage="bitmask")
    load(made.folder, into=filled)
    assert bool(torch.signbit(other.bias).all())
    assert made.manifest.encodings == {"0.weight": "bitmask"}
    assert torch.equal(other.weight == 0, module.weight == 0)


def test_storage_alone_says_what_is_plain(source: Path, tmp_path: Path) -> None:
    """from_pretrained reads dense pruned weights; a mask it would not understand."""
    names = {
        "model.safetensors": {"prune": 0.3},
        "asrcompress.safetensors": {"prune": 0.3, "storage": "bitmask"},
    }
    for number, (name, options) in enumerate(names.items()):
        made = compress(source, tmp_path / str(number), **options)
        assert made.manifest.weights_file == name
        assert made.manifest.is_plain == (name == "model.safetensors")


def test_explain_describes_every_layer(source: Path, tmp_path: Path) -> None:
    """The layers left alone too; the weights and the reasons stay the same."""
    plain = compress(source, tmp_path / "plain", bits=4, exclude="*.layers.0.*")
    made = compress(source, tmp_path / "made", bits=4, exclude="*.layers.0.*", explain=True)
    analysed = {name for name, row in _rows(made).items() if row.analysis is not None}
    compressed = {name for name, row in _rows(made).items() if row.is_compressed}
    assert compressed < analysed
    assert not {name for name in analysed if ".layers.0." in name}  # excluded from everything
    assert _weight_file(made).read_bytes() == _weight_file(plain).read_bytes()
    stripped = {
        name: row.model_copy(update={"analysis": None}) for name, row in _rows(made).items()
    }
    assert stripped == _rows(plain)
    for name in analysed:
        analysis = _rows(made)[name].analysis
        assert analysis is not None
        assert sum(analysis.histogram) == _rows(made)[name].weights


class Odd(nn.Module):
    """Everything that a state dict can hold."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(4, 4)
        self.again = self.up
        self.normed = nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 4, 1))
        self.free = nn.Parameter(torch.ones(2))
        self.short = nn.Parameter(torch.ones(3, dtype=torch.float16))
        self.register_buffer("count", torch.tensor(3))
        self.register_buffer("wide", torch.ones(2, dtype=torch.float64))


def test_entries() -> None:
    """In the state dict's order, with what each tensor is to its layer."""
    module = Odd()
    entries = {entry.key: entry for entry in entries_of(module)}
    assert list(entries) == list(module.state_dict())
    roles = {key: (entry.layer, entry.kind, entry.role) for key, entry in entries.items()}
    normed = "normed.parametrizations.weight.original"
    assert roles["up.weight"] == ("up", "Linear", "weight")
    assert roles["up.bias"] == ("up", "Linear", "other")
    assert roles[f"{normed}0"] == ("normed", "Conv1d", "magnitude")
    assert roles[f"{normed}1"] == ("normed", "Conv1d", "direction")
    assert roles["free"] == ("", "Odd", "other")
    assert entries["again.weight"].alias_of == "up.weight"
    assert [key for key, entry in entries.items() if entry.alias_of] == [
        "again.weight",
        "again.bias",
    ]
    sizes = {key: entry.memory_bytes for key, entry in entries.items()}
    assert (sizes["short"], sizes["count"], sizes["wide"]) == (12, 8, 16)  # halves as float32
