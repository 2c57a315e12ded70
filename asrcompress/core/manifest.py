"""asrcompress.json: what an artefact is, how it was made and how to tell that it is intact."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from asrcompress.core.bounds import Count, Finite, Magnitude
from asrcompress.core.cost import Sizes
from asrcompress.core.files import read_json
from asrcompress.core.ledger import Ledger
from asrcompress.core.structure import Structure
from asrcompress.core.training_record import TrainingRecord
from asrcompress.core.validation import validated

MANIFEST_NAME = "asrcompress.json"
PLAIN_WEIGHTS_NAME = "model.safetensors"  # an ordinary checkpoint: from_pretrained loads it
QUANTISED_WEIGHTS_NAME = "asrcompress.safetensors"  # a name from_pretrained refuses, on purpose

Storage = Literal["dense", "bitmask"]
Runtime = Literal["torch", "onnx", "openvino"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceRecord(_Model):
    """The checkpoint that was compressed; sha256 is over its weight files."""

    model: str
    revision: str | None = None
    sha256: str
    dtype: str
    sizes: Sizes
    low_mantissa_bits_zero: bool = Field(
        description="fp32 weights that came from fp16 or bf16: their zip ratio is not comparable"
    )


class MethodStep(_Model):
    """One method with the parameters it ran with, in the order applied."""

    method: str
    params: dict[str, Any]


class Selection(_Model):
    """Which layers the methods may touch: all Linear ones, without further options.

    Patterns are fnmatch patterns over layer names; one that matches a block takes all layers in
    it. Without `include` every layer is in; `exclude` wins over `include`.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    conv: bool = Field(
        default=False, description="quantise Conv1d weights too (feature extractor, positions)"
    )
    embedding: bool = Field(default=False, description="quantise embedding tables too")
    keep_head: bool = Field(
        default=False, description="leave the output layer (lm_head, proj_out) as it is"
    )


class CalibrationCorpus(_Model):
    """Audio that a plan was measured on; no transcript is used."""

    name: str
    condition: str
    utterances: Count
    duration_s: Magnitude
    sha256: str


class CalibrationRecord(_Model):
    """How a plan of bits was found.

    budget: as asked for, for example "8.3 MB" or "0.01 nats". divergence: Kullback-Leibler
    divergence of the compressed model's posteriors from the original's, in nats a frame (a token,
    for a model with a decoder), by condition. predicted: the sum of the layers' own. measured: of
    the whole plan.
    """

    corpora: tuple[CalibrationCorpus, ...]
    budget: str
    budget_bytes: Count | None
    predicted: dict[str, Finite]
    measured: dict[str, Finite]
    plans_measured: Count


class Probe(_Model):
    """A fixed input's logits, to prove that a reload gives the same model.

    sha256 is over the float32 logits' bytes on the machine that saved it; the values of a few
    logits let another machine compare within a tolerance.
    """

    samples: int
    seed: int
    logits_shape: tuple[int, ...]
    sha256: str
    head: tuple[float, ...]


class ExportRecord(_Model):
    """A runtime's graph of the compressed model, and how near to it in PyTorch it is.

    files: sha256 of each file of the graph, the weights' among them. inputs: names, in order.
    layers: how many layers are computed how, for example {"int8": 74, "float32": 1}.
    calibration: what the ranges of activations were measured on; empty where the runtime measures
    them anew each time, or computes in floats. max_logit_change: of the probe's logits, absolute.
    divergence: nats a frame from the same model in PyTorch, by condition.
    """

    files: dict[str, str]
    inputs: tuple[str, ...]
    layers: dict[str, Count]
    calibration: tuple[CalibrationCorpus, ...] = ()
    max_logit_change: Magnitude
    divergence: dict[str, Finite]


class ArtefactManifest(_Model):
    """The whole of asrcompress.json."""

    schema_version: Literal[2] = 2
    label: str = Field(description="the compression's name, for example prune30-global-int8")
    source: SourceRecord
    steps: tuple[MethodStep, ...]
    selection: Selection = Selection()
    storage: Storage = "dense"
    seed: int = 0
    runtime: Runtime = "torch"
    weights_file: str
    weights_sha256: str
    quantization: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="module name to optimum-quanto's qtypes"
    )
    tensors: dict[str, str] = Field(
        description="sha256 of each tensor of the loaded state dict: an altered one is named"
    )
    encodings: dict[str, str] = Field(
        default_factory=dict,
        description="tensors that are stored in another form than they are loaded in",
    )
    sizes: Sizes
    ledger: Ledger
    calibration: CalibrationRecord | None = None
    structure: Structure | None = Field(
        default=None,
        description="what is left of each block, where no ordinary configuration can say it",
    )
    training: TrainingRecord | None = None
    export: ExportRecord | None = Field(
        default=None, description="of a graph for another runtime than PyTorch"
    )
    probe: Probe | None = Field(description="None for a module that is no recogniser")
    versions: dict[str, str]

    @property
    def is_quantised(self) -> bool:
        return bool(self.quantization)

    @property
    def is_float(self) -> bool:
        """Whether its weights are all there as numbers, so that it can be compressed further."""
        return not self.quantization and not self.encodings and self.runtime == "torch"

    @property
    def is_plain(self) -> bool:
        """Whether an ordinary `from_pretrained` can load it."""
        return self.weights_file == PLAIN_WEIGHTS_NAME


def read_manifest(folder: Path) -> ArtefactManifest | None:
    """The manifest of an artefact's folder, None where the folder is a plain checkpoint.

    Raises:
        InputError: the manifest is there but does not have its form.
    """
    path = folder / MANIFEST_NAME
    if not path.is_file():
        return None
    return validated(
        ArtefactManifest, read_json(path), where=path, next_step="compress the model again"
    )
