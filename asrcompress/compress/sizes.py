"""A model's sizes: in memory, on disk, zipped."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_LEVEL = 6  # zip's default
_BLOCK_BYTES = 4 << 20  # deflate looks back 32 KiB: blocks of 4 MiB cost under 0.1 %
_MANTISSA_BELOW_FP16 = 0x1FFF  # the 13 bits of float32's mantissa that float16's lacks


def state_dict_bytes(module: torch.nn.Module) -> int:
    """Bytes of all tensors of the state dict."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


def zipped_bytes(files: Iterable[Path]) -> int:
    """Bytes of the files deflated; block by block on all cores, since zlib frees the lock."""
    workers = os.cpu_count() or 1
    total = 0
    with ThreadPoolExecutor(workers) as pool:
        waiting: list[Future[int]] = []
        for block in _blocks(files):
            waiting.append(pool.submit(_deflated_bytes, block))
            if len(waiting) > 2 * workers:  # never the whole file in memory
                total += waiting.pop(0).result()
        return total + sum(future.result() for future in waiting)


def low_mantissa_bits_zero(tensors: Iterable[torch.Tensor]) -> bool:
    """Whether all float32 values would fit float16's or bfloat16's mantissa.

    Such a file zips to 0.59 of its size where an ordinary one zips to 0.93.
    """
    import torch

    floats = [tensor for tensor in tensors if tensor.dtype == torch.float32]
    for tensor in floats:
        bits = tensor.detach().contiguous().reshape(-1).view(torch.int32)
        if bool((bits & _MANTISSA_BELOW_FP16).any()):
            return False
    return bool(floats)


def _blocks(files: Iterable[Path]) -> Iterator[bytes]:
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                yield block


def _deflated_bytes(block: bytes) -> int:
    return len(zlib.compress(block, _LEVEL))
