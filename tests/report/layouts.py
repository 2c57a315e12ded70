"""The tensors of real models by name: kinds and shapes, without values."""

from __future__ import annotations

from collections.abc import Mapping

LINEAR = "Linear"
CONV = "Conv1d"
EMBEDDING = "Embedding"
NORM = "LayerNorm"

Shapes = Mapping[str, tuple[str, tuple[int, ...]]]


def wav2vec2(
    blocks: int = 24, width: int = 1024, inner: int = 4096, channels: int = 512
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The tensors of wav2vec 2.0 by name; the defaults are the large model's shapes."""
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    for index in range(7):
        stem = f"wav2vec2.feature_extractor.conv_layers.{index}"
        kernel = 10 if index == 0 else 3
        found[f"{stem}.conv.weight"] = (CONV, (channels, channels if index else 1, kernel))
        found[f"{stem}.layer_norm.weight"] = (NORM, (channels,))
    found["wav2vec2.feature_projection.projection.weight"] = (LINEAR, (width, channels))
    stem = "wav2vec2.encoder.pos_conv_embed.conv"
    found[f"{stem}.bias"] = (CONV, (width,))
    found[f"{stem}.parametrizations.weight.original0"] = (CONV, (1, 1, 128))
    found[f"{stem}.parametrizations.weight.original1"] = (CONV, (width, width // 16, 128))
    for block in range(blocks):
        stem = f"wav2vec2.encoder.layers.{block}"
        for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
            found[f"{stem}.attention.{name}.weight"] = (LINEAR, (width, width))
            found[f"{stem}.attention.{name}.bias"] = (LINEAR, (width,))
        found[f"{stem}.layer_norm.weight"] = (NORM, (width,))
        found[f"{stem}.feed_forward.intermediate_dense.weight"] = (LINEAR, (inner, width))
        found[f"{stem}.feed_forward.output_dense.weight"] = (LINEAR, (width, inner))
    found["lm_head.weight"] = (LINEAR, (32, width))
    return found


def whisper(blocks: int = 4, width: int = 384) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The tensors of Whisper tiny by name: an encoder, a decoder and a tied output layer."""
    found: dict[str, tuple[str, tuple[int, ...]]] = {
        "model.encoder.conv1.weight": (CONV, (width, 80, 3)),
        "model.encoder.conv2.weight": (CONV, (width, width, 3)),
        "model.encoder.embed_positions.weight": (EMBEDDING, (1500, width)),
    }
    for stack, attentions in (
        ("encoder", ("self_attn",)),
        ("decoder", ("self_attn", "encoder_attn")),
    ):
        if stack == "decoder":
            found["model.decoder.embed_tokens.weight"] = (EMBEDDING, (51865, width))
        for block in range(blocks):
            stem = f"model.{stack}.layers.{block}"
            for attention in attentions:
                for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
                    found[f"{stem}.{attention}.{name}.weight"] = (LINEAR, (width, width))
            found[f"{stem}.fc1.weight"] = (LINEAR, (4 * width, width))
            found[f"{stem}.fc2.weight"] = (LINEAR, (width, 4 * width))
            found[f"{stem}.final_layer_norm.weight"] = (NORM, (width,))
    found["proj_out.weight"] = (LINEAR, (51865, width))
    return found
