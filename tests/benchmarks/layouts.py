"""Random checkpoints in the layouts that people use, and how much there is to compute in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import TOKENS, write_processor

_LARGE: dict[str, Any] = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
}
LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2-large": ("Wav2Vec2", _LARGE),
    "wav2vec2-base": ("Wav2Vec2", {}),
    "hubert-large": ("Hubert", _LARGE),
    "wavlm-base": ("WavLM", {}),
}


def write_checkpoint(layout: str, folder: Path) -> Path:
    """A checkpoint with its processor, which gives an attention mask as the real ones' do."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_transformers():
        _module(layout).save_pretrained(folder)
    has_mask = LAYOUTS[layout][1].get("feat_extract_norm") == "layer"
    write_processor(folder, "wav2vec2-layer-norm" if has_mask else "wav2vec2")
    return folder


def _module(layout: str) -> Any:
    name, options = LAYOUTS[layout]
    config = getattr(transformers, f"{name}Config")(**options, vocab_size=len(TOKENS))
    return getattr(transformers, f"{name}ForCTC")(config).eval()


def multiply_accumulates(layout: str, samples: int) -> int:
    """Of one recording through the model, counted from its layers' shapes."""
    with torch.device("meta"):
        model = _module(layout)
    config, length, count = model.config, samples, 0
    encoder = getattr(model, model.base_model_prefix)
    for layer in encoder.feature_extractor.conv_layers:
        length = (length - layer.conv.kernel_size[0]) // layer.conv.stride[0] + 1
        count += length * layer.conv.weight.numel()
    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Linear):
            of_each_head = name.endswith("gru_rel_pos_linear")
            rows = length * (config.num_attention_heads if of_each_head else 1)
            count += rows * part.weight.numel()
    count += length * encoder.encoder.pos_conv_embed.conv.weight.numel()
    # Queries with keys, and weights with values.
    return count + config.num_hidden_layers * 2 * length**2 * config.hidden_size


def counted_by_torch(layout: str, samples: int) -> int:
    """The same by torch's own counter, on tensors without values."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model = _module(layout)
        model.config._attn_implementation = "eager"
        model(torch.zeros(1, samples))
    return int(counter.get_total_flops()) // 2  # a multiplication and an addition
