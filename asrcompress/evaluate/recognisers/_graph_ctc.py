"""CTC models as a runtime's graph: what every runtime's recogniser shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from asrcompress.core.checkpoint import Checkpoint
from asrcompress.core.checkpoint.integrity import verify_files
from asrcompress.core.checkpoint.load import load_without_values
from asrcompress.core.errors import InputError, ModelError
from asrcompress.core.precision import FLOAT32
from asrcompress.core.runtimes import Graph, open_graph
from asrcompress.evaluate.recogniser import Recogniser, RecogniserOptions
from asrcompress.evaluate.recognisers._ctc import CtcRecogniser

if TYPE_CHECKING:
    import torch


def open_ctc(checkpoint: Checkpoint, options: RecogniserOptions) -> Recogniser:
    """The opened graph, which computes on the CPU wherever the models beside it do.

    Raises:
        ModelError: the runtime is not installed, or cannot open the graph.
        IntegrityError: a file of the graph differs from what its manifest records.
        InputError: a language or PyTorch's own options were asked for.
    """
    manifest, runtime = checkpoint.manifest, checkpoint.runtime
    if manifest is None or manifest.export is None:
        raise ModelError(
            "the manifest has no record of a graph",
            where=checkpoint.model,
            got=f"runtime {runtime}",
            next_step="compress the model again",
        )
    _refuse(checkpoint, options)
    verify_files(checkpoint.folder, manifest.export.files)
    graph = open_graph(
        runtime,
        checkpoint.folder,
        inputs=manifest.export.inputs,
        exact=set(manifest.export.layers) == {"float32"},
        threads=options.threads,
    )
    loaded = load_without_values(checkpoint, trust_remote_code=options.trust_remote_code)
    return GraphCtc(loaded, "cpu", graph.threads, runtime=f"{runtime}_ctc", graph=graph)


@dataclass(frozen=True)
class GraphCtc(CtcRecogniser):
    """An opened graph; `loaded` holds no values."""

    runtime: str = field(kw_only=True)
    graph: Graph = field(kw_only=True)

    @property
    def kernels(self) -> tuple[str, ...]:
        return self.graph.kernels()

    def _forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        import torch

        arrays = {
            name: tensor.numpy().astype(np.float32 if tensor.is_floating_point() else np.int64)
            for name, tensor in inputs.items()
        }
        return torch.from_numpy(self.graph.run(arrays))


def _refuse(checkpoint: Checkpoint, options: RecogniserOptions) -> None:
    if options.dtype != FLOAT32 or options.compile:
        raise InputError(
            "dtype and compile are PyTorch's, which does not compute this model",
            where=checkpoint.model,
            got=checkpoint.runtime,
            next_step="leave --dtype and --compile out",
        )
    if options.language is not None:
        raise InputError(
            "the model has no choice of languages", where=checkpoint.model, got=options.language
        )
