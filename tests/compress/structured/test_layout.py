"""What a recogniser's blocks have to remove."""

from __future__ import annotations

import pytest
import torch

from asrcompress.compress.structured.layout import Layout, ModelMasks, layout_of
from asrcompress.compress.structured.removal import remove
from asrcompress.core.errors import ModelError
from tests.compress.structured.random_masks import random_masks, whole_masks
from tests.core.checkpoint.slim.families import FAMILIES, family_module

BASE = Layout(blocks=12, width=768, heads=12, head_dim=64, feed_forward=3072)


def test_base_layout_is_the_papers() -> None:
    """84.9 M weights and their biases; without 80 % of them 94.70 M become 26.7 M."""
    weights = 12 * (4 * 768 * 768 + 2 * 768 * 3072)
    biases = 12 * (4 * 768 + 3072 + 768)
    assert BASE.parameters == weights + biases == 85_017_600
    # Wang et al. (2023), Table 2: 94.70 M and 26.57 M
    assert 94.70e6 - 0.8 * BASE.parameters == pytest.approx(26.57e6, rel=0.01)


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_the_modules(family: str) -> None:
    """The count is that of the Linear layers in the module's blocks."""
    module = family_module(family)
    blocks = [m for name, m in module.named_modules() if "encoder.layers." in name]
    linear = [m for m in blocks if isinstance(m, torch.nn.Linear) and m is not _gate(module, m)]
    layout = layout_of(module)
    assert layout.parameters == sum(p.numel() for m in linear for p in m.parameters())
    assert layout == Layout(2, 32, 2, 16, 256)


def _gate(module: torch.nn.Module, found: torch.nn.Module) -> torch.nn.Module | None:
    gates = [m for name, m in module.named_modules() if name.endswith("gru_rel_pos_linear")]
    return found if any(found is gate for gate in gates) else None


def test_a_pruned_model_has_no_even_layout() -> None:
    """A model that was pruned is refused, in one line."""
    module = family_module("wav2vec2")
    remove(module, random_masks(module))
    with pytest.raises(ModelError, match="pruned before"):
        layout_of(module)


def test_masks_of_blocks_and_back() -> None:
    """Stacked and taken apart, they are the same."""
    masks = whole_masks(family_module("wav2vec2"))
    masks[1].intermediate[7] = 0.25
    block = ModelMasks.of(masks).each(lambda mask: mask / 2).block(1)
    assert float(block.intermediate[7]) == 0.125
    assert block.query_key.shape == (2, 16)
    assert len(ModelMasks.of(masks).blocks()) == 2
