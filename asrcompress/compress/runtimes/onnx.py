"""ONNX Runtime: graphs whose 8-bit layers quantise their activations as they run.

8-bit codes are multiplied as they are with activations of 8 bits, whose range is the call's own,
so nothing is calibrated. (Calibrated ranges, with a rounding between all operations, were slower.)
Codes below 8 bits are the weights of MatMulNBits, whose activations are 8-bit too, block by block.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from asrcompress.compress.runtimes._export import Arrays, Exportable, Exported
from asrcompress.compress.runtimes._onnx_graph import PREFIX, RUNTIME_DOMAIN, GraphEditor
from asrcompress.compress.runtimes._onnx_products import Products
from asrcompress.compress.weight_codes import WeightCodes
from asrcompress.core.errors import ModelError
from asrcompress.core.progress import Progress
from asrcompress.core.runtimes._needed import needed
from asrcompress.core.runtimes.onnx import GRAPH_NAME, WEIGHTS_NAME, opened

if TYPE_CHECKING:
    import torch

NEEDS = ("onnx", "onnxruntime")
CALIBRATES = False
ENCODER_FORM = "RowEncoder"
_OPSET = 17  # the first with LayerNormalization
_RUNTIME_OPSET = 1  # of ONNX Runtime's own operators
_ONE_FILE_BYTES = 1_500_000_000  # protobuf's limit is 2 GiB
_SMALL_BYTES = 1024  # what the graph reads while it is optimised stays in its own file
_LARGEST_CODE = 127


@dataclass(frozen=True, slots=True)
class _Traced:
    """A graph whose weights are inputs of it, and these weights by name."""

    proto: Any
    weights: dict[str, torch.Tensor]


def trace(model: Exportable, folder: Path) -> _Traced:  # noqa: ARG001 - it stays in memory
    """The model's graph in floats, in memory, without a copy of its weights.

    Raises:
        ModelError: a package is not installed, or ONNX has no form of one of the operations.
    """
    onnx = needed("onnx", extra="onnx")
    import torch

    from asrcompress.compress.runtimes._onnx_attention import fused_attention, set_bias_apart

    names = model.traced.names
    example = tuple(torch.from_numpy(model.example[name]) for name in names)
    axes = {name: {0: "batch", 1: "time"} for name in names}
    made = io.BytesIO()
    try:
        with (
            torch.no_grad(),
            fused_attention(_OPSET),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model.traced,
                example,
                made,  # type: ignore[arg-type]  # the TorchScript exporter takes streams too
                input_names=list(names),
                output_names=["logits"],
                dynamic_axes={**axes, "logits": {0: "batch", 1: "frames"}},
                opset_version=_OPSET,
                dynamo=False,
                export_params=False,
                do_constant_folding=False,
            )
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise ModelError(
            "ONNX cannot express this model",
            got=str(error).strip().splitlines()[0][:200],
            next_step="leave --runtime out, or choose another",
        ) from None
    proto = onnx.load_from_string(made.getvalue())
    set_bias_apart(proto.graph)
    given = {value.name for value in proto.graph.input} - set(names)
    state = model.traced.state_dict(keep_vars=False)
    return _Traced(proto, {name: state[name].detach().contiguous() for name in given})


def logits_of(graph: _Traced, model: Exportable, inputs: Arrays) -> npt.NDArray[np.float32]:
    """(batch, frames, tokens) of a traced graph, in float32."""
    runtime = needed("onnxruntime", extra="onnx")
    weights = {name: weight.numpy() for name, weight in graph.weights.items()}
    names = (*model.traced.names, *weights)
    session = opened(runtime, graph.proto.SerializeToString(), names, None)
    return session.run({**{name: inputs[name] for name in model.traced.names}, **weights})


def write(graph: _Traced, model: Exportable, folder: Path, progress: Progress) -> Exported:
    """Quantise the traced graph and write it.

    Raises:
        ModelError: a layer to be quantised is not in the graph.
    """
    progress("writing", 0, 1)
    codes = _all_codes(graph, model)
    editor = GraphEditor(graph.proto.graph, graph.weights)
    found = editor.products()
    missing = sorted(codes.keys() - found.keys())
    if missing:
        raise ModelError(
            "ONNX has layers of this model in an unknown form",
            got=", ".join(missing[:3]),
            next_step="leave --runtime out, or exclude them",
        )
    products = Products(editor, is_windowed=lambda name: name not in model.codes)
    for name, product in found.items():  # in order, since later ones use what earlier ones round
        if name in codes:
            products.use(product, codes[name])
    files = _save(graph.proto, editor, folder)
    return Exported(files=files, layers=_forms(model, codes))


def _all_codes(graph: _Traced, model: Exportable) -> dict[str, WeightCodes]:
    """Of quantised Linear layers, and of convolutions that are products of rows.

    Those are quantised here, where anything is: int8 with a scale an output channel.
    """
    import torch

    codes = dict(model.codes)
    for name, layer in model.traced.model.named_modules():
        if name in codes or name in model.floats or not isinstance(layer, torch.nn.Linear):
            continue
        weight = f"{PREFIX}{name}.weight"
        if model.codes and weight in graph.weights:
            codes[name] = _rounded(graph.weights[weight].numpy())
    return codes


def _rounded(weight: npt.NDArray[np.float32]) -> WeightCodes:
    """(out, in) in 8 bits; the largest magnitude of a row is the largest code."""
    scale = np.abs(weight).max(axis=1, keepdims=True) / np.float32(_LARGEST_CODE)
    codes = np.rint(weight / np.where(scale == 0, 1, scale)).astype(np.int8)
    return WeightCodes(8, codes[:, None], scale[:, None].astype(np.float32))


def _forms(model: Exportable, codes: dict[str, WeightCodes]) -> dict[str, str]:
    """How each Linear layer and convolution is computed."""
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)
    return {
        name: _form(codes.get(name))
        for name, layer in model.traced.model.named_modules()
        if isinstance(layer, kinds)
    }


def _form(codes: WeightCodes | None) -> str:
    if codes is None:
        return "float32"
    return "int8" if codes.bits == 8 else "int4 weights"


def _save(proto: Any, editor: GraphEditor, folder: Path) -> tuple[str, ...]:
    """Write the edited graph; the names of the files, that of the weights first."""
    onnx = needed("onnx", extra="onnx")
    proto.graph.initializer.extend(editor.finish())
    if RUNTIME_DOMAIN not in {known.domain for known in proto.opset_import}:
        proto.opset_import.append(onnx.helper.make_opsetid(RUNTIME_DOMAIN, _RUNTIME_OPSET))
    size_bytes = sum(len(held.raw_data) for held in proto.graph.initializer)
    if size_bytes <= _ONE_FILE_BYTES:
        onnx.save_model(proto, folder / GRAPH_NAME)
        return (GRAPH_NAME,)
    onnx.save_model(
        proto,
        folder / GRAPH_NAME,
        save_as_external_data=True,
        location=WEIGHTS_NAME,
        size_threshold=_SMALL_BYTES,
    )
    return WEIGHTS_NAME, GRAPH_NAME
