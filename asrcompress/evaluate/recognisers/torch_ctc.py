"""CTC models of transformers and their compressed artefacts, in PyTorch, decoded greedily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asrcompress.core.checkpoint import Checkpoint
from asrcompress.core.errors import InputError
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions
from asrcompress.evaluate.recognisers._ctc import CtcRecogniser
from asrcompress.evaluate.recognisers._loaded import loaded_with

if TYPE_CHECKING:
    import torch


def accepts(checkpoint: Checkpoint) -> bool:
    """True for every checkpoint that is not an encoder-decoder; loading tells of the others."""
    return not checkpoint.is_encoder_decoder and checkpoint.runtime == "torch"


def open(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened model; sets the number of threads of the whole process where one is asked for.

    Raises:
        ModelError, IntegrityError, InputError: as `core.checkpoint.load`.
        InputError: a language was asked for.
    """
    if options.language is not None:
        raise InputError(
            "the model has no choice of languages", where=checkpoint.model, got=options.language
        )
    loaded, threads = loaded_with(checkpoint, options)
    return TorchCtc(loaded, options.device, threads)


@dataclass(frozen=True)
class TorchCtc(CtcRecogniser):
    """A loaded CTC model."""

    runtime: str = "torch_ctc"

    def _forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Not under inference_mode: quanto's qint4 and qint2 crash under it.

        WavLM's own attention makes torch warn of its mask's type, which is none of the user's
        business.
        """
        import torch

        with torch.no_grad():
            moved = {name: tensor.to(self.device) for name, tensor in inputs.items()}
            logits: torch.Tensor = self.loaded.model(**moved).logits
        return logits.cpu()
