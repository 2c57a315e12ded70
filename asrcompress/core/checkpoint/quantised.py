"""Loading a quantised artefact: the module from its configuration, then its quantised weights.

optimum-quanto's `requantize` loads with strict=False and does not see a missing layer, so names,
shapes and dtypes are compared here with what the quantisation map implies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asrcompress.core.checkpoint.locate import Checkpoint
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.checkpoint.unpack import use_own_unpack
from asrcompress.core.errors import IntegrityError

if TYPE_CHECKING:
    import torch

QTYPE_BITS = {"qint8": 8, "qint4": 4, "qint2": 2}
Form = tuple[tuple[int, ...], str]  # shape and dtype, "a|b" where either may be
_GROUP_SIZE, _GROUP_STEP = 128, 32  # QModuleMixin.__init__ of optimum-quanto 0.2.7


def load_quantised(
    checkpoint: Checkpoint, architecture: Any, config: Any, tensors: dict[str, torch.Tensor]
) -> torch.nn.Module:
    """The module with quantised Linear weights; the others in float32.

    Raises:
        IntegrityError: a tensor is missing, unknown, or of another shape or dtype.
    """
    from optimum.quanto import requantize

    use_own_unpack()
    quantization = checkpoint.manifest.quantization if checkpoint.manifest else {}
    module = empty_module(architecture, config)
    _refuse_differences(checkpoint, expected_forms(module, quantization), tensors)
    with quiet_transformers():
        requantize(module, tensors, quantization)
    return module.eval()


def empty_module(architecture: Any, config: Any) -> torch.nn.Module:
    """The architecture on the CPU without random initialisation.

    Not on the meta device: buffers outside the state dict (positions, windows) must be computed.
    """
    import torch
    from transformers.initialization import no_init_weights

    with quiet_transformers(), no_init_weights():
        module: torch.nn.Module = architecture._from_config(config, dtype=torch.float32)
    return module


def expected_forms(
    module: torch.nn.Module, quantization: dict[str, dict[str, str]]
) -> dict[str, Form]:
    """Name to shape and dtype of every tensor of the module once the layers are quantised.

    Raises:
        IntegrityError: the map names a layer that the module does not have as Linear.
    """
    forms: dict[str, Form] = {}
    weights = {f"{name}.weight": name for name in quantization}
    for key, tensor in module.state_dict().items():
        layer = weights.pop(key, None)
        if layer is None:
            forms[key] = (tuple(tensor.shape), _name(tensor.dtype))
            continue
        entry = quantization[layer]
        qtype = entry.get("weights", "none")
        if qtype not in QTYPE_BITS or entry.get("activations") != "none" or tensor.dim() != 2:
            raise IntegrityError("a layer cannot be quantised so", where=layer, got=entry)
        for part, form in quantised_forms(tuple(tensor.shape), QTYPE_BITS[qtype]).items():
            forms[f"{key}.{part}"] = form
        for scale in ("input_scale", "output_scale"):  # of activations; constant 1 here
            forms[f"{layer}.{scale}"] = ((), "float32")
    for layer in weights.values():
        raise IntegrityError("a quantised layer is not in the model", where=layer)
    return forms


def quantised_forms(shape: tuple[int, ...], bits: int) -> dict[str, Form]:
    """The parts that optimum-quanto stores for a Linear weight of (out, in).

    8 bits: one scale a row. 4 and 2 bits: groups of 128 weights (less where 128 does not divide
    the row, the whole row where nothing does), each with scale and shift; 2 or 4 to a byte.
    """
    rows, columns = shape
    if bits == 8:
        return {"_data": (shape, "int8"), "_scale": ((rows, 1), "float32")}
    group = group_size(columns)
    if group is not None:
        rows, columns = rows * columns // group, group
    packed = -(-rows * bits // 8)
    return {
        "_data._data": ((packed, columns), "uint8"),
        "_scale": ((rows, 1), "float32"),
        "_shift": ((rows, 1), "float32|uint8"),  # uint8 where zero lies on the grid
    }


def group_size(columns: int) -> int | None:
    """How many weights of a row share a scale at 4 and 2 bits; None is the whole row."""
    if columns <= _GROUP_SIZE:
        return None
    size = _GROUP_SIZE
    while columns % size and size > _GROUP_STEP:
        size -= _GROUP_STEP
    return None if columns % size else size


def _refuse_differences(
    checkpoint: Checkpoint, expected: dict[str, Form], tensors: dict[str, torch.Tensor]
) -> None:
    (path,) = checkpoint.weight_files
    again = "compress the model again"
    for key in sorted(expected.keys() - tensors.keys()):
        raise IntegrityError("a tensor is missing", where=f"{path}: {key}", next_step=again)
    for key in sorted(tensors.keys() - expected.keys()):
        raise IntegrityError("an unknown tensor", where=f"{path}: {key}", next_step=again)
    for key, form in expected.items():
        got = (tuple(tensors[key].shape), _name(tensors[key].dtype))
        if got[0] != form[0] or got[1] not in form[1].split("|"):
            raise IntegrityError(
                "a tensor has another shape or dtype",
                where=f"{path}: {key}",
                got=f"{got[1]} {got[0]}",
                expected=f"{form[1]} {form[0]}",
                next_step=again,
            )


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
