"""What recognisers share: opening a checkpoint, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load
from asrcompress.core.cost import Sizes
from asrcompress.core.precision import FLOAT32, Dtype
from asrcompress.evaluate.recogniser import RecogniserOptions
from asrcompress.evaluate.recognisers._kernels import torch_kernels
from asrcompress.evaluate.recognisers._unpacked import unpack_weights
from asrcompress.evaluate.torch_options import check_device


@dataclass(frozen=True)
class Loaded:
    """A loaded model, and where, with how many threads and how PyTorch runs it.

    dtype, compiled: see Recogniser.
    """

    loaded: LoadedModel
    device: str
    threads: int
    dtype: Dtype = field(default=FLOAT32, kw_only=True)
    compiled: bool = field(default=False, kw_only=True)

    @property
    def model(self) -> str:
        return self.loaded.checkpoint.model

    @property
    def model_sha256(self) -> str:
        return self.loaded.checkpoint.sha256()

    @property
    def kernels(self) -> tuple[str, ...]:
        return torch_kernels(self.loaded.checkpoint, self.device, self.dtype)

    @property
    def sizes(self) -> Sizes:
        """The artefact's recorded sizes, else counted: not zipped, which only compress does."""
        checkpoint = self.loaded.checkpoint
        if checkpoint.manifest is not None:
            return checkpoint.manifest.sizes
        tensors = self.loaded.model.state_dict().values()
        memory_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return Sizes(memory_bytes=memory_bytes, disk_bytes=checkpoint.disk_bytes)

    @property
    def sample_rate_hz(self) -> int:
        return self.loaded.sample_rate_hz


def loaded_with(checkpoint: Checkpoint, options: RecogniserOptions) -> tuple[LoadedModel, int]:
    """The loaded model and its number of threads, which holds for the whole process.

    Raises:
        ModelError, IntegrityError, InputError: as `core.checkpoint.load`.
        InputError: the device cannot compute in the dtype, or there is nothing to compile with.
    """
    import torch

    check_device(options.device, options.dtype, compiled=options.compile)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    loaded = load(checkpoint, device=options.device, trust_remote_code=options.trust_remote_code)
    if options.dtype != FLOAT32:
        unpack_weights(loaded)
    return loaded, torch.get_num_threads()
