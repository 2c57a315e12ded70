"""The processor of a checkpoint: features from audio, text from tokens."""

from __future__ import annotations

from typing import Any

from asrcompress.core.checkpoint.layout import FEATURE_FILES, TOKENIZER_FILES
from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import ModelError

# What transformers' Auto classes raise for files that are missing or of the wrong form.
_CANNOT = (AttributeError, ImportError, LookupError, OSError, TypeError, ValueError)


def load_processor(checkpoint: Checkpoint, *, trust_remote_code: bool = False) -> Any:
    """A processor with `feature_extractor` and `tokenizer`, from the local folder only.

    Raises:
        ModelError: the files for one of them are missing or cannot be used, or need a package that
            is not installed.
    """
    for kind, names in (("a feature extractor", FEATURE_FILES), ("a tokenizer", TOKENIZER_FILES)):
        if not any((checkpoint.folder / name).is_file() for name in names):
            raise ModelError(
                f"the model has no files for {kind}",
                where=checkpoint.folder,
                expected=" or ".join(names),
                next_step="copy them from the model it was fine-tuned from",
            )
    with quiet_transformers():
        processor = _auto_processor(checkpoint, trust_remote_code)
        if hasattr(processor, "feature_extractor") and hasattr(processor, "tokenizer"):
            return processor
        return _from_parts(checkpoint, trust_remote_code)


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
            raise ModelError(
                "the model's processor files cannot be used",
                where=checkpoint.folder,
                got=f"{type(error).__name__}: {str(error)[:200]}",
            ) from None
    return Wav2Vec2Processor(*parts)
