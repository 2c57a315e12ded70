"""Tiny complete checkpoints of every architecture, random but seeded, for all rooms' tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers

from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.spectrogram_checkpoints import (
    NEEDS_TORCHAUDIO,
    SPECTROGRAM,
    write_spectrogram_processor,
)

TOKENS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]
_TRANSFORMER: dict[str, Any] = {
    "vocab_size": len(TOKENS),
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 256,  # two groups of 128 a row at 4 and 2 bits
    "initializer_range": 0.1,
}
_CONVOLUTIONAL: dict[str, Any] = {
    **_TRANSFORMER,
    "conv_dim": (16, 16, 16),
    "conv_kernel": (10, 8, 4),
    "conv_stride": (5, 8, 4),  # 160 samples, 10 ms, a frame
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
_LAYER_NORM: dict[str, Any] = {
    **_CONVOLUTIONAL,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "conv_bias": True,
}
_SQUEEZED: dict[str, Any] = {**_CONVOLUTIONAL, "squeeze_factor": 2}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "wav2vec2": ("Wav2Vec2", _CONVOLUTIONAL),
    "wav2vec2-layer-norm": ("Wav2Vec2", _LAYER_NORM),
    "hubert": ("Hubert", _CONVOLUTIONAL),
    "wavlm": ("WavLM", _CONVOLUTIONAL),
    "data2vec-audio": (
        "Data2VecAudio",
        {**_CONVOLUTIONAL, "conv_pos_kernel_size": 3, "num_conv_pos_embeddings": 2},
    ),
    "sew": ("SEW", _SQUEEZED),
    "sew-d": ("SEWD", {**_SQUEEZED, "max_position_embeddings": 64, "position_buckets": 16}),
    "unispeech": ("UniSpeech", _CONVOLUTIONAL),
    "unispeech-sat": ("UniSpeechSat", _CONVOLUTIONAL),
    "wav2vec2-conformer": ("Wav2Vec2Conformer", _CONVOLUTIONAL),
    "wav2vec2-bert": ("Wav2Vec2Bert", {**_TRANSFORMER, "feature_projection_input_dim": 160}),
    **SPECTROGRAM,
}
_ALL = {**ARCHITECTURES, **NEEDS_TORCHAUDIO}


def tiny_checkpoint(folder: Path, architecture: str = "wav2vec2", *, seed: int = 0) -> Path:
    """Write a checkpoint as save_pretrained does, with its processor; some 50,000 weights."""
    folder.mkdir(parents=True, exist_ok=True)
    with quiet_transformers():
        tiny_module(architecture, seed=seed).save_pretrained(folder)
    write_processor(folder, architecture)
    return folder


def tiny_module(architecture: str = "wav2vec2", *, seed: int = 0) -> Any:
    """The CTC module alone, in eval mode; its Linear weights are drawn from N(0, 0.1)."""
    name, _ = _ALL[architecture]
    config = config_of_tiny(architecture)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = getattr(transformers, f"{name}ForCTC")(config)
    return module.eval()


def config_of_tiny(architecture: str) -> Any:
    """The configuration; some families have their encoder's in it."""
    name, options = _ALL[architecture]
    form = "CTCConfig" if "encoder_config" in options else "Config"
    return getattr(transformers, f"{name}{form}")(**options)


def write_processor(folder: Path, architecture: str = "wav2vec2") -> None:
    """Write a processor's files; with the 32 tokens of English CTC models, where it has no own."""
    if architecture in {*SPECTROGRAM, *NEEDS_TORCHAUDIO}:
        write_spectrogram_processor(folder, architecture)
        return
    vocabulary = {token: index for index, token in enumerate(TOKENS)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    if architecture == "wav2vec2-bert":
        features = transformers.SeamlessM4TFeatureExtractor(
            feature_size=80, num_mel_bins=80, sampling_rate=16_000, stride=2, padding_value=0.0
        )
        transformers.Wav2Vec2BertProcessor(features, tokenizer).save_pretrained(folder)
        return
    features = transformers.Wav2Vec2FeatureExtractor(
        feature_size=1,
        sampling_rate=16_000,
        padding_value=0.0,
        do_normalize=True,
        return_attention_mask=architecture != "wav2vec2",
    )
    transformers.Wav2Vec2Processor(features, tokenizer).save_pretrained(folder)


def tiny_encoder_decoder(folder: Path, architecture: str, *, seed: int = 0) -> Path:
    """Write a checkpoint of a model with a decoder; Whisper's window is 4 s instead of 30 s."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer, special = _ascii_tokenizer(architecture)
    name, options, tokens = ENCODER_DECODERS[architecture]
    tokens = {key: special[token] for key, token in tokens.items()}
    config = getattr(transformers, f"{name}Config")(
        **options, **tokens, vocab_size=len(tokenizer), tie_word_embeddings=True
    )
    with quiet_transformers(), torch.random.fork_rng():
        torch.manual_seed(seed)
        module = getattr(transformers, f"{name}ForConditionalGeneration")(config).eval()
        for parameter in module.parameters():  # decisive: as drawn, all tokens are near-ties
            if parameter.dim() > 1:
                parameter.data *= 25
        if architecture == "whisper":
            for key, value in _whisper_settings(special).items():
                setattr(module.generation_config, key, value)
        module.save_pretrained(folder)
    _processor(architecture, tokenizer).save_pretrained(folder)
    return folder


_SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|ar|>",
    "<|transcribe|>",
    "<|notimestamps|>",
)
_BOUNDS = {
    "pad_token_id": "<|endoftext|>",
    "eos_token_id": "<|endoftext|>",
    "bos_token_id": "<|startoftranscript|>",
    "decoder_start_token_id": "<|startoftranscript|>",
}
ENCODER_DECODERS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "whisper": (
        "Whisper",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "decoder_ffn_dim": 64,
            "num_mel_bins": 80,
            "max_source_positions": 200,
            "max_target_positions": 32,
        },
        _BOUNDS,
    ),
    "moonshine": (
        "Moonshine",
        {
            "hidden_size": 32,
            "intermediate_size": 64,
            "encoder_num_hidden_layers": 2,
            "decoder_num_hidden_layers": 2,
            "encoder_num_attention_heads": 2,
            "decoder_num_attention_heads": 2,
            "max_position_embeddings": 194,
        },
        _BOUNDS,
    ),
}


def _whisper_settings(special: dict[str, int]) -> dict[str, Any]:
    """What generation_config.json of a multilingual Whisper says."""
    return {
        "_from_model_config": False,  # else transformers drops what it does not know
        "is_multilingual": True,
        "lang_to_id": {token: special[token] for token in ("<|en|>", "<|ar|>")},
        "task_to_id": {"transcribe": special["<|transcribe|>"]},
        "no_timestamps_token_id": special["<|notimestamps|>"],
        "begin_suppress_tokens": None,
        "language": "en",
        "task": "transcribe",
    }


def _ascii_tokenizer(architecture: str) -> tuple[Any, dict[str, int]]:
    """A tokenizer with a token for each printable ASCII character, and its special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {chr(code): code - 33 for code in range(33, 127)} | {"\u0120": 94}  # a space
    bounds = {"pad_token": _SPECIAL[0], "eos_token": _SPECIAL[0]}
    if architecture == "whisper":
        wrapped = transformers.WhisperTokenizer(vocabulary, [], **bounds)
    else:
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **bounds)
    wrapped.add_special_tokens({"additional_special_tokens": list(_SPECIAL[1:])})
    return wrapped, {token: wrapped.convert_tokens_to_ids(token) for token in _SPECIAL}


def _processor(architecture: str, tokenizer: Any) -> Any:
    if architecture == "whisper":
        features = transformers.WhisperFeatureExtractor(chunk_length=4)
        return transformers.WhisperProcessor(features, tokenizer)
    features = transformers.Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    return transformers.Wav2Vec2Processor(features, tokenizer)


def large_module() -> Any:
    """The layout of wav2vec2-large, 315,471,520 weights as initialised."""
    config = transformers.Wav2Vec2Config(
        vocab_size=len(TOKENS),
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
    )
    return transformers.Wav2Vec2ForCTC(config)
