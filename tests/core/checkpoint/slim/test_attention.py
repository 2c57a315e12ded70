"""Our own attention computes what transformers' does, and ragged heads what their formula says."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from asrcompress.core.checkpoint.slim.attention import SlimAttention
from asrcompress.core.checkpoint.slim.heads import HeadWidths, join_heads, split_heads
from asrcompress.core.checkpoint.slim.reshape import use_own_attention
from tests.core.checkpoint.slim.families import FAMILIES, NOTHING_RANDOM, family_module, heard
from tests.core.checkpoint.slim.families import logits_of as logits

# Of the stock WavLM alone, whose masks of padding and of positions are of two dtypes.
pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")


def _both(family: str, **changes: Any) -> tuple[Any, Any]:
    stock = family_module(family, **changes)
    own = copy.deepcopy(stock)
    use_own_attention(own)
    assert not isinstance(_attention(stock), SlimAttention)
    assert isinstance(_attention(own), SlimAttention)
    return stock, own


def _attention(module: Any, block: int = 0) -> Any:
    return getattr(module, module.base_model_prefix).encoder.layers[block].attention


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_equal_to_the_stock_attention(family: str, batch: int, padded: bool) -> None:
    """The same logits to 1e-5, with padding masks and without, in batches and alone."""
    stock, own = _both(family)
    inputs = heard(batch)
    if not padded:
        del inputs["attention_mask"]
    expected = logits(stock, inputs)
    assert (logits(own, inputs) - expected).abs().max() <= 1e-5
    assert expected.std() > 0.1


@pytest.mark.parametrize("family", [name for name in FAMILIES if "wavlm" not in name])
def test_equal_with_masks_that_are_added(family: str) -> None:
    """transformers' eager attention masks by adding numbers, not by true and false."""
    stock, own = _both(family)
    for module in (stock, own):
        module.set_attn_implementation("eager")
    inputs = heard()
    assert (logits(own, inputs) - logits(stock, inputs)).abs().max() <= 1e-5


def test_masks_of_other_kinds_are_not_asked_for() -> None:
    """A configuration's flex attention would hand over masks that are no tensors."""
    module = family_module("wav2vec2")
    module.config._attn_implementation = "flex_attention"
    use_own_attention(module)
    assert module.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("family", ["wav2vec2", "hubert-pre-norm", "wavlm", "wavlm-pre-norm"])
def test_equal_in_training_with_its_gradients(family: str) -> None:
    """In training mode the loss and every parameter's gradient are the stock module's."""
    stock, own = _both(family, **NOTHING_RANDOM)
    gradients = []
    for module in (stock, own):
        module.train()(**heard()).logits.square().mean().backward()
        gradients.append({n: p.grad for n, p in module.named_parameters() if p.grad is not None})
    expected, got = gradients
    assert set(expected) == set(got)
    assert any("gru_rel_pos" in name for name in got) == ("wavlm" in family)
    for name, gradient in expected.items():
        assert (got[name] - gradient).abs().max() <= 1e-5 * max(1.0, gradient.abs().max()), name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_parameters_by_the_same_names(family: str) -> None:
    """Nothing is copied: an optimiser made before goes on; and a checkpoint is the same."""
    module = family_module(family)
    before = dict(module.named_parameters())
    keys = list(module.state_dict())
    use_own_attention(module)
    after = dict(module.named_parameters())
    assert list(after) == list(before)
    assert all(after[name] is parameter for name, parameter in before.items())
    assert list(module.state_dict()) == keys
    own = _attention(module)
    use_own_attention(module)
    assert _attention(module) is own


def test_dropout_of_attention_only_in_training() -> None:
    """With attention dropout alone, two runs differ in training and agree otherwise."""
    module = family_module("wavlm", **NOTHING_RANDOM | {"attention_dropout": 0.5})
    use_own_attention(module)
    assert torch.equal(logits(module, heard()), logits(module, heard()))
    module.train()
    assert not torch.equal(logits(module, heard()), logits(module, heard()))


def test_bias_of_far_positions() -> None:
    """Beyond the exact buckets and beyond the last, the bias is WavLM's, bit for bit."""
    stock, own = _both("wavlm", num_buckets=32, max_bucket_distance=80)
    attention = _attention(own)
    hidden = torch.zeros(1, 300, 32)
    with torch.no_grad():
        expected = _attention(stock).compute_bias(300, 300)
        _, _, bias = attention(hidden)
    assert expected.unique().numel() == 2 * 31  # of each head: its own position once
    assert torch.equal(bias, expected)


def test_ragged_heads_by_their_formula() -> None:
    """softmax(q k / sqrt(original head_dim)) v of each head by itself, in its own width."""
    torch.manual_seed(0)
    query_key, value_output = (3, 0, 0, 8), (2, 5, 0, 1)
    widths = HeadWidths(query_key, value_output, head_dim=8)
    sizes = {"q_proj": (32, 11), "k_proj": (32, 11), "v_proj": (32, 8), "out_proj": (8, 32)}
    projections = {name: torch.nn.Linear(*size) for name, size in sizes.items()}
    attention = SlimAttention(widths, projections, dropout=0.0).eval()
    hidden = torch.randn(2, 7, 32)
    with torch.no_grad():
        query, key, value = (projections[f"{name}_proj"](hidden) for name in "qkv")
        parts = []
        for q, k, v in zip(
            query.split(query_key, -1),
            key.split(query_key, -1),
            value.split(value_output, -1),
            strict=True,
        ):
            parts.append(torch.softmax(q @ k.transpose(1, 2) / 8**0.5, dim=-1) @ v)
        expected = projections["out_proj"](torch.cat(parts, dim=-1))
        got, weights = attention(hidden)
    assert weights is None
    assert (got - expected).abs().max() <= 1e-6
    uniform = value[..., 2:7].mean(dim=1, keepdim=True)  # head 1 has no queries
    assert (parts[1] - uniform).abs().max() <= 1e-6


@pytest.mark.parametrize("widths", [(3, 1, 4), (4, 4, 4), (3, 3, 3)])
def test_heads_are_joined_as_they_were_split(widths: tuple[int, ...]) -> None:
    """Zeros behind each head's own dimensions, which are gone after joining."""
    flat = torch.arange(1.0, 2 * 5 * sum(widths) + 1).view(2, 5, -1)
    heads = split_heads(flat, widths, 4)
    assert heads.shape == (2, 3, 5, 4)
    assert torch.equal(heads[:, 1, :, : widths[1]], flat[..., widths[0] : widths[0] + widths[1]])
    assert not heads[:, 1, :, widths[1] :].any()
    assert torch.equal(join_heads(heads, widths), flat)


@pytest.mark.parametrize(
    ("query_key", "value_output", "head_dim", "common"),
    [
        ((64, 64), (64, 64), 64, 64),
        ((37, 12), (20, 9), 64, 40),  # up to whole vectors of 8
        ((0, 0), (3, 0), 64, 8),
        ((20, 20), (20, 20), 20, 20),  # but never beyond the original
        ((0, 0), (0, 0), 64, 0),
    ],
)
def test_common_width(
    query_key: tuple[int, ...], value_output: tuple[int, ...], head_dim: int, common: int
) -> None:
    """Queries and values are as wide as the widest head left, in whole vectors."""
    assert HeadWidths(query_key, value_output, head_dim).common == common
