"""How a checkpoint's decoder is to be run: its generation_config.json, where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asrcompress.core.checkpoint.layout import GENERATION_NAME
from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch


def set_generation(module: torch.nn.Module, checkpoint: Checkpoint) -> None:
    """Give the module its checkpoint's own settings: languages, tasks, tokens never to say.

    A module built from a configuration and tensors has none of them, and transformers reads them
    only where it reads the weights too. A module without a decoder is left alone.

    Raises:
        ModelError: the file cannot be used.
    """
    path = checkpoint.folder / GENERATION_NAME
    if not path.is_file() or not hasattr(module, "generate"):
        return
    from transformers import GenerationConfig

    try:
        with quiet_transformers():
            found = GenerationConfig.from_pretrained(checkpoint.folder, local_files_only=True)
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise ModelError(
            "the model's generation settings cannot be used",
            where=path,
            got=f"{type(error).__name__}: {str(error)[:200]}",
        ) from None
    module.generation_config = found
