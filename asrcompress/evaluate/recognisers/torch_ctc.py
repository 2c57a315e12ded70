"""CTC models of transformers and their compressed artefacts, in PyTorch, decoded greedily."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from asrcompress.core.checkpoint import Checkpoint, LoadedModel, load, quiet_transformers
from asrcompress.core.cost import Sizes
from asrcompress.evaluate.batches import Batching, batching_of
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions

if TYPE_CHECKING:
    import torch

    from asrcompress.core.audio import Samples

_FEATURES_SHORTEST_S = 0.25  # one output frame of every spectrogram encoder (8-fold subsampling)


def accepts(checkpoint: Checkpoint) -> bool:
    """True for every checkpoint that is not an encoder-decoder; loading tells of the others."""
    return not checkpoint.config.get("is_encoder_decoder", False)


def open(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened model; sets the number of threads of the whole process where one is asked for.

    Raises:
        ModelError, IntegrityError, InputError: as `core.checkpoint.load`.
    """
    import torch

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    loaded = load(checkpoint, device=options.device, trust_remote_code=options.trust_remote_code)
    return TorchCtc(loaded, options.device, torch.get_num_threads(), _shortest(loaded))


@dataclass(frozen=True, slots=True)
class TorchCtc:
    """A loaded CTC model; `shortest` is the least number of samples that gives a frame."""

    loaded: LoadedModel
    device: str
    threads: int
    shortest: int
    runtime: str = "torch_ctc"

    @property
    def model(self) -> str:
        return self.loaded.checkpoint.model

    @property
    def model_sha256(self) -> str:
        return self.loaded.checkpoint.sha256()

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

    def batching(self, batch_size: int) -> Batching:
        return batching_of(self.loaded, batch_size)

    def transcribe(self, batch: Sequence[Samples]) -> list[str]:
        """The most probable token of each frame, repeats and blanks removed by the processor.

        A recording shorter than one frame is padded with zeros to one frame.
        """
        import torch

        if not batch:
            return []
        inputs = self._inputs(batch)
        # not inference_mode: quanto's qint4 and qint2 crash under it. WavLM's own attention makes
        # torch warn of its mask's type, which is none of the user's business.
        with quiet_transformers(), torch.no_grad():
            logits = self.loaded.model(**inputs).logits
        best = logits.argmax(dim=-1).cpu()
        lengths = _frames(self.loaded.model, inputs, best.shape[1])
        rows = [row[:length].tolist() for row, length in zip(best, lengths, strict=True)]
        return self._texts(rows)

    def _inputs(self, batch: Sequence[Samples]) -> dict[str, torch.Tensor]:
        with quiet_transformers():
            features = self.loaded.processor(
                audio=[_padded(samples, self.shortest) for samples in batch],
                sampling_rate=self.sample_rate_hz,
                padding="longest",
                return_tensors="pt",
            )
        return {name: tensor.to(self.device) for name, tensor in features.items()}

    def _texts(self, rows: list[list[int]]) -> list[str]:
        """Texts of token rows; a processor with a language model is asked for its tokenizer's."""
        processor = self.loaded.processor
        decoder = processor.tokenizer if hasattr(processor, "decoder") else processor
        return [str(text) for text in decoder.batch_decode(rows)]


def _padded(samples: Samples, shortest: int) -> Samples:
    missing = shortest - len(samples)
    return np.pad(samples, (0, missing)) if missing > 0 else samples


def _shortest(loaded: LoadedModel) -> int:
    """Samples that give one output frame: the receptive field of the convolutions over waveform.

    With kernels k and strides s, from the last layer to the first: r = (r - 1) * s + k.
    """
    config: Any = loaded.model.config
    if getattr(loaded.model, "main_input_name", "input_values") != "input_values":
        return round(_FEATURES_SHORTEST_S * loaded.sample_rate_hz)
    samples = int(getattr(config, "squeeze_factor", 1))  # SEW averages that many frames into one
    for kernel, stride in zip(
        reversed(config.conv_kernel), reversed(config.conv_stride), strict=True
    ):
        samples = (samples - 1) * stride + kernel
    return samples


def _frames(model: Any, inputs: Mapping[str, torch.Tensor], most: int) -> list[int]:
    """The frames of each recording that are its own: what follows them comes from padding."""
    rows = next(iter(inputs.values())).shape[0]
    mask = inputs.get("attention_mask")
    if mask is None:
        return [most] * rows
    own = mask.sum(dim=-1)
    if hasattr(model, "_get_subsampling_output_length"):
        lengths = model._get_subsampling_output_length(own)
    else:
        lengths = model._get_feat_extract_output_lengths(own)
    return [min(most, int(length)) for length in lengths]
