"""Which architecture a checkpoint's configuration asks for: CTC, or encoder and decoder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import ModelError

# Code of transformers and PyTorch. Not flash_attention_2 and its kin: where that package is not
# installed, transformers takes a kernel from the hub in its place.
_BUILT_IN_ATTENTION = ("eager", "sdpa", "flex_attention")
# Of transformers' speech-to-text mapping, those whose `generate` takes features alone and whose
# tokenizer gives the text. Others need a prompt, synthesise speech or write music.
ENCODER_DECODER_TYPES = ("moonshine", "whisper")
# From the least to the most that a model can have; the deepest that are published have 48 layers.
_SIZES: dict[str, tuple[float, float]] = {
    "layers": (0, 1_000),
    "hidden_size": (0, 1_000_000),
    "d_model": (0, 1_000_000),
    "num_labels": (0, 1_000_000),
    "conv_kernel": (1, 10_000),
    "conv_stride": (1, 10_000),
}
_ATTENTION_KEYS = ("attn_implementation", "_attn_implementation", "_attn_implementation_internal")


def config_of(checkpoint: Checkpoint, *, trust_remote_code: bool = False) -> Any:
    """The checkpoint's configuration object.

    Raises:
        ModelError: its type is unknown, needs the model's own code, or its values cannot be used.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import CONFIG_MAPPING, AutoConfig

    _refuse_other_quantisation(checkpoint)
    _refuse_sizes(checkpoint, checkpoint.config)
    _refuse_kernels(checkpoint, _attention_named_in(checkpoint.config))
    if checkpoint.model_type not in CONFIG_MAPPING and not trust_remote_code:
        _refuse_unknown(checkpoint)
    try:
        with quiet_transformers():
            config = AutoConfig.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code
            )
    except (
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RecursionError,
        StrictDataclassError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelError(
            "the model's configuration cannot be used",
            where=checkpoint.folder / "config.json",
            got=f"{type(error).__name__}: {str(error)[:200]}",
        ) from None
    _refuse_kernels(checkpoint, _attention_asked_for(config))
    return config


def model_class(checkpoint: Checkpoint, config: Any, *, trust_remote_code: bool = False) -> Any:
    """The class of the recogniser for a configuration: with a CTC head, or with a decoder.

    Raises:
        ModelError: models of this type do not transcribe, or not in a way that is tested here.
    """
    from transformers import MODEL_FOR_CTC_MAPPING, MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    if type(config) in MODEL_FOR_CTC_MAPPING:
        return MODEL_FOR_CTC_MAPPING[type(config)]
    if getattr(config, "model_type", None) in ENCODER_DECODER_TYPES:
        return MODEL_FOR_SPEECH_SEQ_2_SEQ_MAPPING[type(config)]
    own = _own_class(checkpoint)
    if own and trust_remote_code:
        return get_class_from_dynamic_module(own, checkpoint.folder, local_files_only=True)
    raise ModelError(
        "not a model that transcribes",
        where=checkpoint.model,
        got=f"model type {checkpoint.model_type}",
        expected=f"one of {', '.join(_known_types())}",
    )


def _own_class(checkpoint: Checkpoint) -> str | None:
    """The class that the checkpoint's own code has for a recogniser."""
    named = checkpoint.config.get("auto_map") or {}
    return named.get("AutoModelForCTC") or named.get("AutoModelForSpeechSeq2Seq")


def _known_types() -> tuple[str, ...]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CTC_MAPPING_NAMES

    return tuple(sorted({*MODEL_FOR_CTC_MAPPING_NAMES, *ENCODER_DECODER_TYPES}))


def _refuse_unknown(checkpoint: Checkpoint) -> None:
    if "auto_map" in checkpoint.config:
        raise ModelError(
            "the model needs Python code that comes with it",
            where=checkpoint.model,
            got=f"model type {checkpoint.model_type}",
            next_step="read that code, then allow it with --trust-remote-code",
        )
    raise ModelError(
        "unknown type of model",
        where=checkpoint.folder / "config.json",
        got=f"model_type {checkpoint.config.get('model_type')!r}",
        expected=f"one of {', '.join(_known_types())}",
    )


def _refuse_kernels(checkpoint: Checkpoint, asked: Iterable[object]) -> None:
    """A configuration may name an attention kernel on the hub: native code, fetched to run."""
    for attention in asked:
        if attention is not None and attention not in _BUILT_IN_ATTENTION:
            raise ModelError(
                "the model asks for an attention kernel from elsewhere",
                where=checkpoint.folder / "config.json",
                got=f"attn_implementation {str(attention)[:200]}",
                expected=f"none, or one of {', '.join(_BUILT_IN_ATTENTION)}",
            )


def _attention_named_in(value: object) -> Iterator[object]:
    """What a configuration file names for attention, at whatever depth."""
    if isinstance(value, list):
        for inner in value:
            yield from _attention_named_in(inner)
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _ATTENTION_KEYS:
                yield from _attention_named_in(inner)
            elif isinstance(inner, dict):  # one for each part of the model
                yield from inner.values()
            else:
                yield inner


def _attention_asked_for(config: Any) -> Iterator[object]:
    """What a configuration object asks for, itself and in the configurations that are in it."""
    from transformers import PretrainedConfig

    yield getattr(config, "_attn_implementation", None)
    for inner in vars(config).values():
        if isinstance(inner, PretrainedConfig):
            yield from _attention_asked_for(inner)


def _refuse_sizes(checkpoint: Checkpoint, value: object, name: str = "") -> None:
    """Numbers that transformers would count up to, or divide by, before it finds them odd."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_sizes(checkpoint, inner, str(key))
    elif isinstance(value, list) and name in _SIZES:
        for inner in value:
            _refuse_sizes(checkpoint, inner, name)
    elif isinstance(value, int | float):
        bounds = _SIZES.get("layers" if name.endswith("layers") else name)
        bounds = (0, math.inf) if name.endswith("_eps") else bounds
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            raise ModelError(
                f"the model cannot be built: its {name} is of no model",
                where=checkpoint.folder / "config.json",
                got=value,
                expected=f"{bounds[0]} to {bounds[1]}",
            )


def _refuse_other_quantisation(checkpoint: Checkpoint) -> None:
    other = checkpoint.config.get("quantization_config")
    if other:
        method = other.get("quant_method") if isinstance(other, dict) else other
        raise ModelError(
            "the model was quantised by another tool",
            where=checkpoint.model,
            got=f"quantization_config {method}",
            expected="floating-point weights or an artefact of asrcompress",
        )
