"""Magnitude pruning: the rate asked for, over what was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.utils import prune as torch_prune

from asrcompress.compress.layers import Selection
from asrcompress.compress.methods import prune
from asrcompress.compress.weight_norm import folded_weight
from tests.checkpoints import ARCHITECTURES, tiny_module

KINDS = (torch.nn.Linear, torch.nn.Conv1d)


def _zeros(layers: dict[str, Any]) -> tuple[int, int]:
    weights = [folded_weight(layer) for layer in layers.values()]
    return (
        sum(int((weight == 0).sum()) for weight in weights),
        sum(weight.numel() for weight in weights),
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_global_rate_is_exact(architecture: str) -> None:
    """round(0.3 * weights) zeros over Linear and Conv1d, the positional convolution included."""
    module = tiny_module(architecture)
    prune.compress(module, prune.Params(prune=0.3), Selection())
    zeros, total = _zeros(Selection().layers(module, KINDS))
    assert zeros == round(0.3 * total)


def test_global_takes_the_smallest_of_all() -> None:
    """No weight left is smaller than one pruned; layers are hit unevenly."""
    module, before = tiny_module(), tiny_module()
    prune.compress(module, prune.Params(prune=0.2), Selection())
    pruned, kept, rates = [], [], set()
    for name, layer in Selection().layers(module, KINDS).items():
        old = folded_weight(before.get_submodule(name)).abs()
        zero = folded_weight(layer) == 0
        pruned.append(old[zero])
        kept.append(old[~zero])
        rates.add(round(float(zero.float().mean()), 3))
    assert torch.cat(pruned).max() <= torch.cat(kept).min()
    assert len(rates) > 3


def test_local_rate_in_each_linear_layer() -> None:
    """The same rate everywhere, convolutions untouched."""
    module = tiny_module()
    prune.compress(module, prune.Params(prune=0.4, scope="local"), Selection())
    for layer in Selection().layers(module, (torch.nn.Linear,)).values():
        zeros, total = _zeros({"": layer})
        assert zeros == round(0.4 * total)
    assert _zeros(Selection().layers(module, (torch.nn.Conv1d,)))[0] == 0


def test_equal_to_torch_pruning() -> None:
    """The same masks as torch.nn.utils.prune where that works: on plain layers."""
    ours, theirs = tiny_module("wav2vec2-bert"), tiny_module("wav2vec2-bert")
    prune.compress(ours, prune.Params(prune=0.25), Selection())
    layers = Selection().layers(theirs, KINDS)
    torch_prune.global_unstructured(
        [(layer, "weight") for layer in layers.values()], torch_prune.L1Unstructured, amount=0.25
    )
    for name, layer in layers.items():
        assert torch.equal(ours.get_submodule(name).weight, layer.weight), name


def test_excluded_layer_is_untouched() -> None:
    """And is not reported as pruned."""
    module, before = tiny_module(), tiny_module()
    why = prune.compress(module, prune.Params(prune=0.5), Selection(exclude=("lm_head",)))
    assert torch.equal(module.lm_head.weight, before.lm_head.weight)
    assert "lm_head.weight" not in why
    assert "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original1" in why
    assert all(text.startswith("pruned global, |w| <= 0.") for text in why.values())
