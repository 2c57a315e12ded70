"""Which models can be pruned by structure, and what their structure is."""

from __future__ import annotations

import pytest
import torch

from asrcompress.core.checkpoint.slim.blocks import blocks_of, structure_of, why_not_slim
from asrcompress.core.checkpoint.slim.reshape import reshape, use_own_attention
from asrcompress.core.errors import ModelError
from asrcompress.core.structure import BlockStructure, Structure
from tests.checkpoints import tiny_module
from tests.core.checkpoint.slim.families import FAMILIES, family_module

WHOLE = BlockStructure(query_key=(16, 16), value_output=(16, 16), feed_forward=256)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_that_can(family: str) -> None:
    """Their blocks are found, with all their widths, before and after our own attention."""
    module = family_module(family)
    assert why_not_slim(module) is None
    assert len(blocks_of(module)) == 2
    assert structure_of(module) == Structure(blocks=(WHOLE, WHOLE))
    use_own_attention(module)
    assert why_not_slim(module) is None
    assert structure_of(module) == Structure(blocks=(WHOLE, WHOLE))


@pytest.mark.parametrize(
    ("architecture", "reason"),
    [
        ("sew-d", "SEWDForCTC has no transformer blocks"),
        ("wav2vec2-conformer", "its blocks, Wav2Vec2ConformerEncoderLayer, are not as those of"),
        ("wav2vec2-bert", "its blocks, Wav2Vec2BertEncoderLayer, are not as those of"),
    ],
)
def test_families_that_cannot(architecture: str, reason: str) -> None:
    """They are named, before any work is done."""
    module = tiny_module(architecture)
    assert reason in str(why_not_slim(module))
    with pytest.raises(ModelError, match=reason):
        structure_of(module)


def test_models_without_blocks() -> None:
    """Any module at all may be asked about."""
    module = torch.nn.Linear(2, 2)
    assert why_not_slim(module) == (
        "Linear has no transformer blocks as the wav2vec2 family has them"
    )
    with pytest.raises(ModelError, match="no transformer blocks of a known kind: Linear"):
        blocks_of(module)


def test_attention_adapters() -> None:
    """A third sublayer in each block is no part of the method."""
    module = family_module("wav2vec2-pre-norm", adapter_attn_dim=4)
    assert why_not_slim(module) == "its blocks have attention adapters"


def test_a_class_of_the_same_name_is_another() -> None:
    """What a checkpoint's own code calls Wav2Vec2Attention may compute anything."""
    module = family_module("wav2vec2")
    same_name = type("Wav2Vec2Attention", (torch.nn.Identity,), {})
    module.wav2vec2.encoder.layers[1].attention = same_name()
    assert "are not as those of wav2vec2" in str(why_not_slim(module))


def test_structure_of_a_slim_model() -> None:
    """It is the one that it was given."""
    module = family_module("wavlm")
    gone = BlockStructure(query_key=(0, 0), value_output=(0, 0), feed_forward=0)
    part = BlockStructure(query_key=(0, 5), value_output=(7, 16), feed_forward=3)
    reshape(module, Structure(blocks=(gone, part)))
    assert structure_of(module) == Structure(blocks=(gone, part))
    assert why_not_slim(module) is None
