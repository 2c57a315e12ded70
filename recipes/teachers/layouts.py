"""Three recognisers of one size, in the layouts of wav2vec 2.0, HuBERT and WavLM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from network import CONV_DIM, CONV_KERNEL, CONV_STRIDE
from transformers import (
    HubertConfig,
    HubertForCTC,
    PreTrainedModel,
    Wav2Vec2Config,
    Wav2Vec2ForCTC,
    WavLMConfig,
    WavLMForCTC,
)

# wav2vec 2.0 normalises before each block (as its large checkpoints do), the other two after it
# (as their base checkpoints do).
LAYOUTS: dict[str, tuple[type[Any], type[Any], bool]] = {
    "wav2vec2": (Wav2Vec2Config, Wav2Vec2ForCTC, True),
    "wavlm": (WavLMConfig, WavLMForCTC, False),
    "hubert": (HubertConfig, HubertForCTC, False),
}


def build(name: str) -> PreTrainedModel:
    """A new model with the bundled recogniser's convolutions; all other weights are random."""
    config_class, model_class, normalises_first = LAYOUTS[name]
    config = config_class(
        vocab_size=32, hidden_size=256, num_hidden_layers=4, num_attention_heads=4,
        intermediate_size=1024, conv_dim=CONV_DIM, conv_kernel=CONV_KERNEL,
        conv_stride=CONV_STRIDE, conv_bias=True, num_feat_extract_layers=len(CONV_DIM),
        feat_extract_norm="layer", do_stable_layer_norm=normalises_first,
        num_conv_pos_embeddings=32, num_conv_pos_embedding_groups=16, initializer_range=0.05,
        layerdrop=0.0, hidden_dropout=0.05, activation_dropout=0.05, attention_dropout=0.0,
        feat_proj_dropout=0.05, final_dropout=0.05, mask_time_prob=0.0, mask_feature_prob=0.0,
        ctc_loss_reduction="mean", ctc_zero_infinity=True, pad_token_id=0, bos_token_id=1,
        eos_token_id=2,
    )  # fmt: skip
    return model_class(config)


def start_from(model: PreTrainedModel, bundled: Path) -> None:
    """Give ``model`` the bundled recogniser's convolutions; its encoder stays random."""
    trained = Wav2Vec2ForCTC.from_pretrained(bundled).base_model.feature_extractor
    model.base_model.feature_extractor.load_state_dict(trained.state_dict())
