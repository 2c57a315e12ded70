"""What a recogniser is, whatever runs it: audio in, text out, and what it says of itself.

A runtime is one file in recognisers/ with two functions: `accepts(checkpoint)`, which looks at
the folder alone, and `open(checkpoint, options)`, which gives the recogniser.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from asrcompress.core.cost import Sizes
from asrcompress.core.errors import ModelError
from asrcompress.core.precision import FLOAT32, Dtype
from asrcompress.core.registry import load_plugin, plugin_names
from asrcompress.evaluate.batches import Batching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asrcompress.core.audio import Samples
    from asrcompress.core.checkpoint import Checkpoint
    from asrcompress.evaluate.recording import Recording


@dataclass(frozen=True, slots=True)
class RecogniserOptions:
    """How to open a model.

    threads: for the whole process; None leaves the runtime's choice. language: of a model that
    has several, for example en; None leaves it to the model's own settings. max_tokens_per_s: what
    a decoder may write at most; None takes its family's. dtype: of matrix products; others than
    float32 by PyTorch's autocast. compile: let torch.compile make the kernels, at opening.
    """

    device: str = "cpu"
    threads: int | None = None
    trust_remote_code: bool = False
    language: str | None = None
    max_tokens_per_s: float | None = None
    dtype: Dtype = FLOAT32
    compile: bool = False


class Recogniser(Protocol):
    """An opened model."""

    @property
    def runtime(self) -> str:
        """The plug-in's name, for example torch_ctc."""

    @property
    def model(self) -> str:
        """The model as the user named it."""

    @property
    def model_sha256(self) -> str:
        """The hash of its weight files."""

    @property
    def sizes(self) -> Sizes:
        """Its bytes in memory, on disk and zipped."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate that `transcribe` takes audio at."""

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda, cuda:1."""

    @property
    def threads(self) -> int:
        """How many processor threads it computes with."""

    @property
    def dtype(self) -> Dtype:
        """What its matrix products are computed in, where the runtime leaves the choice."""

    @property
    def compiled(self) -> bool:
        """Whether torch.compile made its kernels."""

    @property
    def kernels(self) -> tuple[str, ...]:
        """What computes its matrix products, for example avx512_vnni int8; after a first batch.

        As the runtime itself tells where it can, else what this processor and the weights' form
        imply.
        """

    def batching(self, batch_size: int) -> Batching:
        """How many of `batch_size` recordings it may take at once without a change of output."""

    def chunk_s(self, asked_s: float | None) -> float:
        """Seconds of its chunks where so many are asked for; longer recordings are cut.

        None asks for its own choice. A model with a fixed window has no longer ones.
        """

    def transcribe(self, batch: Sequence[Samples]) -> list[str]:
        """The raw text of each recording; (time,) float32 at `sample_rate_hz`, any lengths."""

    def transcribe_long(self, recording: Recording, chunk_s: float) -> str:
        """The raw text of one recording, in overlapping chunks of `chunk_s`, one in memory.

        Raises:
            InputError: the recording cannot be read.
        """


def open_recogniser(
    model: str | Path | Checkpoint, options: RecogniserOptions | None = None
) -> Recogniser:
    """The recogniser that MODEL names, opened by the first runtime that accepts its folder.

    Raises:
        ModelError: the model cannot be found or loaded, or no runtime accepts it.
        InputError: there is no such device here.
    """
    from asrcompress.core.checkpoint import Checkpoint, locate
    from asrcompress.evaluate import recognisers as runtimes

    checkpoint = model if isinstance(model, Checkpoint) else locate(model)
    for name in plugin_names(runtimes):
        runtime = load_plugin(runtimes, name)
        if runtime.accepts(checkpoint):
            recogniser: Recogniser = runtime.open(checkpoint, options or RecogniserOptions())
            return recogniser
    raise ModelError(
        "no runtime for this model",
        where=checkpoint.model,
        got=f"model type {checkpoint.model_type}",
        expected=f"one that {' or '.join(plugin_names(runtimes))} runs",
    )
