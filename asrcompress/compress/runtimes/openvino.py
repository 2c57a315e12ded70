"""OpenVINO: graphs with 8-bit activations calibrated by NNCF, or with 8- and 4-bit weights alone.

Weights of Linear layers keep the codes and scales that the compression gave them, but for
calibrated 8-bit layers, which NNCF scales anew together with their activations (SmoothQuant).
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asrcompress.compress.runtimes._export import Arrays, Exportable, Exported
from asrcompress.compress.weight_codes import WeightCodes
from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.core.errors import ModelError
from asrcompress.core.progress import Progress
from asrcompress.core.runtimes._needed import needed
from asrcompress.core.runtimes.openvino import GRAPH_NAME, WEIGHTS_NAME, compiled

NEEDS = ("openvino", "nncf")
CALIBRATES = True
ENCODER_FORM = "PlanarEncoder"
_WEIGHT_PREFIX = "self.model."  # of the names of a traced model's weights
_NODE_PREFIX = "__module.model."  # of its operations
_LAYERS = {"MatMul", "Convolution", "GroupConvolution"}
# Of inputs that share one scale when 8-bit weights meet activations quantised on the fly: 20 %
# faster than OpenVINO's 32 at the same error (measured on 768 x 3072 with AVX512-VNNI).
_DYNAMIC_GROUP = "128"
_UNCONVERTED = "Model wasn't fully converted. Failed operations detailed log:"
_LARGEST_CODE = 15  # of 4 bits without a sign


def trace(model: Exportable, folder: Path) -> Any:  # noqa: ARG001 - it stays in memory
    """The model's graph in floats, in memory.

    Raises:
        ModelError: OpenVINO is not installed or has no form of one of the model's operations.
    """
    openvino = needed("openvino", extra="openvino")
    import torch

    example = tuple(torch.from_numpy(model.example[name]) for name in model.traced.names)
    try:
        with torch.no_grad(), quiet_transformers(), _quietly():
            graph = openvino.convert_model(model.traced, example_input=example)
    except (RuntimeError, ValueError) as e:
        raise ModelError(
            "OpenVINO cannot compute this model",
            got=_cause(e),
            next_step="leave --runtime out, or choose another",
        ) from None
    for given, name in zip(graph.inputs, model.traced.names, strict=True):
        given.get_tensor().set_names({name})
        given.get_node().set_friendly_name(name)
    graph.outputs[0].get_tensor().set_names({"logits"})
    dynamic = {
        name: [-1 if axis < 2 else size for axis, size in enumerate(model.example[name].shape)]
        for name in model.traced.names
    }
    graph.reshape(dynamic)
    return graph


def _cause(error: Exception) -> str:
    """The line that tells most: the exception that tracing met, else what OpenVINO lacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for before, line in pairwise(lines):
        if before in ("Exception:", _UNCONVERTED):
            return line[:200]
    return lines[-1][:200] if lines else type(error).__name__


def logits_of(graph: Any, model: Exportable, inputs: Arrays) -> npt.NDArray[np.float32]:
    """(batch, frames, tokens) of a traced graph, in float32."""
    openvino = needed("openvino", extra="openvino")
    return compiled(openvino.Core(), graph, model.traced.names, None, exact=True).run(inputs)


def write(graph: Any, model: Exportable, folder: Path, progress: Progress) -> Exported:
    """Quantise the traced graph and write it."""
    openvino = needed("openvino", extra="openvino")
    layers = _layers(graph)
    is_calibrated = bool(model.calibration)
    if is_calibrated:
        names = {
            name: [node.get_friendly_name() for node in nodes] for name, nodes in layers.items()
        }
        graph = _with_calibrated_activations(graph, model, layers, progress)
        by_name = {node.get_friendly_name(): node for node in graph.get_ops()}
        layers = {name: [by_name[own] for own in owns] for name, owns in names.items()}
    replaced = {
        name: codes
        for name, codes in model.codes.items()
        if name in layers and not (is_calibrated and codes.bits == 8)
    }
    for name, codes in replaced.items():
        for node in layers[name]:
            _use_codes(openvino, node, codes)
    graph.set_rt_info(_DYNAMIC_GROUP, ["runtime_options", "DYNAMIC_QUANTIZATION_GROUP_SIZE"])
    progress("writing", 0, 1)
    openvino.save_model(graph, folder / GRAPH_NAME, compress_to_fp16=False)
    return Exported(
        files=(WEIGHTS_NAME, GRAPH_NAME),
        layers={name: _form(name, model, replaced) for name in layers},
    )


def _form(name: str, model: Exportable, replaced: dict[str, WeightCodes]) -> str:
    if name in replaced:
        return "int8 weights" if replaced[name].bits == 8 else "int4 weights"
    return "int8" if model.calibration and name not in model.floats else "float32"


def _layers(graph: Any) -> dict[str, list[Any]]:
    """The operations of each Linear layer and convolution, by the layer's name."""
    found: dict[str, list[Any]] = {}
    for node in graph.get_ordered_ops():
        weight = node.input_value(1).get_node() if node.get_type_name() in _LAYERS else None
        if weight is not None and weight.get_type_name() == "Constant":
            found.setdefault(_layer_name(node, weight), []).append(node)
    return found


def _layer_name(node: Any, weight: Any) -> str:
    """From the weight's name, or from the operation's where the weight was given another shape."""
    name = str(weight.get_friendly_name())
    if name.startswith(_WEIGHT_PREFIX) and name.endswith(".weight"):
        return name.removeprefix(_WEIGHT_PREFIX).removesuffix(".weight")
    return str(node.get_friendly_name()).removeprefix(_NODE_PREFIX).split("/")[0]


def _with_calibrated_activations(
    graph: Any, model: Exportable, layers: dict[str, list[Any]], progress: Progress
) -> Any:
    """The graph with 8-bit weights and activations, but for layers in floats and below 8 bits."""
    nncf = needed("nncf", extra="openvino")
    nncf.set_log_level(logging.ERROR)
    left = [
        str(node.get_friendly_name())
        for name, nodes in layers.items()
        for node in nodes
        if name in model.floats or (name in model.codes and model.codes[name].bits < 8)
    ]
    # SmoothQuant moves scales between layers, those that are left among them.
    has_codes = any(codes.bits < 8 for codes in model.codes.values())
    smooth = nncf.AdvancedSmoothQuantParameters(*(-1, -1) if has_codes else ())
    progress("calibrating", 0, 1)
    with _quietly():
        return nncf.quantize(
            graph,
            nncf.Dataset(model.calibration),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(model.calibration),
            ignored_scope=nncf.IgnoredScope(names=left, validate=False),
            advanced_parameters=nncf.AdvancedQuantizationParameters(smooth_quant_alphas=smooth),
        )


def _use_codes(openvino: Any, node: Any, codes: WeightCodes) -> None:
    """Give the product the stored codes for its weight, to be unpacked as it is computed.

    A zero that is no whole number keeps the kernels from computing in whole numbers. With z the
    nearest whole one, sum (q - zero) s x = sum (q - z) s x + (z - zero) s sum x: the second term
    is a product with as many columns as there are groups.
    """
    op = openvino.opset13
    if codes.zero is None:
        node.input(1).replace_source_output(_unpacked(openvino, codes).output(0))
        return
    whole = np.clip(np.rint(codes.zero), 0, _LARGEST_CODE)
    weight = _unpacked_groups(openvino, codes, whole)
    node.input(1).replace_source_output(weight.output(0))
    if np.array_equal(codes.zero, whole):
        return
    users = list(node.output(0).get_target_inputs())
    rest = ((whole - codes.zero) * codes.scale)[..., 0]  # (out, groups)
    given = _given_rows(openvino, node)
    kept = [0] * (given.get_partial_shape().rank.get_length() - 1)  # batch, frames and the like
    groups = op.constant(np.array([*kept, *codes.codes.shape[1:]], np.int64))
    grouped = op.reshape(given, groups, special_zero=True)
    sums = op.reduce_sum(grouped, op.constant(np.array([-1], np.int64)), keep_dims=False)
    more = op.matmul(sums, op.constant(rest.astype(np.float32)), False, True)
    total = op.add(node, more)
    for user in users:
        user.replace_source_output(total.output(0))


def _given_rows(openvino: Any, node: Any) -> Any:
    """What a product is given, a row for each of its own rows."""
    given = node.input_value(0)
    if not node.get_attributes()["transpose_a"]:
        return given
    axes = [*range(given.get_partial_shape().rank.get_length())]
    order = np.array([*axes[:-2], axes[-1], axes[-2]], np.int64)
    return openvino.opset13.transpose(given, openvino.opset13.constant(order)).output(0)


def _unpacked(openvino: Any, codes: WeightCodes) -> Any:
    """(out, in) of 8-bit codes with one scale a row."""
    op = openvino.opset13
    floats = op.convert(op.constant(codes.codes[:, 0]), "f32")
    return op.multiply(floats, op.constant(codes.scale[:, 0]))


def _unpacked_groups(openvino: Any, codes: WeightCodes, zero: npt.NDArray[Any]) -> Any:
    """(out, in) of 4-bit codes with a scale and a zero a group."""
    op = openvino.opset13
    floats = op.convert(_packed(openvino, codes.codes), "f32")
    zeros = op.convert(_packed(openvino, zero), "f32")
    scaled = op.multiply(op.subtract(floats, zeros), op.constant(codes.scale))
    return op.reshape(scaled, op.constant(np.array(codes.shape, np.int64)), special_zero=False)


def _packed(openvino: Any, codes: npt.NDArray[Any]) -> Any:
    """A constant of 4-bit numbers, two to a byte, the first in the lower half."""
    flat = codes.reshape(-1).astype(np.uint8)
    if flat.size % 2:
        flat = np.append(flat, np.uint8(0))
    pairs = np.ascontiguousarray(flat[0::2] | (flat[1::2] << 4))
    tensor = openvino.Tensor(openvino.Type.u4, openvino.Shape(codes.shape))
    np.copyto(tensor.data.reshape(-1).view(np.uint8), pairs)
    return openvino.opset13.constant(tensor)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep bars and warnings of tracing off the terminal."""
    import warnings

    hidden = io.StringIO()
    with (
        contextlib.redirect_stdout(hidden),
        contextlib.redirect_stderr(hidden),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
