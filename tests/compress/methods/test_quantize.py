"""Quantised weights: their grid, their size, and what the model computes with them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from optimum.quanto import QLinear, freeze
from optimum.quanto import quantize as quanto_quantize

from asrcompress.compress.layers import Selection
from asrcompress.compress.methods import quantize
from asrcompress.core.checkpoint.quantised import group_size, quantised_forms
from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import ARCHITECTURES, tiny_module

BITS = (8, 4, 2)


def _one_layer(weight: torch.Tensor) -> torch.nn.Sequential:
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = torch.nn.Parameter(weight)
    return torch.nn.Sequential(layer)


def _quantised(weight: torch.Tensor, bits: int) -> torch.Tensor:
    module = _one_layer(weight)
    quantize.compress(module, quantize.Params(bits=bits), Selection())
    values: torch.Tensor = module[0].weight.dequantize().detach()
    return values


def test_eight_bits_by_hand() -> None:
    """scale = max|w| / 127 per row: 1.27 gives steps of 0.01, 2.54 steps of 0.02."""
    weight = torch.tensor([[1.27, -0.004, 0.016], [2.54, 0.011, -1.0]])
    expected = torch.tensor([[1.27, 0.0, 0.02], [2.54, 0.02, -1.0]])
    torch.testing.assert_close(_quantised(weight, 8), expected)


def test_two_bits_by_hand() -> None:
    """Asymmetric: minimum -1 to maximum 2 in four levels, -1, 0, 1, 2."""
    weight = torch.tensor([[-1.0, 0.4, 0.6, 2.0], [-1.0, 1.4, 1.6, 2.0]])
    expected = torch.tensor([[-1.0, 0.0, 1.0, 2.0], [-1.0, 1.0, 2.0, 2.0]])
    torch.testing.assert_close(_quantised(weight, 2), expected)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("columns", [96, 128, 256, 320, 300])
def test_error_is_within_half_a_step(bits: int, columns: int) -> None:
    """Of the row's scale at 8 bits, of the group's at 4 and 2; the ends of a range included."""
    torch.manual_seed(0)
    weight = torch.randn(6, columns)
    error = (_quantised(weight, bits) - weight).abs()
    if bits == 8:
        step = weight.abs().amax(1, keepdim=True) / 127
    else:
        grouped = weight.reshape(-1, group_size(columns) or columns)
        width = grouped.amax(1, keepdim=True) - grouped.amin(1, keepdim=True)
        step, error = width / (2**bits - 1), error.reshape(grouped.shape)
    assert bool((error <= step / 2 * 1.001).all())


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("rows", [2, 5])
@pytest.mark.parametrize("columns", [16, 128, 160, 256, 300])
def test_stored_parts_are_those_expected(bits: int, rows: int, columns: int) -> None:
    """What optimum-quanto stores has the names, shapes and dtypes that loading insists on."""
    module = _one_layer(torch.randn(rows, columns))
    quanto_quantize(module, weights=f"qint{bits}")
    freeze(module)
    stored = module.state_dict()
    for part, (shape, dtype) in quantised_forms((rows, columns), bits).items():
        tensor = stored.pop(f"0.weight.{part}")
        assert tuple(tensor.shape) == shape
        assert str(tensor.dtype).removeprefix("torch.") in dtype.split("|")
    assert set(stored) == {"0.input_scale", "0.output_scale"}


@pytest.mark.parametrize("bits", BITS)
def test_zeros_of_a_pruned_layer_stay_zeros(bits: int) -> None:
    """At 4 and 2 bits as well, where quanto's own shift moves zero off the grid."""
    torch.manual_seed(0)
    weight = torch.randn(8, 256) + 0.3
    weight[weight.abs() < 0.4] = 0.0
    weight[0] = 0.0  # a row, so two groups, of nothing else
    after = _quantised(weight, bits)
    assert torch.isfinite(after).all()
    assert bool((after[weight == 0] == 0).all())
    step = (weight.max() - weight.min()) / (2**bits - 1)
    assert float((after - weight).abs().max()) <= step


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_model_computes_with_the_dequantised_weights(architecture: str, bits: int) -> None:
    """Every Linear is quantised, and logits equal those of the dequantised weights in float32.

    WavLM too, whose attention hands raw weights to F.multi_head_attention_forward.
    """
    module, reference = tiny_module(architecture), tiny_module(architecture)
    quantize.compress(module, quantize.Params(bits=bits), Selection())
    linear = [n for n, m in reference.named_modules() if isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for name in linear:
            layer: Any = module.get_submodule(name)
            assert isinstance(layer, QLinear)
            reference.get_submodule(name).weight.copy_(layer.weight.dequantize())
    shape = (2, 50, 160) if architecture == "wav2vec2-bert" else (2, 4_000)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(shape[:2], dtype=torch.long)
    mask[1, shape[1] // 2 :] = 0
    with torch.no_grad(), quiet_transformers():
        got = module(inputs, attention_mask=mask).logits
        expected = reference(inputs, attention_mask=mask).logits
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


def test_single_output_stays_float() -> None:
    """quanto scales it as one tensor, and cannot reload that."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Linear(4, 2))
    why = quantize.compress(module, quantize.Params(bits=8), Selection())
    assert list(why) == ["1.weight"]
    assert not isinstance(module[0], QLinear)


def test_quantised_module_is_refused() -> None:
    """Twice would quantise nothing and say so nowhere."""
    module = _one_layer(torch.randn(4, 4))
    assert quantize.refusal(module) is None
    quantize.compress(module, quantize.Params(bits=8), Selection())
    assert quantize.refusal(module) == "its weights are quantised already"
