"""Modules in memory, of whatever class: compressed, brought back, and themselves left alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from asrcompress import compress, load
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint.integrity import digest_of
from asrcompress.core.errors import InputError, IntegrityError, ModelError

ALL_KINDS: dict[str, Any] = {"conv": True, "embedding": True}
OPTIONS: tuple[dict[str, Any], ...] = (
    {"bits": 8},
    {"bits": 8, **ALL_KINDS},
    {"bits": 2, **ALL_KINDS},
    {"bits": 4, "prune": 0.5, "storage": "bitmask", **ALL_KINDS},
    {"prune": 0.3},
    {"bits": 16, **ALL_KINDS},
)


class Recogniser(nn.Module):
    """Tied embedding, grouped weight-normed convolution, BatchNorm, LSTM, buffers of all kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(24, 16, padding_idx=0)
        conv = nn.Conv1d(16, 32, 3, padding="same", groups=4)
        self.conv = parametrizations.weight_norm(conv, dim=2)
        self.norm = nn.BatchNorm1d(32)
        self.lstm = nn.LSTM(32, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.down = nn.Linear(32, 16)
        self.score = nn.Linear(16, 1)
        self.head = nn.Linear(16, 24, bias=False)
        self.head.weight = self.table.weight
        self.register_buffer("window", torch.hann_window(16, dtype=torch.float64))
        self.register_buffer("seen", torch.tensor([True, False]))
        self.register_buffer("none_yet", torch.zeros(0))
        self.register_buffer("phase", torch.ones(3, dtype=torch.complex64) * 1j)
        self.register_buffer("steps", torch.arange(16.0), persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden = self.table(tokens) * self.window.float() + self.steps  # type: ignore[operator]
        hidden = self.norm(self.conv(hidden.mT)).mT
        hidden = self.down(self.lstm(hidden)[0])
        scores: torch.Tensor = self.head(hidden) * self.score(hidden).sigmoid()
        return scores


def _made(kind: type[nn.Module], seed: int) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind().eval()


def _snapshot(module: nn.Module) -> tuple[dict[str, str], list[tuple[str, type]]]:
    digests = {name: digest_of(tensor) for name, tensor in module.state_dict().items()}
    return digests, [(name, type(part)) for name, part in module.named_modules()]


def _tokens() -> torch.Tensor:
    return torch.randint(0, 24, (2, 20), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_brought_back_into_another_of_its_class(tmp_path: Path, options: dict[str, Any]) -> None:
    """The tensors that were written, an output near the original's, and the recorded bytes."""
    module, other = _made(Recogniser, 0), _made(Recogniser, 1)
    made = compress(module, tmp_path / "made", **options)
    filled = load(tmp_path / "made", into=other)
    assert filled is other
    state = other.state_dict()
    assert {name: digest_of(tensor) for name, tensor in state.items()} == made.manifest.tensors
    with torch.no_grad():
        expected, got = module(_tokens()), other(_tokens())
    harm = float((got - expected).norm() / expected.norm())
    assert 0 < harm < {8: 0.05, 16: 0.005}.get(options.get("bits", 0), 1.0)
    assert made.manifest.probe is None
    assert made.manifest.source.model == "module:Recogniser"


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_module_stays_as_it_is(tmp_path: Path, options: dict[str, Any]) -> None:
    """Bits, classes, parametrisations, gradients and training mode; a copy's classes too."""
    module = _made(Recogniser, 0).train()
    before = _snapshot(module)
    parametrised = type(module.conv)
    assert isinstance(parametrised.weight, property)
    compress(module, tmp_path / "made", **options)
    assert _snapshot(module) == before
    assert type(module.conv) is parametrised
    assert isinstance(parametrised.weight, property)
    assert module.training
    assert module.head.weight is module.table.weight
    assert all(parameter.requires_grad for parameter in module.parameters())
    module(_tokens()).sum().backward()
    assert module.conv.parametrizations.weight.original1.grad is not None


def test_ledger_of_a_module(tmp_path: Path) -> None:
    """A row a tensor; what is no layer says so; the tied head is counted once."""
    module = _made(Recogniser, 0)
    made = compress(module, tmp_path / "made", bits=8, **ALL_KINDS)
    rows = {row.name: row for row in made.manifest.ledger.rows}
    assert list(rows) == list(module.state_dict())
    assert rows["table.weight"].qtype == "qint8"
    assert rows["head.weight"].tied_to == "table.weight"
    assert rows["head.weight"].bytes_after == rows["head.weight"].bytes_before == 0
    assert rows["score.weight"].why == "a single output: left in float32"
    assert rows["lstm.weight_ih_l0"].why == "no weight of a Linear, Conv1d or Embedding"
    assert rows["window"].qtype == "float64"
    assert rows["window"].bytes_before == rows["window"].bytes_after == 16 * 8
    assert rows["norm.num_batches_tracked"].qtype == "int64"
    direction = rows["conv.parametrizations.weight.original1"]
    assert (direction.kind, direction.qtype) == ("Conv1d", "qint8")
    # 32 rows of 4 * 3 weights, a scale a row, two activation scales of quanto
    assert direction.bytes_after == 32 * 12 + 4 * 32 + 8


@pytest.fixture
def made(tmp_path: Path) -> Artefact:
    return compress(_made(Recogniser, 0), tmp_path / "made", bits=8, **ALL_KINDS)


class Narrower(Recogniser):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Linear(32, 8)


class Headless(Recogniser):
    def __init__(self) -> None:
        super().__init__()
        del self.head


class Deeper(Recogniser):
    def __init__(self) -> None:
        super().__init__()
        self.more = nn.Linear(16, 16)


class Unlike(Recogniser):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Linear(32, 16))  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        (Narrower, r"another shape.*down\.weight\._data; got int8 .16, 32.; expected int8 .8, 32."),
        (Headless, r"a quantised layer is not in the model: head"),
        (Deeper, r"a tensor is missing.*more\.bias"),
        (Unlike, r"a quantised layer is not in the model: down"),
    ],
)
def test_wrong_module(made: Artefact, kind: type[nn.Module], match: str) -> None:
    """One that is not like the original: the first layer or tensor that differs is named."""
    with pytest.raises(IntegrityError, match=match):
        load(made.folder, into=kind())


def test_altered_file(made: Artefact) -> None:
    """One flipped bit, in the last tensor of the file."""
    path = Path(made.folder) / made.manifest.weights_file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="a tensor was altered"):
        load(made.folder, into=_made(Recogniser, 0))


def test_no_artefact(tmp_path: Path) -> None:
    """A folder without a manifest, and one without its weights."""
    with pytest.raises(ModelError, match="not an artefact"):
        load(tmp_path, into=_made(Recogniser, 0))
    made = compress(_made(Recogniser, 0), tmp_path / "made", bits=8)
    (Path(made.folder) / made.manifest.weights_file).unlink()
    with pytest.raises(ModelError, match=r"weight file that .*json lists is missing"):
        load(made.folder, into=_made(Recogniser, 0))


class Locked(nn.Module):
    """Cannot be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.lock = threading.Lock()


class Strange(nn.Module):
    """A dtype that weight files do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("wide", torch.ones(2, dtype=torch.complex128))


class Counting(nn.Module):
    """Its state holds more than tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def get_extra_state(self) -> dict[str, int]:
        return {"calls": 3}


class Tiny8(nn.Module):
    """A dtype that few operations know."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("fine", torch.ones(2).to(torch.float8_e4m3fn))


class Masked(nn.Module):
    """A causal mask, as decoders hold it, and a layer without weights."""

    def __init__(self, masked: float = float("-inf")) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 64)
        self.none = nn.Linear(1, 4, bias=False)
        self.none.weight = nn.Parameter(torch.empty(4, 0))
        self.register_buffer("mask", torch.full((4, 4), masked).triu(1))


LAYER = nn.Sequential(nn.Linear(4, 4))
NESTED = nn.Sequential(nn.Sequential(nn.Linear(4, 4)))


@pytest.mark.parametrize(
    ("module", "options", "error", "match"),
    [
        (nn.Linear(4, 4), {}, InputError, "nothing to do"),
        (nn.LSTM(4, 4), {"bits": 8}, InputError, "no layer to compress is left"),
        (nn.Linear(4, 4), {"bits": 8}, ModelError, "a layer alone cannot.*put it into"),
        (LAYER, {"bits": 8, "exclude": "hed"}, InputError, "matches no layer; got 'hed'"),
        (nn.Linear(4, 4).double(), {"bits": 8}, ModelError, r"double precision.*weight.*\.float"),
        (Locked(), {"bits": 8}, ModelError, "module:Locked; got cannot pickle"),
        (Strange(), {"bits": 8}, ModelError, "cannot be stored: wide; got complex128"),
        (Tiny8(), {"bits": 8}, ModelError, "cannot be stored: fine; got float8"),
        (Counting(), {"bits": 8}, ModelError, "more than tensors.*_extra_state; got dict"),
        (nn.Sequential(nn.LazyLinear(4)), {"bits": 8}, ModelError, "without values.*0.weight"),
        (
            nn.Sequential(nn.Linear(4, 4, device="meta")),
            {"bits": 8},
            ModelError,
            "without values.*0.weight",
        ),
        (Masked(float("nan")), {"bits": 8}, ModelError, "not a finite number: mask"),
        (NESTED, {"bits": 8, "keep_head": True}, InputError, "no output layer to keep.*exclude"),
        (LAYER, {"mixed": True, "target_ratio": 0.5}, ModelError, "no calibration audio"),
    ],
)
def test_mistakes_leave_nothing(
    tmp_path: Path,
    module: nn.Module,
    options: dict[str, Any],
    error: type[Exception],
    match: str,
) -> None:
    """One line, and no folder."""
    with pytest.raises(error, match=match):
        compress(module, tmp_path / "made", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_infinite_mask_and_empty_layer(tmp_path: Path, options: dict[str, Any]) -> None:
    """Neither is a mistake: the mask comes back as it was, the empty layer is left alone."""
    made = compress(Masked(), tmp_path / "made", **options)
    back: Any = load(made.folder, into=Masked(0.0))
    assert torch.equal(back.mask, Masked().mask)
    compressed = [row.name for row in made.manifest.ledger.rows if row.is_compressed]
    assert compressed == ["linear.weight"]


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("options", [{"bits": 8}, {"prune": 0.3}], ids=str)
def test_older_weight_norm(tmp_path: Path, options: dict[str, Any]) -> None:
    """Its computed weight is no parameter: the layer is left alone and works as before."""

    def build() -> Any:
        normed = torch.nn.utils.weight_norm(nn.Linear(16, 16))
        return nn.Sequential(normed, nn.Linear(16, 16)).eval()

    original, sound = build(), torch.randn(3, 16)
    made = compress(original, tmp_path / "made", **options)
    back: Any = load(made.folder, into=build())
    assert torch.equal(back[0](sound), original[0](sound))
    assert [r.name for r in made.manifest.ledger.rows if r.is_compressed] == ["1.weight"]


def test_kept_head_is_the_last_layer(tmp_path: Path) -> None:
    """Of layers in a row, not all of which are the output."""
    row = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    made = compress(row, tmp_path / "made", bits=8, keep_head=True)
    assert list(made.manifest.quantization) == ["0"]


@pytest.mark.parametrize("model", [None, {}, [1]])
def test_what_is_no_model(tmp_path: Path, model: Any) -> None:
    """What it is, and what is expected."""
    with pytest.raises(InputError, match=r"no model; got .*; expected a hub id, a folder or a mod"):
        compress(model, tmp_path / "made", bits=8)


def test_loaded_as_a_checkpoint(tmp_path: Path) -> None:
    """It has no configuration, and the way to load it is said."""
    made = compress(_made(Recogniser, 0), tmp_path / "made", bits=8)
    with pytest.raises(ModelError, match=r"no config.json.*give load one to fill, with into"):
        load(made.folder)


def test_needs_an_output() -> None:
    """A module has no name to call the folder by."""
    with pytest.raises(InputError, match="no output folder"):
        compress(nn.Linear(4, 4), bits=8)


class Repeated(nn.Module):
    """One block used twice, under two names, as in ALBERT."""

    def __init__(self) -> None:
        super().__init__()
        normed = parametrizations.weight_norm(nn.Conv1d(8, 8, 3, padding=1))
        block = nn.Sequential(nn.Conv1d(8, 8, 1), normed)
        self.blocks = nn.ModuleList([block, block])
        self.head = nn.Linear(8, 4)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            hidden = block(hidden)
        scores: torch.Tensor = self.head(hidden.mT)
        return scores


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_block_with_two_names(tmp_path: Path, options: dict[str, Any]) -> None:
    """Stored once; both names compute with it afterwards."""
    module, other = _made(Repeated, 0), _made(Repeated, 1)
    made = compress(module, tmp_path / "made", **options)
    load(made.folder, into=other)
    assert {n: digest_of(t) for n, t in other.state_dict().items()} == made.manifest.tensors
    hidden = torch.randn(1, 8, 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, got = module(hidden), other(hidden)
    assert 0 < float((got - expected).norm() / expected.norm()) < 1.0
    again = [row for row in made.manifest.ledger.rows if row.name.startswith("blocks.1.")]
    assert again
    assert {row.bytes_after for row in again} == {0}


class Doubling(nn.Embedding):
    """An embedding that computes in a way of its own."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(input)


def _tied(first: str, second: str) -> nn.ModuleDict:
    parts: dict[str, nn.Module] = {"head": nn.Linear(8, 16, bias=False), "table": Doubling(16, 8)}
    parts["table"].weight = parts["head"].weight
    return nn.ModuleDict({**{name: parts[name] for name in (first, second)}, "o": nn.Linear(8, 8)})


@pytest.mark.parametrize("order", [("head", "table"), ("table", "head")])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_weight_that_something_else_uses_too(
    tmp_path: Path, options: dict[str, Any], order: tuple[str, str]
) -> None:
    """Neither pruned nor quantised: its other user would need a copy. The tie stays."""
    module, other = _tied(*order), _tied(*order)
    made = compress(module, tmp_path / "made", **options)
    load(made.folder, into=other)
    assert other["head"].weight is other["table"].weight
    assert torch.equal(other["head"].weight, module["head"].weight)
    assert not torch.equal(_values(other["o"]), _values(module["o"]))


def _values(layer: Any) -> torch.Tensor:
    weight: Any = layer.weight.detach()
    values: torch.Tensor = weight.dequantize() if hasattr(weight, "qtype") else weight
    return values


@pytest.mark.parametrize(
    "left_alone",
    [
        lambda: parametrizations.spectral_norm(nn.Linear(8, 8)),
        lambda: parametrizations.orthogonal(nn.Linear(8, 8)),
        lambda: nn.Embedding(8, 8, max_norm=1.0),
        lambda: parametrizations.spectral_norm(parametrizations.weight_norm(nn.Linear(8, 8))),
    ],
)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_weight_that_is_computed(tmp_path: Path, left_alone: Any, options: dict[str, Any]) -> None:
    """One behind another parametrisation than weight norm, or rescaled in use, is left alone."""
    module = nn.ModuleDict({"odd": left_alone(), "even": nn.Linear(8, 8)})
    before = {name: tensor.clone() for name, tensor in module["odd"].state_dict().items()}
    made = compress(module, tmp_path / "made", **options)
    other = nn.ModuleDict({"odd": left_alone(), "even": nn.Linear(8, 8)})
    load(made.folder, into=other)
    after = other["odd"].state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    compressed = {row.name for row in made.manifest.ledger.rows if row.is_compressed}
    assert compressed == {"even.weight"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_half_precision_module(tmp_path: Path, dtype: torch.dtype, options: dict[str, Any]) -> None:
    """Comes back as float32, as every model does, with the values that its halves had."""
    module, other = _made(Recogniser, 0), _made(Recogniser, 1)
    for each in (module, other):
        del each.phase  # complex numbers have no half precision
        each.to(dtype)
    made = compress(module, tmp_path / "made", **options)
    load(made.folder, into=other)
    floats = [tensor for tensor in other.state_dict().values() if tensor.dtype in (dtype,)]
    assert floats == []
    assert other.steps.dtype == torch.float32
    assert torch.equal(other.lstm.weight_ih_l0, module.lstm.weight_ih_l0.float())
    assert {parameter.dtype for parameter in module.parameters()} == {dtype}
    with torch.no_grad():
        assert bool(torch.isfinite(other(_tokens())).all())


def test_existing_output(tmp_path: Path) -> None:
    """Kept, unless it is to be overwritten."""
    (tmp_path / "made").mkdir()
    with pytest.raises(Exception, match="output exists"):
        compress(nn.Linear(4, 4), tmp_path / "made", bits=8)
