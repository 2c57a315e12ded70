"""What this machine's PyTorch can do beside plain float32: autocast and torch.compile.

Each is tried on a few numbers before any work, as that alone tells: a processor or GPU may lack a
type, torch.compile needs a C++ compiler and Python's headers on a CPU, and Triton on a GPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from asrcompress.core.device import resolve_device
from asrcompress.core.errors import InputError
from asrcompress.core.precision import DTYPES, FLOAT32, Dtype

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

    from asrcompress.core.checkpoint import Checkpoint

_MISSING = {  # exceptions of PyTorch's compiler by name: what is not there, what to do
    "InvalidCxxCompiler": ("no C++ compiler", "install g++ or clang++, or name one in CXX"),
    "CppCompileError": (
        "a C++ compiler that cannot build for this Python",
        "install Python's headers (python3-dev) and a complete compiler",
    ),
    "CompilationError": (
        "a C++ compiler that cannot build for this Python",
        "install Python's headers (python3-dev) and a complete compiler",
    ),
    "TritonMissing": ("no Triton", "install the triton package that fits this PyTorch"),
    "GPUTooOldForTriton": ("a GPU that Triton has no code for", "leave --compile out"),
}


def check_device(device: str, dtype: Dtype, *, compiled: bool) -> None:
    """Refuse what this machine cannot do, before anything is read or loaded.

    Raises:
        InputError: there is no such device, it does not compute in the dtype, or there is nothing
            to compile with.
    """
    if dtype != FLOAT32:
        _check_dtype(resolve_device(device), dtype)
    if compiled:
        _check_compiler(resolve_device(device))


def check_runtimes(checkpoints: Iterable[Checkpoint], dtype: Dtype, *, compiled: bool) -> None:
    """Refuse models that PyTorch does not run, where its options are asked for.

    Raises:
        InputError: one of them is for another runtime.
    """
    asked = [*([] if dtype == FLOAT32 else [f"dtype {dtype}"]), *(["compile"] if compiled else [])]
    for checkpoint in checkpoints:
        if asked and checkpoint.runtime != "torch":
            raise InputError(
                f"{' and '.join(asked)}: for models that PyTorch runs",
                where=checkpoint.model,
                got=f"a model for {checkpoint.runtime}, which has its own kernels",
                next_step="evaluate it without",
            )


@contextmanager
def autocast(device: str, dtype: Dtype) -> Iterator[None]:
    """While it lasts, matrix products are computed in the dtype; nothing changes for float32."""
    if dtype == FLOAT32:
        yield
        return
    import torch

    with torch.autocast(torch.device(device).type, dtype=getattr(torch, dtype)):
        yield


@contextmanager
def casts_kept(device: str, dtype: Dtype) -> Iterator[None]:
    """While it lasts, weights that `autocast` has cast are kept from one batch to the next.

    Autocast forgets them at the end of its outermost context; cast anew for each recording of 3 s
    they are a third of the time on a CPU.
    """
    if dtype == FLOAT32:
        yield
        return
    import torch

    with torch.autocast(torch.device(device).type, enabled=False):
        yield


def _check_dtype(device: str, dtype: Dtype) -> None:
    if not _computes_in(device, dtype):
        others = [name for name in DTYPES if name not in (FLOAT32, dtype)]
        can = [FLOAT32, *(name for name in others if _computes_in(device, name))]
        raise InputError(
            "the device does not compute in this dtype",
            got=f"{dtype} on {device}",
            expected=" or ".join(can),
        )


def _computes_in(device: str, dtype: Dtype) -> bool:
    """Whether a product and a convolution come out in that type, and not from an emulation.

    float16 without instructions for it is 20 times slower than float32 (measured with AVX-512).
    """
    import torch
    from torch.nn import functional

    if torch.device(device).type == "cpu" and not _is_native(dtype):
        return False
    try:
        with warnings.catch_warnings(), torch.no_grad(), autocast(device, dtype):
            warnings.simplefilter("ignore")  # it warns where it computes in float32 instead
            numbers = torch.ones(1, 8, 8, device=device)
            made = (functional.linear(numbers, numbers[0]), functional.conv1d(numbers, numbers))
    except RuntimeError:
        return False
    return all(one.dtype == getattr(torch, dtype) for one in made)


def _is_native(dtype: Dtype) -> bool:
    """Whether oneDNN has kernels of the type for this processor; true where it is not in use."""
    import torch

    backends: Any = torch.backends
    name = {"bfloat16": "_is_mkldnn_bf16_supported", "float16": "_is_mkldnn_fp16_supported"}[dtype]
    ask = getattr(torch.ops.mkldnn, name, None) if backends.mkldnn.is_available() else None
    return ask is None or bool(ask())


@cache
def _check_compiler(device: str) -> None:
    import torch

    with compiler_explained(device), torch.no_grad():
        made = torch.compile(_tried, dynamic=True)
        made(torch.ones(8, 8, device=device))


def _tried(numbers: torch.Tensor) -> torch.Tensor:
    return (numbers * 2).exp()


@contextmanager
def compiler_explained(where: object) -> Iterator[None]:
    """Turns what torch.compile raises into one line that says what is missing.

    Raises:
        InputError: it could not compile.
    """
    from torch._dynamo.exc import TorchDynamoException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (TorchDynamoException, OSError) as error:
        got, next_step = _cause(error)
        raise InputError(
            "torch.compile does not work here", where=where, got=got, next_step=next_step
        ) from None


def _cause(error: BaseException | None) -> tuple[str, str]:
    """What is missing and what to do, from the innermost exception that tells."""
    first = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
    while error is not None:
        if type(error).__name__ in _MISSING:
            return _MISSING[type(error).__name__]
        error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__
    return first, "leave --compile out"
