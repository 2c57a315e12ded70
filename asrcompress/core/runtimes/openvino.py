"""OpenVINO: an artefact's graph, opened for the processor it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asrcompress.core.errors import ModelError
from asrcompress.core.machine import machine
from asrcompress.core.runtimes._needed import needed

GRAPH_NAME = "openvino_model.xml"  # the names that optimum-intel loads
WEIGHTS_NAME = "openvino_model.bin"
_PRODUCTS = ("FullyConnected", "Convolution", "GroupConvolution", "MatMul")


@dataclass(frozen=True)
class OpenvinoGraph:
    """A compiled graph with one request, so one run at a time."""

    inputs: tuple[str, ...]
    threads: int
    compiled: Any
    request: Any

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
        found = self.request.infer({name: inputs[name] for name in self.inputs})
        return np.array(found[0], dtype=np.float32)

    def kernels(self) -> tuple[str, ...]:
        """The primitives of the compiled graph's matrix products and convolutions."""
        counts: Counter[str] = Counter()
        for node in self.compiled.get_runtime_model().get_ops():
            info = node.get_rt_info()
            if str(info["layerType"].value).startswith(_PRODUCTS):
                counts[str(info["primitiveType"].value)] += 1
        words = machine().int8_kernels
        return tuple(
            f"{name} x{count}" + (f" ({words})" if words and name.lower().endswith("i8") else "")
            for name, count in counts.most_common()
        )


def open_graph(
    folder: Path, inputs: tuple[str, ...], threads: int | None, *, exact: bool
) -> OpenvinoGraph:
    """The artefact's graph, compiled for this processor.

    Unless `exact`, what is no 8-bit product is computed in the type that this processor is fastest
    in, as OpenVINO chooses.

    Raises:
        ModelError: OpenVINO is not installed, or cannot read or compile the graph.
    """
    openvino = needed("openvino", extra="openvino")
    core = openvino.Core()
    try:
        return compiled(core, core.read_model(folder / GRAPH_NAME), inputs, threads, exact=exact)
    except RuntimeError as error:
        raise ModelError(
            "OpenVINO cannot open the graph",
            where=folder / GRAPH_NAME,
            got=str(error).strip().splitlines()[-1][:200],
            next_step="compress the model again",
        ) from None


def compiled(
    core: Any, graph: Any, inputs: tuple[str, ...], threads: int | None, *, exact: bool
) -> OpenvinoGraph:
    """A graph in memory, compiled; exact computes all that is not quantised in float32."""
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    if exact:
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    model = core.compile_model(graph, "CPU", settings)
    used = int(model.get_property("INFERENCE_NUM_THREADS"))
    return OpenvinoGraph(inputs, used, model, model.create_infer_request())
