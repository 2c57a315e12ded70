"""A structure's shapes, and structures that are not the model's."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from asrcompress.core.checkpoint.slim.reshape import reshape
from asrcompress.core.errors import IntegrityError
from asrcompress.core.structure import BlockStructure, Structure
from tests.checkpoints import tiny_module
from tests.core.checkpoint.slim.families import family_module

WHOLE = BlockStructure(query_key=(16, 16), value_output=(16, 16), feed_forward=256)
GONE = BlockStructure(query_key=(0, 0), value_output=(0, 0), feed_forward=0)


def _shapes(module: Any, block: int) -> dict[str, tuple[int, ...]]:
    prefix = f"{module.base_model_prefix}.encoder.layers.{block}."
    state = module.state_dict().items()
    return {
        key.removeprefix(prefix): tuple(value.shape)
        for key, value in state
        if key.startswith(prefix) and "norm" not in key
    }


def test_shapes_of_weights() -> None:
    """Rows of queries, keys and values, columns of outputs; gates as they were."""
    module = family_module("wavlm")
    part = BlockStructure(query_key=(0, 5), value_output=(7, 16), feed_forward=3)
    no_queries = BlockStructure(query_key=(0, 0), value_output=(0, 2), feed_forward=0)
    reshape(module, Structure(blocks=(part, no_queries)))
    assert _shapes(module, 0) == {
        "attention.gru_rel_pos_const": (1, 2, 1, 1),
        "attention.gru_rel_pos_linear.weight": (8, 16),
        "attention.gru_rel_pos_linear.bias": (8,),
        "attention.rel_attn_embed.weight": (320, 2),
        "attention.q_proj.weight": (5, 32),
        "attention.q_proj.bias": (5,),
        "attention.k_proj.weight": (5, 32),
        "attention.k_proj.bias": (5,),
        "attention.v_proj.weight": (23, 32),
        "attention.v_proj.bias": (23,),
        "attention.out_proj.weight": (32, 23),
        "attention.out_proj.bias": (32,),
        "feed_forward.intermediate_dense.weight": (3, 32),
        "feed_forward.intermediate_dense.bias": (3,),
        "feed_forward.output_dense.weight": (32, 3),
        "feed_forward.output_dense.bias": (32,),
    }
    assert {key for key in _shapes(module, 1) if "_proj" in key} == {
        f"attention.{name}.{part}" for name in ("v_proj", "out_proj") for part in ("weight", "bias")
    }
    assert not any("feed_forward" in key for key in _shapes(module, 1))


def test_only_the_bias_of_positions_stays_of_a_removed_first_block() -> None:
    """Later blocks of WavLM need it; nothing else is left but the norms."""
    module = family_module("wavlm")
    reshape(module, Structure(blocks=(GONE, WHOLE)))
    assert _shapes(module, 0) == {"attention.rel_attn_embed.weight": (320, 2)}


def test_on_the_meta_device() -> None:
    """Where shapes are all there is, nothing is computed."""
    module = family_module("wav2vec2").to("meta")
    half = BlockStructure(query_key=(8, 0), value_output=(8, 0), feed_forward=128)
    reshape(module, Structure(blocks=(half, half)))
    assert all(parameter.is_meta for parameter in module.parameters())
    assert _shapes(module, 1)["attention.q_proj.weight"] == (8, 32)


@pytest.mark.parametrize(
    ("blocks", "match"),
    [
        ((WHOLE,), "got 1 blocks; expected 2"),
        ((WHOLE,) * 3, "got 3 blocks; expected 2"),
        (
            (WHOLE, WHOLE.model_copy(update={"feed_forward": 2**40})),
            "block 1, feed_forward; got 1099511627776; expected at most 256",
        ),
        (
            (WHOLE.model_copy(update={"query_key": (16, 17)}), WHOLE),
            r"block 0, query_key; got \(16, 17\); expected at most \(16, 16\)",
        ),
        (
            (WHOLE, WHOLE.model_copy(update={"value_output": (2**40, 16)})),
            "block 1, value_output",
        ),
        (
            (WHOLE, BlockStructure(query_key=(1,) * 3, value_output=(1,) * 3, feed_forward=1)),
            r"block 1, query_key; got \(1, 1, 1\); expected at most \(16, 16\)",
        ),
    ],
)
def test_structures_of_another_model(blocks: tuple[BlockStructure, ...], match: str) -> None:
    """They are refused by name before anything is made, and the model stays as it was."""
    module = family_module("wav2vec2")
    before = dict(module.named_modules())
    with pytest.raises(IntegrityError, match=match):
        reshape(module, Structure(blocks=blocks))
    assert dict(module.named_modules()) == before


def test_a_structure_of_a_model_that_has_none() -> None:
    """Its blocks are of another kind."""
    with pytest.raises(IntegrityError, match="Wav2Vec2ConformerEncoderLayer"):
        reshape(tiny_module("wav2vec2-conformer"), Structure(blocks=(WHOLE, WHOLE)))


def test_no_wider_again() -> None:
    """What was pruned once cannot come back."""
    module = family_module("hubert")
    reshape(module, Structure(blocks=(GONE, WHOLE)))
    with pytest.raises(IntegrityError, match="block 0"):
        reshape(module, Structure(blocks=(WHOLE, WHOLE)))
    reshape(module, Structure(blocks=(GONE, GONE)))
    assert module(torch.zeros(1, 4000)).logits.shape[-1] == module.config.vocab_size
