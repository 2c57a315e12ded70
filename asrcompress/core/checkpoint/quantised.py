"""Loading an artefact that an ordinary `from_pretrained` cannot: quantised, packed or slim.

optimum-quanto's `requantize` loads with strict=False and does not see a missing layer, so names,
shapes and dtypes are compared here with what the manifest implies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from asrcompress.core.checkpoint.encodings import decode, stored_keys
from asrcompress.core.checkpoint.qmodules import empty_like, is_quantisable, make_quantised
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.checkpoint.ties import aliases_of
from asrcompress.core.checkpoint.unpack import use_own_unpack
from asrcompress.core.errors import IntegrityError

if TYPE_CHECKING:
    import torch

    from asrcompress.core.manifest import ArtefactManifest

QTYPE_BITS = {"qint8": 8, "qint4": 4, "qint2": 2}
Form = tuple[tuple[int, ...], str]  # shape and dtype, "a|b" where either may be
ACTIVATION_SCALES = ("input_scale", "output_scale")  # quanto has them; constant 1 here
_GROUP_SIZE, _GROUP_STEP = 128, 32  # QModuleMixin.__init__ of optimum-quanto 0.2.7
_AGAIN = "compress the model again"


def fill(
    module: torch.nn.Module, manifest: ArtefactManifest, stored: dict[str, torch.Tensor], where: str
) -> torch.nn.Module:
    """Turn an uncompressed module of any values into the artefact's, in place.

    where: what the tensors are from, for errors.

    Raises:
        IntegrityError: a tensor is missing, unknown, or of another shape or dtype, a
            quantised layer is no layer of the module, or the structure is not of its blocks.
    """
    use_own_unpack()
    if manifest.structure is not None:
        from asrcompress.core.checkpoint.slim.reshape import reshape

        reshape(module, manifest.structure)
    _refuse_other_layers(module, manifest.quantization)
    fold_weight_norm(module, manifest.quantization)
    expected = expected_forms(module, manifest.quantization)
    tied = aliases_of(module)
    aliases = _aliases(tied, manifest.quantization, expected)
    own = {key: form for key, form in expected.items() if key not in aliases}
    tensors = _decoded(own, manifest.encodings, stored, where)
    _refuse_differences(where, own, tensors)
    tensors |= {alias: tensors[key] for alias, key in aliases.items()}
    make_quantised(module, manifest.quantization)
    with quiet_transformers():
        module.load_state_dict(tensors, strict=False, assign=True)
    _tie(module, tied, manifest.quantization)
    return module.eval()


def empty_module(architecture: Any, config: Any) -> torch.nn.Module:
    """The architecture on the CPU without random initialisation.

    Not on the meta device: buffers outside the state dict (positions, windows) must be computed.
    """
    import torch
    from transformers.initialization import no_init_weights

    with quiet_transformers(), no_init_weights():
        module: Any = architecture._from_config(config, dtype=torch.float32)
        module.tie_weights()
    return cast("torch.nn.Module", module)


def fold_weight_norm(module: torch.nn.Module, quantization: dict[str, dict[str, str]]) -> None:
    """Give the layers to be quantised one plain weight in place of magnitude and direction.

    The layer is replaced, not changed: torch keeps its parametrisation in a class that copies of
    the layer share.
    """
    from torch.nn.utils.parametrize import is_parametrized

    names = dict(module.named_modules(remove_duplicate=False))
    folded: dict[int, torch.nn.Module] = {}  # one layer may have several names
    for name in quantization:
        if name in names and is_parametrized(names[name], "weight"):
            layer = folded.setdefault(id(names[name]), empty_like(names[name]))
            module.set_submodule(name, layer)


def expected_forms(
    module: torch.nn.Module, quantization: dict[str, dict[str, str]]
) -> dict[str, Form]:
    """Name to shape and dtype of every tensor of the module once the layers are quantised.

    Raises:
        IntegrityError: the map names a layer that the module does not have.
    """
    forms: dict[str, Form] = {}
    weights = {f"{name}.weight": name for name in quantization}
    for key, tensor in module.state_dict().items():
        layer = weights.pop(key, None)
        if layer is None:
            forms[key] = (tuple(tensor.shape), dtype_name(tensor.dtype))
            continue
        entry = quantization[layer]
        qtype = entry.get("weights", "none")
        if qtype not in QTYPE_BITS or entry.get("activations") != "none" or tensor.dim() < 2:
            raise IntegrityError("a layer cannot be quantised so", where=layer, got=entry)
        for part, form in quantised_forms(tuple(tensor.shape), QTYPE_BITS[qtype]).items():
            forms[f"{key}.{part}"] = form
        for scale in ACTIVATION_SCALES:
            forms[f"{layer}.{scale}"] = ((), "float32")
    for layer in weights.values():
        raise IntegrityError("a quantised layer is not in the model", where=layer)
    return forms


def quantised_forms(shape: tuple[int, ...], bits: int) -> dict[str, Form]:
    """The parts that optimum-quanto stores for a weight of (out, ...).

    8 bits: one scale a row. 4 and 2 bits: groups of 128 weights (less where 128 does not divide
    the row, the whole row where nothing does), each with scale and shift; 2 or 4 to a byte.
    """
    rows, columns = shape[0], tuple(shape[1:])
    ones = (1,) * len(columns)
    if bits == 8:
        return {"_data": (shape, "int8"), "_scale": ((rows, *ones), "float32")}
    row_size = math.prod(columns)
    group = group_size(row_size)
    if group is not None:
        rows, columns, ones = rows * row_size // group, (group,), (1,)
    packed = -(-rows * bits // 8)
    return {
        "_data._data": ((packed, *columns), "uint8"),
        "_scale": ((rows, *ones), "float32"),
        "_shift": ((rows, *ones), "float32|uint8"),  # uint8 where zero lies on the grid
    }


def group_size(row_size: int) -> int | None:
    """How many weights of a row share a scale at 4 and 2 bits; None is the whole row."""
    if row_size <= _GROUP_SIZE:
        return None
    size = _GROUP_SIZE
    while row_size % size and size > _GROUP_STEP:
        size -= _GROUP_STEP
    return None if row_size % size else size


def dtype_name(dtype: torch.dtype) -> str:
    """For example float32."""
    return str(dtype).removeprefix("torch.")


def _refuse_other_layers(module: torch.nn.Module, quantization: dict[str, dict[str, str]]) -> None:
    names = dict(module.named_modules(remove_duplicate=False))
    for layer in quantization:
        if layer in names and not is_quantisable(names[layer]):
            raise IntegrityError(
                "a quantised layer is not in the model",
                where=layer,
                got=f"a {type(names[layer]).__name__} of that name",
                expected="a Linear, Conv1d or Embedding",
            )


def _aliases(
    tied: dict[str, str], quantization: dict[str, dict[str, str]], expected: dict[str, Form]
) -> dict[str, str]:
    """Key to the key that holds its tensor; the parts of tied quantised weights among them."""
    found: dict[str, str] = {}
    for alias, key in tied.items():
        layer, first = alias.removesuffix(".weight"), key.removesuffix(".weight")
        if (layer in quantization) != (first in quantization):
            continue  # one is quantised, so they are no longer the same
        if layer not in quantization:
            found[alias] = key
            continue
        found |= {
            part: f"{key}{part.removeprefix(alias)}"
            for part in expected
            if part.startswith(f"{alias}.")
        }
    return found


def _tie(
    module: torch.nn.Module, tied: dict[str, str], quantization: dict[str, dict[str, str]]
) -> None:
    """Make tied tensors one parameter again, which loading gave values of their own."""
    for alias, key in tied.items():
        (layer, _, leaf), (first, _, first_leaf) = alias.rpartition("."), key.rpartition(".")
        both = (layer in quantization) == (first in quantization) or leaf != "weight"
        if both:
            shared = getattr(module.get_submodule(first), first_leaf)
            setattr(module.get_submodule(layer), leaf, shared)


def _decoded(
    expected: dict[str, Form],
    encodings: dict[str, str],
    stored: dict[str, torch.Tensor],
    where: str,
) -> dict[str, torch.Tensor]:
    left = dict(stored)
    tensors = {}
    for key, encoding in encodings.items():
        if key not in expected:
            raise IntegrityError("an unknown tensor", where=f"{where}: {key}", next_step=_AGAIN)
        tensors[key] = decode(key, encoding, left, expected[key][0])
        for name in stored_keys(key, encoding):
            del left[name]
    return tensors | left


def _refuse_differences(
    where: str, expected: dict[str, Form], tensors: dict[str, torch.Tensor]
) -> None:
    for key in sorted(expected.keys() - tensors.keys()):
        raise IntegrityError("a tensor is missing", where=f"{where}: {key}", next_step=_AGAIN)
    for key in sorted(tensors.keys() - expected.keys()):
        raise IntegrityError("an unknown tensor", where=f"{where}: {key}", next_step=_AGAIN)
    for key, form in expected.items():
        got = (tuple(tensors[key].shape), dtype_name(tensors[key].dtype))
        if got[0] != form[0] or got[1] not in form[1].split("|"):
            raise IntegrityError(
                "a tensor has another shape or dtype",
                where=f"{where}: {key}",
                got=f"{got[1]} {got[0]}",
                expected=f"{form[1]} {form[0]}",
                next_step=_AGAIN,
            )
