"""Tiny modules of the families whose blocks can be pruned, with their norms before or after."""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers

from tests.checkpoints import ARCHITECTURES, config_of_tiny

# Name to architecture of tests.checkpoints and changes of its configuration.
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2": ("wav2vec2", {}),
    "wav2vec2-pre-norm": ("wav2vec2-layer-norm", {}),
    "hubert": ("hubert", {}),
    "hubert-pre-norm": ("hubert", {"do_stable_layer_norm": True}),
    "wavlm": ("wavlm", {}),
    "wavlm-pre-norm": ("wavlm", {"do_stable_layer_norm": True}),
    "data2vec-audio": ("data2vec-audio", {}),
    "unispeech": ("unispeech", {}),
    "unispeech-sat": ("unispeech-sat", {}),
    "sew": ("sew", {}),
}
# With these, two models in training compute the same.
NOTHING_RANDOM = {
    "activation_dropout": 0.0,
    "attention_dropout": 0.0,
    "feat_proj_dropout": 0.0,
    "final_dropout": 0.0,
    "hidden_dropout": 0.0,
    "layerdrop": 0.0,
    "apply_spec_augment": False,
}


def family_module(family: str, **changes: Any) -> Any:
    """The module with its CTC head, random but seeded, in eval mode: 2 blocks of 2 heads of 16."""
    architecture, own_changes = FAMILIES[family]
    config = config_of_tiny(architecture)
    for name, value in (own_changes | changes).items():
        assert hasattr(config, name), name
        setattr(config, name, value)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = getattr(transformers, f"{ARCHITECTURES[architecture][0]}ForCTC")(config)
        for name, parameter in module.named_parameters():
            if name.endswith("bias") or "gru_rel_pos" in name:  # else zeros and ones
                torch.nn.init.normal_(parameter, std=0.3)
    return module.eval()


def heard(batch: int = 3, samples: int = 8000) -> dict[str, torch.Tensor]:
    """Noise; the first utterance is whole, others are padded."""
    noise = torch.randn(batch, samples, generator=torch.Generator().manual_seed(1))
    mask = torch.ones(batch, samples, dtype=torch.long)
    for row in range(1, batch):
        mask[row, samples - row * samples // 4 :] = 0
    return {"input_values": noise * mask, "attention_mask": mask}


@torch.no_grad()
def logits_of(module: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """(batch, frames, tokens); the inputs are left as they are."""
    logits: torch.Tensor = module(**copy.deepcopy(inputs)).logits
    return logits
