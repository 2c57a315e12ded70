"""Tiny CTC models that hear a spectrogram, with the processors of their families."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import transformers

_LETTERS = "ETAONIHSRDLUMWCFGYPBVK'XJQZ"
_SPACE = "\u2581"  # how SentencePiece writes it
_ENCODER: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 256,  # two groups of 128 a row at 4 and 2 bits
    "num_mel_bins": 80,
    "initializer_range": 0.1,
}
SPECTROGRAM: dict[str, tuple[str, dict[str, Any]]] = {
    "parakeet_ctc": (
        "Parakeet",
        {
            "encoder_config": {**_ENCODER, "subsampling_conv_channels": 8},
            "vocab_size": 30,
            "pad_token_id": 29,
        },
    ),
    "lasr_ctc": (
        "Lasr",
        {
            "encoder_config": {
                **_ENCODER,
                "subsampling_conv_channels": 16,
                "conv_kernel_size": 6,
            },
            "vocab_size": 32,
            "pad_token_id": 0,
        },
    ),
}
# Its feature extractor needs a package that is no dependency of this project.
NEEDS_TORCHAUDIO: dict[str, tuple[str, dict[str, Any]]] = {
    "granite_speech5_ctc": (
        "GraniteSpeech5",
        {
            "encoder_config": {
                **_ENCODER,
                "vocab_size": 30,
                "context_size": 16,
                "max_position_embeddings": 16,
            },
            "vocab_size": 30,
            "pad_token_id": 29,
        },
    ),
}


def has_torchaudio() -> bool:
    """Whether it is installed; where it does not fit PyTorch, transformers cannot be imported."""
    return find_spec("torchaudio") is not None


def write_spectrogram_processor(folder: Path, architecture: str) -> None:
    """Write the files that the family's `Processor.save_pretrained` writes."""
    if architecture in NEEDS_TORCHAUDIO:
        _write_granite_processor(folder)
        return
    name = SPECTROGRAM[architecture][0]
    features = getattr(transformers, f"{name}FeatureExtractor")(feature_size=80)
    tokenizer = _unigram_tokenizer() if architecture == "lasr_ctc" else _bpe_tokenizer()
    getattr(transformers, f"{name}Processor")(features, tokenizer).save_pretrained(folder)


def _write_granite_processor(folder: Path) -> None:
    """By hand, so that the checkpoint can be written where torchaudio is not installed."""
    features = {
        "feature_extractor_type": "GraniteSpeech5FeatureExtractor",
        "num_mel_bins": 80,
        "sampling_rate": 16_000,
        "n_fft": 512,
        "win_length": 400,
        "hop_length": 160,
        "delta_win_length": 3,
        "logmel_floor_db": 8.0,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": True,
    }
    content = {"feature_extractor": features, "processor_class": "GraniteSpeech5Processor"}
    (folder / "processor_config.json").write_text(json.dumps(content), encoding="utf-8")
    _bpe_tokenizer().save_pretrained(folder)


def _bpe_tokenizer() -> Any:
    """As NeMo's: byte-pair pieces, the unknown one first and the blank last."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    pieces = ["<unk>", _SPACE, *_LETTERS]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return transformers.ParakeetTokenizer(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>"
    )


def _unigram_tokenizer() -> Any:
    """As LASR's: the blank first, then the other special ones; no sentinels."""
    pieces = ["<epsilon>", "<s>", "</s>", "<unk>", _SPACE, *_LETTERS]
    return transformers.LasrTokenizer(
        vocab=[(piece, -2.0) for piece in pieces],
        bos_token="<s>",
        pad_token="<epsilon>",
        extra_ids=0,
    )
