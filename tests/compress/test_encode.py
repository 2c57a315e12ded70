"""What is stored for a weight: quanto's own tensors, exact zeros, and the values computed with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from optimum.quanto import HqqOptimizer, freeze
from optimum.quanto import quantize as quanto_quantize
from torch import nn

from asrcompress import compress, load
from asrcompress.compress.decision import Decision
from asrcompress.compress.encode import dequantised, encode, fits_float16, has_zeros
from asrcompress.compress.smallest import smallest
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint.quantised import group_size
from asrcompress.core.checkpoint.source import ModuleSource
from asrcompress.core.manifest import Selection

BITS = (8, 4, 2)
GRIDS: list[tuple[Any, Any]] = [(8, "max"), (4, "max"), (2, "max"), (4, "hqq"), (2, "hqq")]


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def _by_quanto(weight: torch.Tensor, bits: int, rounding: str) -> dict[str, torch.Tensor]:
    """The state dict of a Linear that optimum-quanto quantised and froze by itself."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight.clone(), requires_grad=False)
    module = nn.Sequential(layer)
    optimizer = HqqOptimizer() if rounding == "hqq" else None
    quanto_quantize(module, weights=f"qint{bits}", optimizer=optimizer)
    with torch.no_grad():
        freeze(module)
    state = module.state_dict()
    return {
        key.removeprefix("0.weight."): tensor for key, tensor in state.items() if "weight" in key
    }


def _values(weight: torch.Tensor, bits: Any) -> torch.Tensor:
    return dequantised(weight, Decision("", bits=bits))


@pytest.mark.parametrize(("bits", "rounding"), GRIDS)
@pytest.mark.parametrize("columns", [96, 128, 256, 320, 300])
def test_linear_is_what_quanto_makes_of_it(bits: Any, rounding: Any, columns: int) -> None:
    """Data, scale and shift, bit for bit."""
    weight = _random(6, columns)
    expected = _by_quanto(weight, bits, rounding)
    parts = encode(weight, Decision("", bits=bits, rounding=rounding)).parts
    assert set(parts) == set(expected)
    for name, tensor in expected.items():
        assert parts[name].dtype == tensor.dtype
        assert torch.equal(parts[name], tensor), name


@pytest.mark.parametrize(("bits", "rounding"), GRIDS)
@pytest.mark.parametrize("shape", [(6, 4, 3), (5, 16, 8), (6, 320, 3)])
def test_convolution_has_the_grid_of_its_matrix(
    bits: Any, rounding: Any, shape: tuple[int, ...]
) -> None:
    """Outputs in rows, all else in columns: what quanto gives for that Linear."""
    weight = _random(*shape)
    flat = weight.reshape(shape[0], -1)
    decision = Decision("", bits=bits, rounding=rounding)
    got, expected = encode(weight, decision).parts, _by_quanto(flat, bits, rounding)
    for name, tensor in expected.items():
        assert got[name].numel() == tensor.numel()
        assert torch.equal(got[name].reshape(tensor.shape), tensor), name
    assert torch.equal(
        dequantised(weight, decision).reshape(flat.shape), dequantised(flat, decision)
    )


def test_eight_bits_by_hand() -> None:
    """scale = max|w| / 127 per row: 1.27 gives steps of 0.01, 2.54 steps of 0.02."""
    weight = torch.tensor([[1.27, -0.004, 0.016], [2.54, 0.011, -1.0]])
    expected = torch.tensor([[1.27, 0.0, 0.02], [2.54, 0.02, -1.0]])
    torch.testing.assert_close(_values(weight, 8), expected)


def test_two_bits_by_hand() -> None:
    """Asymmetric: minimum -1 to maximum 2 in four levels, -1, 0, 1, 2."""
    weight = torch.tensor([[-1.0, 0.4, 0.6, 2.0], [-1.0, 1.4, 1.6, 2.0]])
    expected = torch.tensor([[-1.0, 0.0, 1.0, 2.0], [-1.0, 1.0, 2.0, 2.0]])
    torch.testing.assert_close(_values(weight, 2), expected)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("columns", [96, 128, 256, 320, 300])
def test_error_is_within_half_a_step(bits: int, columns: int) -> None:
    """Of the row's scale at 8 bits, of the group's at 4 and 2; the ends of a range included."""
    weight = _random(6, columns)
    error = (_values(weight, bits) - weight).abs()
    if bits == 8:
        step = weight.abs().amax(1, keepdim=True) / 127
    else:
        grouped = weight.reshape(-1, group_size(columns) or columns)
        width = grouped.amax(1, keepdim=True) - grouped.amin(1, keepdim=True)
        step, error = width / (2**bits - 1), error.reshape(grouped.shape)
    assert bool((error <= step / 2 * 1.001).all())


@pytest.mark.parametrize("bits", [4, 2])
def test_hqq_is_nearer_where_few_weights_are_large(bits: Any) -> None:
    """What it is for: one outlier a group stretches the min-max grid for all others.

    Its aim is a norm below one, so nearer means in the mean absolute error here.
    """
    weight = _random(16, 512) * 0.1
    weight[:, ::128] = 1.0
    errors = [
        float(
            (dequantised(weight, Decision("", bits=bits, rounding=rounding)) - weight).abs().mean()
        )
        for rounding in ("max", "hqq")
    ]
    assert errors[1] < errors[0]


@pytest.mark.parametrize(("bits", "rounding"), GRIDS)
@pytest.mark.parametrize("shape", [(8, 256), (8, 32, 8), (8, 300)])
def test_zeros_of_a_pruned_layer_stay_zeros(
    bits: Any, rounding: Any, shape: tuple[int, ...]
) -> None:
    """At 4 and 2 bits as well, where quanto's own shift moves zero off the grid."""
    weight = _random(*shape) + 0.3
    weight[weight.abs() < 0.4] = 0.0
    weight[0] = 0.0  # a row, so a group or more, of nothing else
    encoded = encode(weight, Decision("", bits=bits, rounding=rounding))
    after = dequantised(weight, Decision("", bits=bits, rounding=rounding))
    assert torch.isfinite(after).all()
    assert bool((after[weight == 0] == 0).all())
    assert encoded.zeros == int((after == 0).sum())
    step = (weight.max() - weight.min()) / (2**bits - 1)
    assert float((after - weight).abs().max()) <= step


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_zeros_among_weights_of_one_sign(bits: Any, sign: float) -> None:
    """The range of a group is widened to zero."""
    weight = sign * (1.0 + _random(4, 128).abs())
    weight[:, ::10] = 0.0
    after = _values(weight, bits)
    assert torch.equal(after == 0, weight == 0)


def test_which_layers_keep_their_zeros() -> None:
    """From one weight in a hundred; float training leaves fewer."""
    weight = _random(10, 10).abs() + 1
    assert not has_zeros(weight)
    weight[0, 0] = 0
    assert has_zeros(weight)
    assert encode(weight, Decision("", bits=4)).grid == "with exact zero, a scale per group"
    assert encode(weight[1:], Decision("", bits=4)).grid == "min-max, a scale per group"


def test_dequantised_prunes_a_copy() -> None:
    """The decision's own zeros are set first, and the weight is left as it is."""
    weight = _random(4, 64)
    before = weight.clone()
    half = (smallest(weight, 128),)
    after = dequantised(weight, Decision("", bits=8, prune=half))
    assert torch.equal(weight, before)
    assert bool((after[half[0].mask(weight)] == 0).all())
    assert torch.equal(dequantised(weight, Decision("")), before)


LAYERS: dict[str, Any] = {
    "linear": lambda: nn.Linear(256, 8),
    "convolution": lambda: nn.Conv1d(64, 8, 4),
    "embedding": lambda: nn.Embedding(12, 160),
    "normed": lambda: nn.utils.parametrizations.weight_norm(nn.Conv1d(16, 8, 4, groups=2), dim=2),
}
KINDS: dict[str, Any] = {"conv": True, "embedding": True}


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("bits", "rounding"), [*GRIDS, (16, "max")])
@pytest.mark.parametrize("prune", [None, 0.5])
def test_dequantised_is_what_the_artefact_computes_with(
    tmp_path: Path, layer: str, bits: Any, rounding: Any, prune: float | None
) -> None:
    """The reloaded layer's weight, bit for bit: what a method measures is what is shipped."""
    torch.manual_seed(0)
    module, other = (nn.Sequential(LAYERS[layer](), nn.Linear(2, 2)) for _ in range(2))
    weight = LayerWeights.of_source(ModuleSource(module), Selection()).read("0")
    options = {"bits": bits, "rounding": rounding, **KINDS}
    prunes = (
        () if prune is None or layer == "embedding" else (smallest(weight, weight.numel() // 2),)
    )
    if prunes:
        options |= {"prune": 0.5, "scope": "global", "include": "0"}
    compress(module, tmp_path / "made", **options)
    load(tmp_path / "made", into=other)
    expected = dequantised(weight, Decision("", bits=bits, rounding=rounding, prune=prunes))
    found: Any = other[0].weight.detach()
    values = found.dequantize() if hasattr(found, "qtype") else found
    if layer == "normed" and bits == 16:  # stored as magnitude and direction, halved each
        torch.testing.assert_close(values, expected, rtol=2e-3, atol=1e-6)
    else:
        assert torch.equal(values, expected)


def test_beyond_float16_stays_float32(tmp_path: Path) -> None:
    """65504 is float16's largest: a layer beyond it keeps its dtype, and the ledger says so."""
    module, other = (nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4)) for _ in range(2))
    with torch.no_grad():
        module[0].weight[0, 0] = 65_504.0
        module[1].weight[0, 0] = -65_536.0
    made = compress(module, tmp_path / "made", bits=16)
    rows = {row.name: row for row in made.manifest.ledger.rows}
    assert rows["0.weight"].qtype == "float16"
    assert rows["1.weight"].qtype == "float32"
    assert rows["1.weight"].why == "values beyond float16's range, left in float32"
    assert made.manifest.encodings == {"0.weight": "float16"}
    load(made.folder, into=other)
    assert torch.equal(other[0].weight, module[0].weight.half().float())
    assert torch.equal(other[1].weight, module[1].weight)


@pytest.mark.parametrize(
    ("value", "fits"),
    [(65_504.0, True), (-65_504.0, True), (65_505.0, False), (float("inf"), False)],
)
def test_fits_float16(value: float, fits: bool) -> None:
    """By the largest magnitude; nothing at all fits."""
    assert fits_float16(torch.tensor([0.0, value])) is fits
    assert fits_float16(torch.zeros(0))
