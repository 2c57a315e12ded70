"""Reading weight files without running anything that is in them."""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asrcompress.core.errors import ModelError

if TYPE_CHECKING:
    import torch

_FORBIDDEN_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_AGAIN = "copy or download the model again"


def read_weights(files: Iterable[Path]) -> dict[str, torch.Tensor]:
    """All tensors of the files by name, on the CPU, memory-mapped where the format allows it.

    Raises:
        ModelError: a file is damaged, is no weight file, or would run code.
    """
    tensors: dict[str, torch.Tensor] = {}
    for path in files:
        is_safe = path.suffix == ".safetensors"
        tensors.update(_read_safetensors(path) if is_safe else _read_pickled(path))
    return tensors


def tensor_of(path: Path, name: str) -> torch.Tensor:
    """One tensor of a safetensors file, through a mapping of its own that goes when it does."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt", device="cpu") as stored:
        tensor: torch.Tensor = stored.get_tensor(name)
    return tensor


def stored_dtype(tensors: Iterable[torch.Tensor]) -> str:
    """The dtype that holds most of the floating-point weights, for example float16."""
    counts: dict[str, int] = {}
    for tensor in tensors:
        if tensor.is_floating_point():
            name = str(tensor.dtype).removeprefix("torch.")
            counts[name] = counts.get(name, 0) + tensor.numel()
    return max(counts, key=lambda name: counts[name], default="none")


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt", device="cpu") as stored:
            return {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(
            "weight file is damaged", where=path, got=error, next_step=_AGAIN
        ) from None


def _read_pickled(path: Path) -> dict[str, torch.Tensor]:
    import torch

    try:
        content = _unpickle(path)
    except _UNREADABLE as error:
        raise _refusal(path, error) from None
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content:
        raise ModelError("not a file of weights", where=path, got=type(content).__name__)
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise ModelError("not a file of weights", where=path, got=f"{name}: {type(value)}")
    return content


def _unpickle(path: Path) -> Any:
    """torch.load with an unpickler that only makes tensors and plain containers."""
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "detected pickle protocol ..."; it fails by itself then
        return torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )


# What torch.load raises for anything between a text file and a truncated archive.
_UNREADABLE = (
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)


def _refusal(path: Path, error: Exception) -> ModelError:
    forbidden = _FORBIDDEN_GLOBAL.search(str(error))
    if forbidden:
        return ModelError(
            "weight file would run code when unpickled",
            where=path,
            got=forbidden.group(1),
            expected="tensors only",
            next_step="do not load it; ask its publisher for safetensors",
        )
    cause = (str(error).splitlines() or [""])[0][:120]
    return ModelError(
        "weight file is damaged",
        where=path,
        got=f"{type(error).__name__} {cause}".strip(),
        next_step=_AGAIN,
    )
