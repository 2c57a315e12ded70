"""Magnitude pruning: the rate asked for, over what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils import prune as torch_prune

from asrcompress.compress.decide import Surroundings, decide
from asrcompress.compress.plan import read_options
from asrcompress.compress.weights import LayerWeights
from asrcompress.core.checkpoint.source import ModuleSource
from asrcompress.core.progress import silent
from tests.checkpoints import tiny_module

POSITIONAL = "wav2vec2.encoder.pos_conv_embed.conv"


def _decided(module: Any, **options: Any) -> LayerWeights:
    around = Surroundings(lambda: pytest.fail("not to be loaded"), (), 0, silent, explain=False)
    return decide("tiny", ModuleSource(module), read_options(options), around).weights


def _zeros(weights: LayerWeights, *kinds: Any) -> tuple[int, int]:
    found = [weights.read(name) for name in weights.of(*kinds)]
    return sum(int((w == 0).sum()) for w in found), sum(w.numel() for w in found)


@pytest.mark.parametrize("architecture", ["wav2vec2", "wavlm", "sew-d", "wav2vec2-bert"])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.95])
def test_global_rate_is_exact(architecture: str, rate: float) -> None:
    """round(rate * weights) zeros over Linear and Conv1d, the positional convolution included."""
    zeros, total = _zeros(_decided(tiny_module(architecture), prune=rate), "Linear", "Conv1d")
    assert zeros == round(rate * total)


def test_global_takes_the_smallest_of_all() -> None:
    """No weight left is smaller than one pruned; layers are hit unevenly."""
    weights = _decided(tiny_module(), prune=0.2)
    pruned, kept, rates = [], [], set()
    for name in weights.of("Linear", "Conv1d"):
        old = weights.read_original(name).abs()
        zero = weights.read(name) == 0
        pruned.append(old[zero])
        kept.append(old[~zero])
        rates.add(round(float(zero.float().mean()), 3))
    assert torch.cat(pruned).max() <= torch.cat(kept).min()
    assert len(rates) > 3


def test_local_rate_in_each_linear_layer() -> None:
    """The same rate everywhere, convolutions untouched."""
    weights = _decided(tiny_module(), prune=0.4, scope="local")
    for name, layer in weights.of("Linear").items():
        assert int((weights.read(name) == 0).sum()) == round(0.4 * layer.weights)
    assert _zeros(weights, "Conv1d")[0] == 0
    assert not set(weights.of("Conv1d")) & set(weights.decided)


def test_equal_to_torch_pruning() -> None:
    """The same masks as torch.nn.utils.prune where that works: on plain layers."""
    weights, theirs = (
        _decided(tiny_module("wav2vec2-bert"), prune=0.25),
        tiny_module("wav2vec2-bert"),
    )
    layers = {name: theirs.get_submodule(name) for name in weights.of("Linear", "Conv1d")}
    torch_prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()], torch_prune.L1Unstructured, amount=0.25
    )
    for name, layer in layers.items():
        assert torch.equal(weights.read(name), layer.weight), name


def test_excluded_layer_is_untouched() -> None:
    """And is not reported as pruned; the other decisions say up to which magnitude."""
    weights = _decided(tiny_module(), prune=0.5, exclude="lm_head")
    assert torch.equal(weights.read("lm_head"), weights.read_original("lm_head"))
    assert "lm_head" not in weights.decided
    assert POSITIONAL in weights.decided
    whys = {decision.why for decision in weights.decided.values()}
    (why,) = whys
    assert why.startswith("pruned global, |w| <= 0.")


def test_zeros_that_were_there_count() -> None:
    """Pruning 30 % of what was pruned by 20 % gives 30 %, not 44 %."""
    module = tiny_module()
    with torch.no_grad():
        weight = module.lm_head.weight
        weight[weight.abs() < weight.abs().quantile(0.2)] = 0
    weights = _decided(module, prune=0.3, scope="local")
    assert int((weights.read("lm_head") == 0).sum()) == round(0.3 * weight.numel())


def test_deciding_changes_nothing() -> None:
    """The module keeps its bits."""
    module, before = tiny_module(), tiny_module().state_dict()
    _decided(module, prune=0.5)
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
