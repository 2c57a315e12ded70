"""Compressing a module in memory, of whatever class: `load_into` brings the result back."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from asrcompress.compress.artefact import write_manifest
from asrcompress.compress.decide import Surroundings, decide
from asrcompress.compress.engine import write
from asrcompress.compress.entries import entries_of
from asrcompress.compress.layers import kind_of
from asrcompress.compress.learn import training_step
from asrcompress.compress.run import Origin, make_manifest
from asrcompress.compress.weight_file import file_bytes, refuse_dtype
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import load_into
from asrcompress.core.checkpoint.integrity import differing_tensors, digest_of
from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.checkpoint.source import ModuleSource
from asrcompress.core.checkpoint.weights import stored_dtype
from asrcompress.core.errors import InputError, IntegrityError, ModelError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.output import check_output, staged_folder

if TYPE_CHECKING:
    import torch

    from asrcompress.compress.request import CompressRequest
    from asrcompress.core.checkpoint import LoadedModel
    from asrcompress.core.progress import Progress


def run_module(request: CompressRequest, module: torch.nn.Module, progress: Progress) -> Artefact:
    """Compress a module, which stays as it is, into a folder, proved by a reload.

    There is no probe, since what the module takes is not known; the tensors are compared.

    Raises:
        InputError: no output folder, or no module.
        ModelError: a method does not fit the module.
        OutputError: the output exists or cannot be written.
        IntegrityError: the artefact does not reload bit for bit.
    """
    _refuse_what_is_none(module)
    if training_step(request.options) is not None:
        raise ModelError(
            "a module in memory cannot be trained", next_step="compress its checkpoint"
        )
    if request.options.runtime != "torch":
        raise ModelError(
            "a module in memory cannot be exported to another runtime",
            got=request.options.runtime,
            next_step="compress its checkpoint",
        )
    if request.output is None:
        raise InputError("no output folder", next_step="say where the compressed module goes")
    check_output(request.output, overwrite=request.overwrite)
    name = f"module:{type(module).__qualname__}"
    _refuse_unstorable(name, module)
    if kind_of(module) is not None:
        raise ModelError(
            "a layer alone cannot be compressed",
            where=name,
            next_step="put it into a torch.nn.Sequential",
        )
    empty = _empty_copy(name, module)
    source = ModuleSource(module)
    around = Surroundings(_no_recogniser, request.audio, request.seed, progress, request.explain)
    decided = decide(name, source, request.options, around)
    with staged_folder(request.output, overwrite=request.overwrite) as folder:
        written = write(decided.weights, folder, request.options.storage, progress)
        manifest = make_manifest(folder, request, _origin(name, module), decided, written)
        write_manifest(folder, manifest)
        progress("proving", 0, 1)
        reloaded = load_into(empty, folder)
        for tensor in differing_tensors(reloaded, written.tensors):
            raise IntegrityError("a tensor changed when it was saved and reloaded", where=tensor)
    progress("done", 1, 1)
    return Artefact(request.output, manifest)


def _no_recogniser() -> LoadedModel:
    raise ModelError(
        "a module in memory cannot be measured on audio", next_step="compress its checkpoint"
    )


def _origin(name: str, module: torch.nn.Module) -> Origin:
    state = module.state_dict()
    own = [entry.key for entry in entries_of(module) if entry.alias_of is None]
    return Origin(
        model=name,
        revision=None,
        sha256=sha256_of_json({key: digest_of(tensor) for key, tensor in state.items()}),
        dtype=stored_dtype(state.values()),
        disk_bytes=file_bytes(
            {key: (tuple(state[key].shape), dtype_name(state[key].dtype)) for key in own}
        ),
        zipped_bytes=None,
    )


def _refuse_what_is_none(module: object) -> None:
    import torch

    if not isinstance(module, torch.nn.Module):
        raise InputError(
            "no model", got=type(module).__name__, expected="a hub id, a folder or a module"
        )


def _refuse_unstorable(name: str, module: torch.nn.Module) -> None:
    """Make sure, before any work, that there are values, of dtypes that can be stored."""
    import torch
    from torch.nn.parameter import is_lazy

    for key, tensor in module.state_dict(keep_vars=True).items():
        where = f"{name}: {key}"
        if not isinstance(tensor, torch.Tensor):
            raise ModelError(
                "a module whose state is more than tensors cannot be compressed",
                where=where,
                got=type(tensor).__name__,
            )
        if is_lazy(tensor) or tensor.is_meta:
            raise ModelError(
                "a module without values cannot be compressed",
                where=where,
                next_step="load its weights, or call it once, first",
            )
        if isinstance(tensor, torch.nn.Parameter) and tensor.dtype == torch.float64:
            raise ModelError(
                "a module in double precision cannot be compressed",
                where=where,
                next_step="make it single with module.float()",
            )
        refuse_dtype(key, tensor)


def _empty_copy(name: str, module: torch.nn.Module) -> torch.nn.Module:
    """A copy whose parameters hold nothing, so that the values are not in memory twice.

    Raises:
        ModelError: the module cannot be copied, so that no reload could be proved.
    """
    import torch

    memo: dict[int, torch.Tensor] = {
        id(parameter): torch.nn.Parameter(parameter.detach().to("meta"), parameter.requires_grad)
        for parameter in module.parameters()
    }
    for part in module.modules():  # what was computed, which torch refuses to copy: the weight of
        for value in vars(part).values():  # torch.nn.utils.weight_norm, made anew at each call
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach()
    try:
        return copy.deepcopy(module, {**memo})
    except Exception as error:  # noqa: BLE001 - whatever the module's parts raise
        raise ModelError("the module cannot be copied", where=name, got=error) from None
