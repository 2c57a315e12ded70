"""Write the averaged weights of a checkpoint as a plain transformers folder.

python export.py --checkpoint WORK/join.pt --out ../../asrcompress/bundled/model
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from network import configuration
from torch import Tensor
from transformers import PreTrainedModel, Wav2Vec2ForCTC
from utterances import TOKENS

PREPROCESSOR = {
    "do_normalize": True,
    "feature_extractor_type": "Wav2Vec2FeatureExtractor",
    "feature_size": 1,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": True,
    "sampling_rate": 16000,
    "processor_class": "Wav2Vec2Processor",
}
SPECIAL = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
TOKENIZER = {
    **SPECIAL,
    "do_lower_case": False,
    "return_attention_mask": True,
    "do_normalize": True,
    "word_delimiter_token": "|",
    "tokenizer_class": "Wav2Vec2CTCTokenizer",
    "processor_class": "Wav2Vec2Processor",
}


def averaged(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights of what ships, by their names in transformers."""
    average = torch.load(checkpoint, weights_only=True)["average"]
    return {key[3:]: value for key, value in average.items() if key.startswith("hf.")}


def write_model(model: PreTrainedModel, out: Path) -> None:
    """``model`` and its processor files as a folder that ``from_pretrained`` loads."""
    model.eval().save_pretrained(out)
    vocabulary = dict(zip(("<pad>", "<s>", "</s>", "<unk>"), range(4), strict=True))
    vocabulary |= {token: index for token, index in TOKENS.items() if index > 3}
    for name, content in {
        "vocab.json": vocabulary,
        "preprocessor_config.json": PREPROCESSOR,
        "special_tokens_map.json": SPECIAL,
        "tokenizer_config.json": TOKENIZER,
    }.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n")


def main() -> None:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    model = Wav2Vec2ForCTC(configuration())
    model.load_state_dict(averaged(options.checkpoint))
    write_model(model, options.out)


if __name__ == "__main__":
    main()
