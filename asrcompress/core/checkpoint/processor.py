"""The processor of a checkpoint: features from audio, text from tokens."""

from __future__ import annotations

from typing import Any

import numpy as np

from asrcompress.core.audio_stream import HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from asrcompress.core.checkpoint.layout import FEATURE_FILES, TOKENIZER_FILES
from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quiet import quiet_transformers, without_native_output
from asrcompress.core.errors import ModelError

# What transformers' Auto classes raise for files that are missing or of the wrong form.
_CANNOT = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_TRIED_S = (0.3, 0.2)  # of silence: two recordings of which one is padded


def load_processor(checkpoint: Checkpoint, *, trust_remote_code: bool = False) -> Any:
    """A processor with `feature_extractor` and `tokenizer`, from the local folder only.

    Raises:
        ModelError: the files for one of them are missing or cannot be used, or need a package that
            is not installed; or what is made of them takes no audio.
    """
    for kind, names in (("a feature extractor", FEATURE_FILES), ("a tokenizer", TOKENIZER_FILES)):
        if not any((checkpoint.folder / name).is_file() for name in names):
            raise ModelError(
                f"the model has no files for {kind}",
                where=checkpoint.folder,
                expected=" or ".join(names),
                next_step="copy them from the model it was fine-tuned from",
            )
    with quiet_transformers(), without_native_output():
        processor = _auto_processor(checkpoint, trust_remote_code)
        if not (hasattr(processor, "feature_extractor") and hasattr(processor, "tokenizer")):
            processor = _from_parts(checkpoint, trust_remote_code)
        if not trust_remote_code:  # what a class of its own takes is not known
            _try(checkpoint, processor.feature_extractor)
    return processor


def _try(checkpoint: Checkpoint, extractor: Any) -> None:
    """Make sure that features come out of it, whatever its files say of rates and sizes."""
    rate_hz = getattr(extractor, "sampling_rate", None)
    if (
        not isinstance(rate_hz, int | float)
        or not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ
        or rate_hz != int(rate_hz)
    ):
        raise ModelError(
            "the model's feature extractor has no sampling rate that can be used",
            where=checkpoint.folder,
            got=repr(rate_hz),
            expected=f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz",
        )
    silence = [np.zeros(round(seconds * rate_hz), np.float32) for seconds in _TRIED_S]
    try:
        extractor(silence, sampling_rate=rate_hz, padding="longest", return_tensors="pt")
    except _CANNOT as error:
        raise _unusable(checkpoint, error) from None


def _auto_processor(checkpoint: Checkpoint, trust_remote_code: bool) -> Any:
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except _CANNOT:
        return None  # for example a language model's processor without its decoder installed


def _from_parts(checkpoint: Checkpoint, trust_remote_code: bool) -> Any:
    from transformers import AutoFeatureExtractor, AutoTokenizer, Wav2Vec2Processor

    parts = []
    for part in (AutoFeatureExtractor, AutoTokenizer):
        try:
            parts.append(
                part.from_pretrained(
                    checkpoint.folder, local_files_only=True, trust_remote_code=trust_remote_code
                )
            )
        except ImportError as error:
            raise ModelError(
                "the model's processor needs a package that cannot be used here",
                where=checkpoint.folder,
                got=f"{type(error).__name__}: {str(error)[:200]}",
                next_step="install it in the build that fits the installed PyTorch",
            ) from None
        except _CANNOT as error:
            raise _unusable(checkpoint, error) from None
    return Wav2Vec2Processor(*parts)


def _unusable(checkpoint: Checkpoint, error: Exception) -> ModelError:
    return ModelError(
        "the model's processor files cannot be used",
        where=checkpoint.folder,
        got=f"{type(error).__name__}: {str(error)[:200]}",
    )
