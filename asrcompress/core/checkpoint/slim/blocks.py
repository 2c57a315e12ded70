"""Which models have blocks that can be pruned, and what their blocks are like now."""

from __future__ import annotations

from typing import Any, cast

import torch

from asrcompress.core.checkpoint.slim.attention import RemovedAttention, SlimAttention
from asrcompress.core.checkpoint.slim.feed_forward import RemovedFeedForward
from asrcompress.core.errors import ModelError
from asrcompress.core.structure import BlockStructure, Structure

# Of transformers 5.23: classes whose source differs from Wav2Vec2's by the name alone. WavLM's
# attention is another, its feed-forward the same.
_PLAIN_FAMILIES = {
    "wav2vec2.modeling_wav2vec2.Wav2Vec2",
    "hubert.modeling_hubert.Hubert",
    "unispeech.modeling_unispeech.UniSpeech",
    "unispeech_sat.modeling_unispeech_sat.UniSpeechSat",
    "data2vec.modeling_data2vec_audio.Data2VecAudio",
    "sew.modeling_sew.SEW",
}
_GATED_FAMILY = "wavlm.modeling_wavlm.WavLM"
_MODELS = "transformers.models."
_PLAIN_ATTENTION = {f"{_MODELS}{family}Attention" for family in _PLAIN_FAMILIES}
_GATED_ATTENTION = f"{_MODELS}{_GATED_FAMILY}Attention"
_FEED_FORWARD = {f"{_MODELS}{family}FeedForward" for family in (*_PLAIN_FAMILIES, _GATED_FAMILY)}


def blocks_of(model: torch.nn.Module) -> tuple[torch.nn.Module, ...]:
    """The transformer's layers, first to last, of a model with a CTC head.

    Raises:
        ModelError: it has none where the wav2vec2 family has them.
    """
    blocks = _blocks(model)
    if not blocks:
        raise ModelError(
            "no transformer blocks of a known kind",
            where=type(model).__name__,
            expected="a model of the wav2vec2 family with a CTC head",
        )
    return blocks


def why_not_slim(model: torch.nn.Module) -> str | None:
    """Why the model's blocks cannot be pruned, None where they can."""
    blocks = _blocks(model)
    if not blocks:
        return f"{type(model).__name__} has no transformer blocks as the wav2vec2 family has them"
    return next((reason for reason in map(_why_not_block, blocks) if reason), None)


def structure_of(model: torch.nn.Module) -> Structure:
    """The widths of its blocks as they are now, for stock and for slim ones.

    Raises:
        ModelError: they are of another kind.
    """
    reason = why_not_slim(model)
    if reason is not None:
        raise ModelError("the model's blocks have no structure to prune", got=reason)
    return Structure(blocks=tuple(_structure_of_block(block) for block in blocks_of(model)))


def is_stock_attention(module: torch.nn.Module) -> bool:
    """Whether it is transformers' own, plain or gated."""
    return _class_name(module) in {*_PLAIN_ATTENTION, _GATED_ATTENTION}


def is_gated(attention: Any) -> bool:
    """Whether it passes a bias of positions on, as WavLM's does, stock or slim."""
    return _class_name(attention) == _GATED_ATTENTION or hasattr(attention, "max_distance")


def _blocks(model: torch.nn.Module) -> tuple[torch.nn.Module, ...]:
    base = getattr(model, getattr(model, "base_model_prefix", None) or "", None)
    layers = getattr(getattr(base, "encoder", None), "layers", None)
    return tuple(layers) if isinstance(layers, torch.nn.ModuleList) else ()


def _why_not_block(block: Any) -> str | None:
    parts = getattr(block, "attention", None), getattr(block, "feed_forward", None)
    if not (_is_known_attention(parts[0]) and _is_known_feed_forward(parts[1])):
        return f"its blocks, {type(block).__name__}, are not as those of wav2vec2 and WavLM"
    if getattr(block, "adapter_layer", None) is not None:
        return "its blocks have attention adapters"
    return None


def _is_known_attention(attention: Any) -> bool:
    return isinstance(attention, SlimAttention | RemovedAttention) or is_stock_attention(attention)


def _is_known_feed_forward(feed_forward: Any) -> bool:
    return isinstance(feed_forward, RemovedFeedForward) or (
        _class_name(feed_forward) in _FEED_FORWARD
    )


def _class_name(module: object) -> str:
    return f"{type(module).__module__}.{type(module).__qualname__}"


def _structure_of_block(block: Any) -> BlockStructure:
    attention, feed_forward = block.attention, block.feed_forward
    is_removed = isinstance(feed_forward, RemovedFeedForward)
    width = 0 if is_removed else cast(int, feed_forward.intermediate_dense.out_features)
    if is_stock_attention(attention):
        heads = (int(attention.head_dim),) * int(attention.num_heads)
        return BlockStructure(query_key=heads, value_output=heads, feed_forward=width)
    widths = attention.widths
    return BlockStructure(
        query_key=widths.query_key, value_output=widths.value_output, feed_forward=width
    )
