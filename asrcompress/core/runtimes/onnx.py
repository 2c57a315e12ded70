"""ONNX Runtime: an artefact's graph, opened for the processor it runs on."""

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

GRAPH_NAME = "model.onnx"  # the names that optimum loads
WEIGHTS_NAME = "model.onnx_data"  # of graphs beyond what one file may hold
# Operators that multiply matrices, and whether they do so in 8 bits.
_PRODUCTS = {
    "DynamicQuantizeMatMul": True,
    "MatMulIntegerToFloat": True,
    "MatMulInteger": True,
    "MatMulNBits": True,
    "MatMul": False,
    "FusedMatMul": False,
    "Gemm": False,
    "FusedGemm": False,
    "Conv": False,
    "FusedConv": False,
    "MultiHeadAttention": False,
}
_TELL_NODES = "session.record_ep_graph_assignment_info"
# Without VNNI, products of unsigned and signed bytes saturate in sums of two of them. This option
# of ONNX Runtime makes the weights unsigned then, which is slower and exact; there it is set alone,
# since where VNNI is exact already it may slow products down all the same.
_EXACT_BYTES = "session.x64quantprecision"
_SATURATING = ("AVX-512", "AVX2", None)
_CHECKS_PATHS = (1, 24)  # the first version that itself refuses data outside the folder
_ERRORS_ONLY = 3  # ONNX Runtime's severity of messages


@dataclass(frozen=True)
class OnnxGraph:
    """A session on the CPU."""

    inputs: tuple[str, ...]
    threads: int
    session: Any

    def run(self, inputs: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
        found = self.session.run(None, {name: inputs[name] for name in self.inputs})
        return np.asarray(found[0], dtype=np.float32)

    def kernels(self) -> tuple[str, ...]:
        """The operators of matrix products after the graph was optimised.

        ONNX Runtime does not tell the instructions: those named are the processor's best, which
        its 8-bit kernels choose by themselves. Before 1.24 it tells nothing.
        """
        counts: Counter[str] = Counter()
        if not hasattr(self.session, "get_provider_graph_assignment_info"):
            return ()
        for part in self.session.get_provider_graph_assignment_info():
            counts.update(n.op_type for n in part.get_nodes() if n.op_type in _PRODUCTS)
        words = machine().int8_kernels
        return tuple(
            f"{name} x{count}" + (f" ({words})" if words and _PRODUCTS[name] else "")
            for name, count in counts.most_common()
        )


def open_graph(
    folder: Path,
    inputs: tuple[str, ...],
    threads: int | None,
    *,
    exact: bool,  # noqa: ARG001 - what is not quantised is always computed in float32
) -> OnnxGraph:
    """The artefact's graph, in a session of its own.

    Data outside the folder is refused, and no libraries of operators are registered.

    Raises:
        ModelError: ONNX Runtime is not installed, or cannot read the graph.
    """
    runtime = needed("onnxruntime", extra="onnx")
    trusts_paths = _version(runtime) < _CHECKS_PATHS
    checker = needed("onnx.checker", extra="onnx") if trusts_paths else None
    try:
        if checker is not None:
            checker.check_model(str(folder / GRAPH_NAME))
        return opened(runtime, str(folder / GRAPH_NAME), inputs, threads)
    except Exception as error:  # noqa: BLE001 - its own have no class in common but this
        raise ModelError(
            "ONNX Runtime cannot open the graph",
            where=folder / GRAPH_NAME,
            got=str(error).strip().splitlines()[-1][:200],
            next_step="compress the model again",
        ) from None


def _version(runtime: Any) -> tuple[int, int]:
    major, minor, *_ = str(runtime.__version__).split(".")
    return int(major), int(minor)


def opened(
    runtime: Any, graph: str | bytes, inputs: tuple[str, ...], threads: int | None
) -> OnnxGraph:
    """A session of the graph, in a file or in memory, that sends nothing to anybody."""
    runtime.disable_telemetry_events()  # there are some on Windows alone
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry(_TELL_NODES, "1")
    if machine().int8_kernels in _SATURATING:
        options.add_session_config_entry(_EXACT_BYTES, "1")
    used = machine().usable_cores if threads is None else threads
    options.intra_op_num_threads = used
    options.inter_op_num_threads = 1
    session = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    missing = {given.name for given in session.get_inputs()} ^ set(inputs)
    if missing:
        raise ValueError(f"inputs that are not as recorded: {', '.join(sorted(missing))}")
    return OnnxGraph(inputs, used, session)
