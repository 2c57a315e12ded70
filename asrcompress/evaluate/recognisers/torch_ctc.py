"""CTC models of transformers and their compressed artefacts, in PyTorch, decoded greedily."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asrcompress.core.checkpoint import Checkpoint
from asrcompress.core.errors import InputError
from asrcompress.core.precision import FLOAT32
from asrcompress.evaluate.batches import Batching
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions
from asrcompress.evaluate.recognisers._compiled import compile_blocks
from asrcompress.evaluate.recognisers._ctc import CtcRecogniser
from asrcompress.evaluate.recognisers._loaded import loaded_with
from asrcompress.evaluate.torch_options import autocast, compiler_explained

if TYPE_CHECKING:
    import torch

_WARM_UP_S = (3.0, 2.0)  # lengths are variables in what is compiled: any will do


def accepts(checkpoint: Checkpoint) -> bool:
    """True for every checkpoint that is not an encoder-decoder; loading tells of the others."""
    return not checkpoint.is_encoder_decoder and checkpoint.runtime == "torch"


def open(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened model; sets the number of threads of the whole process where one is asked for.

    Raises:
        ModelError, IntegrityError, InputError: as `loaded_with`.
        InputError: a language was asked for.
    """
    if options.language is not None:
        raise InputError(
            "the model has no choice of languages", where=checkpoint.model, got=options.language
        )
    from asrcompress.core.checkpoint.slim.front_end import use_fast_front_end

    loaded, threads = loaded_with(checkpoint, options)
    recogniser = TorchCtc(
        loaded, options.device, threads, dtype=options.dtype, compiled=options.compile
    )
    if options.device == "cpu" and options.dtype == FLOAT32:
        use_fast_front_end(loaded.model)  # not in `load`: stored probes are of the stock one
    if options.compile:
        with compiler_explained(checkpoint.model):
            compile_blocks(loaded)
            recogniser.warm_up()
    return recogniser


@dataclass(frozen=True)
class TorchCtc(CtcRecogniser):
    """A loaded CTC model."""

    runtime: str = "torch_ctc"

    def batching(self, batch_size: int) -> Batching:
        """As in plain float32: a coarser type's rounding would hide what padding changes."""
        import torch

        with torch.compiler.set_stance("force_eager"):
            return CtcRecogniser.batching(replace(self, dtype=FLOAT32), batch_size)

    def warm_up(self) -> None:
        """Compile for one recording and for several, of any length."""
        from asrcompress.core.checkpoint.probe import pseudo_speech

        long, short = (pseudo_speech(self.sample_rate_hz, duration_s=s) for s in _WARM_UP_S)
        self._logits([long])
        if self.batching(2).batch_size > 1:
            self._logits([long, short])

    def _forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Not under inference_mode: quanto's qint4 and qint2 crash under it.

        WavLM's own attention makes torch warn of its mask's type, which is none of the user's
        business.
        """
        import torch

        with torch.no_grad(), autocast(self.device, self.dtype):
            moved = {name: tensor.to(self.device) for name, tensor in inputs.items()}
            logits: torch.Tensor = self.loaded.model(**moved).logits
        return logits.float().cpu()
