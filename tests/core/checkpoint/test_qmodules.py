"""Quantised Conv1d and Embedding compute what plain layers do with the dequantised weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from optimum.quanto import QLinear
from optimum.quanto import quantize as quanto_quantize
from optimum.quanto.nn.qmodule import _QMODULE_TABLE
from torch import nn

from asrcompress import compress, load

BITS = (8, 4, 2)
CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no bias": {"bias": False},
    "strided": {"stride": 3, "padding": 2},
    "dilated": {"dilation": 2, "padding": "same"},
    "grouped": {"groups": 4},
    "depthwise": {"groups": 16, "padding": 1},
    "mirrored": {"padding": 2, "padding_mode": "reflect"},
    "circular": {"padding": 1, "padding_mode": "circular"},
}


def _through(tmp_path: Path, module: nn.Module, other: nn.Module, bits: int) -> None:
    """Fill `other` with the compressed `module`, then put the dequantised weight in `module`."""
    made = compress(module, tmp_path / "made", bits=bits, conv=True, embedding=True)
    assert set(made.manifest.quantization) == {"0"}
    load(made.folder, into=other)
    quantised: Any = other.get_submodule("0")
    plain: Any = module.get_submodule("0")
    values = quantised.weight.dequantize()
    assert not torch.equal(values, plain.weight)
    with torch.no_grad():
        plain.weight.copy_(values)


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("options", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolution(tmp_path: Path, options: dict[str, Any], bits: int) -> None:
    """All options of the layer are kept; batched or not, in any memory layout."""
    module, other = (nn.Sequential(nn.Conv1d(16, 32, 5, **options)).eval() for _ in range(2))
    _through(tmp_path, module, other, bits)
    inputs = _random(2, 16, 40)
    with torch.no_grad():
        for given in (inputs, inputs[0], inputs.mT.contiguous().mT):
            assert torch.equal(other(given), module(given))


@pytest.mark.parametrize("bits", BITS)
def test_weight_normed_convolution(tmp_path: Path, bits: int) -> None:
    """Becomes a layer with one plain weight, and computes the same."""
    kind = nn.utils.parametrizations.weight_norm
    module, other, plain = (nn.Sequential(nn.Conv1d(8, 8, 4, groups=2)) for _ in range(3))
    kind(module[0], dim=2)
    kind(other[0], dim=2)
    made = compress(module, tmp_path / "made", bits=bits, conv=True)
    load(made.folder, into=other)
    quantised: Any = other[0]
    assert "parametrizations.weight.original0" not in dict(other[0].named_parameters())
    with torch.no_grad():
        plain[0].weight.copy_(quantised.weight.dequantize())
        plain[0].bias.copy_(module[0].bias)  # type: ignore[arg-type]
        assert torch.equal(other(_random(2, 8, 20)), plain(_random(2, 8, 20)))


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("padding_idx", [None, 0, 5])
def test_embedding(tmp_path: Path, bits: int, padding_idx: int | None) -> None:
    """Rows of the dequantised table, in the shape of the ids; none at all too."""
    module, other = (
        nn.Sequential(nn.Embedding(24, 160, padding_idx=padding_idx)).eval() for _ in range(2)
    )
    _through(tmp_path, module, other, bits)
    ids = torch.randint(0, 24, (2, 3, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for given in (ids, ids[0, 0], torch.tensor(5), ids[:0], ids.int()):
            expected = module(given)
            assert torch.equal(other(given), expected)
            assert other(given).dtype == torch.float32
    assert other[0].padding_idx == padding_idx


def test_padding_stays_zero(tmp_path: Path) -> None:
    """The row of the padding, all zeros, in a table whose other rows are not."""
    module = nn.Sequential(nn.Embedding(200, 160, padding_idx=3))
    for bits in BITS:
        made = compress(module, tmp_path / str(bits), bits=bits, embedding=True)
        filled = nn.Sequential(nn.Embedding(200, 160, padding_idx=3))
        load(made.folder, into=filled)
        with torch.no_grad():
            assert float(filled(torch.tensor([3])).abs().max()) == 0.0


def test_single_column(tmp_path: Path) -> None:
    """The smallest weights that can be quantised."""
    module, other = (nn.Sequential(nn.Embedding(3, 1)) for _ in range(2))
    made = compress(module, tmp_path / "made", bits=8, embedding=True)
    load(made.folder, into=other)
    with torch.no_grad():
        torch.testing.assert_close(other(torch.arange(3)), module(torch.arange(3)))


def test_quantos_registry_is_untouched(tmp_path: Path) -> None:
    """A user's own `quanto.quantize` still leaves Conv1d and Embedding alone."""
    module = nn.Sequential(nn.Conv1d(16, 16, 3), nn.Embedding(8, 16), nn.Linear(16, 16))
    table = dict(_QMODULE_TABLE)
    made = compress(module, tmp_path / "made", bits=8, conv=True, embedding=True)
    other = nn.Sequential(nn.Conv1d(16, 16, 3), nn.Embedding(8, 16), nn.Linear(16, 16))
    load(made.folder, into=other)
    assert table == _QMODULE_TABLE
    quanto_quantize(module, weights="qint8")
    assert [type(layer) for layer in module] == [nn.Conv1d, nn.Embedding, QLinear]


def test_not_on_the_module_that_was_compressed(tmp_path: Path) -> None:
    """The original's layers keep their classes and their forward."""
    module = nn.Sequential(nn.Conv1d(4, 4, 3), nn.Linear(4, 4))
    compress(module, tmp_path / "made", bits=8, conv=True)
    assert [type(layer) for layer in module] == [nn.Conv1d, nn.Linear]
