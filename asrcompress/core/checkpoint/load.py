"""Loading: a checkpoint or an artefact becomes a module in eval mode with its processor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.core.checkpoint.architecture import config_of, model_class
from asrcompress.core.checkpoint.encodings import HALVES
from asrcompress.core.checkpoint.generation import set_generation
from asrcompress.core.checkpoint.integrity import verify
from asrcompress.core.checkpoint.locate import Checkpoint, locate
from asrcompress.core.checkpoint.plain import load_plain, refusing_bad_configuration
from asrcompress.core.checkpoint.processor import load_processor
from asrcompress.core.checkpoint.quantised import dtype_name, empty_module, fill
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.checkpoint.weights import read_weights
from asrcompress.core.device import resolve_device
from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

_OWN_CODE_PACKAGE = "transformers_modules."  # where transformers imports a checkpoint's code to


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A recogniser, float32 (quantised weights aside) and in eval mode, and its processor."""

    model: torch.nn.Module
    processor: Any
    checkpoint: Checkpoint

    @property
    def config(self) -> Any:
        """The module's configuration."""
        return getattr(self.model, "config", None)

    @property
    def sample_rate_hz(self) -> int:
        return int(self.processor.feature_extractor.sampling_rate)

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether text comes from a decoder's steps, not from one row of logits a frame."""
        return bool(getattr(self.config, "is_encoder_decoder", False))

    @property
    def runs_own_code(self) -> bool:
        """Whether any of its classes is from the Python code that came with the checkpoint."""
        processor = self.processor
        parts = (
            self.model,
            self.config,
            processor,
            processor.feature_extractor,
            processor.tokenizer,
        )
        return any(type(part).__module__.startswith(_OWN_CODE_PACKAGE) for part in parts)


def load(
    model: str | Path | Checkpoint,
    *,
    device: str = "cpu",
    trust_remote_code: bool = False,
    verified: bool = True,
) -> LoadedModel:
    """The module that MODEL names, loaded from local files without contacting the hub.

    verified: hash an artefact's weight file; not needed by a caller who compares its tensors. A
    quantised artefact runs under `torch.no_grad`, not under `torch.inference_mode`.

    Raises:
        ModelError: it cannot be found, is damaged, or does not transcribe.
        IntegrityError: an artefact differs from what its manifest records.
        InputError: there is no such device here.
    """
    target = resolve_device(device)
    checkpoint = model if isinstance(model, Checkpoint) else locate(model)
    if checkpoint.runtime != "torch":
        raise ModelError(
            "the model is for another runtime than PyTorch",
            where=checkpoint.model,
            got=checkpoint.runtime,
            next_step="evaluate it as it is, or load what it was made from",
        )
    tensors = read_weights(checkpoint.weight_files)
    loaded = _build(checkpoint, tensors, "float32", trust_remote_code=trust_remote_code)
    if verified and checkpoint.manifest is not None:
        verify(checkpoint.weight_files[0], checkpoint.manifest, loaded.model)
    if checkpoint.manifest is not None and checkpoint.manifest.structure is not None:
        from asrcompress.core.checkpoint.slim.front_end import use_fast_front_end

        use_fast_front_end(loaded.model)  # which is most of the time where blocks are small
    loaded.model.to(target)
    return loaded


def load_without_values(checkpoint: Checkpoint, *, trust_remote_code: bool = False) -> LoadedModel:
    """A recogniser whose tensors hold nothing: for its configuration, formulas and processor.

    Raises:
        ModelError: it does not transcribe, or its configuration cannot be used.
    """
    import torch

    config = config_of(checkpoint, trust_remote_code=trust_remote_code)
    architecture = model_class(checkpoint, config, trust_remote_code=trust_remote_code)
    processor = load_processor(checkpoint, trust_remote_code=trust_remote_code)
    with refusing_bad_configuration(checkpoint), quiet_transformers(), torch.device("meta"):
        module: Any = architecture._from_config(config)
    return LoadedModel(module.eval(), processor, checkpoint)


def load_as_stored(
    checkpoint: Checkpoint, tensors: dict[str, torch.Tensor], *, trust_remote_code: bool = False
) -> LoadedModel:
    """A float checkpoint on the CPU, in half precision where all its weights are stored so.

    tensors: what its files hold. Those of the module's dtype are not copied: they stay mapped from
    the files and cost no memory until their values are used. Weights of several dtypes become
    float32, since rounding the norms of a float16 checkpoint would change the model.

    Raises:
        ModelError: it is damaged, or does not transcribe.
        IntegrityError: an artefact differs from what its manifest records.
    """
    stored = {dtype_name(t.dtype) for t in tensors.values() if t.is_floating_point()}
    dtype = stored.pop() if len(stored) == 1 and stored <= {*HALVES} else "float32"
    loaded = _build(checkpoint, tensors, dtype, trust_remote_code=trust_remote_code)
    if checkpoint.manifest is not None:
        verify(checkpoint.weight_files[0], checkpoint.manifest, loaded.model)
    return loaded


def _build(
    checkpoint: Checkpoint,
    tensors: dict[str, torch.Tensor],
    dtype: str,
    *,
    trust_remote_code: bool,
) -> LoadedModel:
    import torch

    config = config_of(checkpoint, trust_remote_code=trust_remote_code)
    architecture = model_class(checkpoint, config, trust_remote_code=trust_remote_code)
    processor = load_processor(checkpoint, trust_remote_code=trust_remote_code)
    manifest = checkpoint.manifest
    if manifest is not None and not (manifest.is_plain and manifest.structure is None):
        with refusing_bad_configuration(checkpoint):
            empty = empty_module(architecture, config)
        module = fill(empty, manifest, tensors, str(checkpoint.weight_files[0]))
    else:
        module = load_plain(checkpoint, architecture, config, tensors, getattr(torch, dtype))
    set_generation(module, checkpoint)
    return LoadedModel(module.eval(), processor, checkpoint)
