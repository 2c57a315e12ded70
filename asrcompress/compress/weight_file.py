"""Writing safetensors tensor by tensor, where the library's own writer wants all of them at once.

Format: https://github.com/huggingface/safetensors#format. A tensor must start at a multiple of its
element's size and no byte may be left out, so the data of each element size goes to a file of its
own first; the largest elements come first in the result.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING

from asrcompress.core.checkpoint.quantised import dtype_name
from asrcompress.core.errors import ModelError
from asrcompress.core.registry import expected_one_of

if TYPE_CHECKING:
    import torch

_CODES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "complex64": "C64",
}
SIZES = {"C64": 8, "F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}  # else 1
_HEADER_STEP = 8
_METADATA = {"format": "pt"}
_BLOCK_BYTES = 16 << 20
_NO_COPY_IN_KERNEL = (errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP)
Forms = Mapping[str, tuple[tuple[int, ...], str]]  # name to shape and dtype


class WeightFile:
    """A safetensors file that grows by `add` and is whole after the block."""

    def __init__(self, path: Path) -> None:
        """Nothing is written yet."""
        self._path = path
        self._forms: dict[str, tuple[tuple[int, ...], str]] = {}
        self._parts: dict[int, IO[bytes]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> WeightFile:
        """Start."""
        return self

    def add(self, name: str, tensor: torch.Tensor) -> None:
        """Write one tensor's bytes; the name must be new.

        Raises:
            ModelError: the format has no such dtype.
        """
        import torch

        refuse_dtype(name, tensor)
        dtype = dtype_name(tensor.dtype)
        self._forms[name] = (tuple(tensor.shape), dtype)
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        self._part(_element_size(dtype)).write(flat.view(torch.uint8).numpy().data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put header and parts together, unless something failed."""
        with self._stack:
            if kind is not None:
                return
            with self._path.open("wb") as target:
                target.write(header_of(self._forms))
                for size in sorted(self._parts, reverse=True):
                    _append(self._parts[size], target)
                    self._parts[size].truncate(0)  # the disk may be nearly full

    def _part(self, size: int) -> IO[bytes]:
        if size not in self._parts:
            path = self._path.with_suffix(f".part{size}")
            self._stack.callback(path.unlink, missing_ok=True)  # if opening it failed
            self._parts[size] = self._stack.enter_context(path.open("w+b"))
        return self._parts[size]


def refuse_dtype(name: str, tensor: torch.Tensor) -> None:
    """Make sure that the format has a tensor's dtype.

    Raises:
        ModelError: it has not.
    """
    dtype = dtype_name(tensor.dtype)
    if dtype not in _CODES:
        raise ModelError(
            "a tensor's dtype cannot be stored",
            where=name,
            got=dtype,
            expected=expected_one_of(dtype, [*_CODES]),
        )


def file_bytes(forms: Forms) -> int:
    """The size of the file that holds tensors of these shapes and dtypes."""
    return len(header_of(forms)) + sum(_bytes(*form) for form in forms.values())


def header_of(forms: Forms) -> bytes:
    """The file's beginning: the header's length, and where each tensor is."""
    described: dict[str, object] = {"__metadata__": _METADATA}
    at = 0
    for name in sorted(forms, key=lambda name: -_element_size(forms[name][1])):  # stable
        shape, dtype = forms[name]
        end = at + _bytes(shape, dtype)
        described[name] = {"dtype": _CODES[dtype], "shape": shape, "data_offsets": (at, end)}
        at = end
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _HEADER_STEP)
    return len(text).to_bytes(8, "little") + text


def _append(part: IO[bytes], target: IO[bytes]) -> None:
    """Copy a whole file to the end of another, within the kernel where it can do that."""
    part.flush()
    part.seek(0)
    target.flush()
    try:
        while os.copy_file_range(part.fileno(), target.fileno(), _BLOCK_BYTES):
            pass
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_COPY_IN_KERNEL:
            raise
        shutil.copyfileobj(part, target, _BLOCK_BYTES)
    target.seek(0, os.SEEK_END)


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    return _element_size(dtype) * math.prod(shape)


def _element_size(dtype: str) -> int:
    return SIZES.get(_CODES[dtype], 1)
