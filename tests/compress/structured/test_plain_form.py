"""Pruned models that plain `from_pretrained` can load, and those that it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from asrcompress.compress.structured.block_masks import BlockMasks
from asrcompress.compress.structured.plain_form import make_plain, plain_form
from asrcompress.compress.structured.removal import remove
from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.core.checkpoint.slim.attention import SlimAttention
from tests.compress.structured.random_masks import random_masks, whole_masks
from tests.core.checkpoint.slim.families import FAMILIES, family_module, heard
from tests.core.checkpoint.slim.families import logits_of as logits

pytestmark = pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
ZERO = torch.zeros(())
CLOSED = {"attention": ZERO, "feed_forward": ZERO}


def _narrow(masks: tuple[BlockMasks, ...], width: int = 100) -> list[BlockMasks]:
    """Feed-forwards alone, of one width in all blocks, each with units of its own."""
    for number, mask in enumerate(masks):
        mask.intermediate[:] = 0
        mask.intermediate[number : number + width] = 0.7
    return list(masks)


@pytest.mark.parametrize("family", FAMILIES)
def test_narrow_feed_forwards(family: str, tmp_path: Path) -> None:
    """One number in the configuration; the reloaded ordinary model computes the same."""
    module = family_module(family)
    structure = remove(module, _narrow(whole_masks(module)))
    form = plain_form(structure, module.config)
    assert form is not None
    assert dict(form.config) == {"intermediate_size": 100}
    assert form.blocks == (0, 1)
    plain = make_plain(module, form)
    assert not plain.origin
    assert (_reloaded(plain.module, tmp_path, heard()) - logits(module, heard())).abs().max() <= (
        1e-5
    )


@pytest.mark.parametrize("gone", [0, 1, 2])
@pytest.mark.parametrize("family", [name for name in FAMILIES if "pre-norm" in name])
def test_blocks_gone_where_norms_come_first(family: str, gone: int, tmp_path: Path) -> None:
    """Fewer layers, numbered anew; WavLM's table of positions stays in the first."""
    module = family_module(family, num_hidden_layers=3)
    masks = _narrow(whole_masks(module))
    masks[gone] = replace(masks[gone], **CLOSED)
    structure = remove(module, masks)
    form = plain_form(structure, module.config)
    assert form is not None
    assert dict(form.config) == {"num_hidden_layers": 2, "intermediate_size": 100}
    left = tuple(number for number in range(3) if number != gone)
    assert form.blocks == left
    plain = make_plain(module, form)
    assert (_reloaded(plain.module, tmp_path, heard()) - logits(module, heard())).abs().max() <= (
        1e-5
    )
    pruned, made = module.state_dict(), plain.module.state_dict()
    assert set(plain.origin) <= set(made)
    for key, value in made.items():
        assert torch.equal(value, pruned[plain.origin.get(key, key)]), key
    layers = f"{module.base_model_prefix}.encoder.layers"
    key = "attention.q_proj.weight"
    renamed = {f"{layers}.{new}.{key}": f"{layers}.{old}.{key}" for new, old in enumerate(left)}
    changed = {new: old for new, old in renamed.items() if new != old}
    assert {new: old for new, old in plain.origin.items() if new.endswith(key)} == changed


def _reloaded(module: Any, folder: Path, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Logits of what an ordinary from_pretrained makes of it, with stock classes only."""
    with quiet_transformers():
        module.save_pretrained(folder)
        again = type(module).from_pretrained(folder).eval()
    assert not any(isinstance(part, SlimAttention) for part in again.modules())
    return logits(again, inputs)


def test_an_unpruned_model() -> None:
    """Nothing differs."""
    module = family_module("wavlm")
    form = plain_form(remove(module, whole_masks(module)), module.config)
    assert form is not None
    assert not form.config
    assert form.blocks == (0, 1)


@pytest.mark.parametrize("family", ["wav2vec2", "wav2vec2-pre-norm"])
def test_what_no_configuration_can_say(family: str) -> None:
    """Narrower heads, feed-forwards of several widths, one sublayer gone, nothing left at all."""
    module = family_module(family)
    whole = whole_masks(module)
    uneven = _narrow(whole_masks(module))
    uneven[0].intermediate[:] = 1
    for masks in (
        list(random_masks(module)),
        [replace(whole[0], query_key=whole[0].query_key * torch.tensor([[1.0], [0.0]])), whole[1]],
        uneven,
        [replace(whole[0], attention=ZERO), whole[1]],
        [replace(whole[0], feed_forward=ZERO), whole[1]],
        [replace(mask, feed_forward=ZERO) for mask in whole],
        [replace(mask, **CLOSED) for mask in whole],
    ):
        pruned = family_module(family)
        assert plain_form(remove(pruned, masks), pruned.config) is None


@pytest.mark.parametrize("family", ["wav2vec2", "data2vec-audio", "sew"])
def test_blocks_gone_where_norms_come_last(family: str) -> None:
    """An empty block still normalises, whatever else stands in the configuration."""
    module = family_module(family)
    masks = list(whole_masks(module))
    masks[0] = replace(masks[0], **CLOSED)
    structure = remove(module, masks)
    if family != "wav2vec2":
        module.config.do_stable_layer_norm = True  # no class of this family reads it
    assert plain_form(structure, module.config) is None
