"""This machine: its processor's instructions, what may be used of it, its GPUs."""

from __future__ import annotations

import math
import os
import platform
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from asrcompress.core.bounds import Count
from asrcompress.core.cgroup import Limits, read_limits
from asrcompress.core.processor import Processor, read_this

# The fastest first: what each is called, and the instructions that it needs.
_INT8_KERNELS = {
    "AMX": "amx_int8",
    "AVX512-VNNI": "avx512_vnni",
    "AVX-VNNI": "avx_vnni",
    "AVX-512": "avx512f",
    "AVX2": "avx2",
    "ARM i8mm": "i8mm",
    "ARM dot product": "asimddp",
}
_BF16_KERNELS = {"AMX": "amx_bf16", "AVX512-BF16": "avx512_bf16", "ARM bf16": "bf16"}
# Device files of NVIDIA's driver, of AMD's, and of either under Windows' Linux.
_GPU_FILES = ("dev/nvidiactl", "dev/kfd", "dev/dxg")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gpu(_Model):
    """One that PyTorch can use; compute_capability is NVIDIA's, for example "9.0"."""

    name: str
    memory_bytes: Count | None = None
    compute_capability: str | None = None


class Machine(_Model):
    """What decides the speed of a model here.

    usable_cores: logical processors that this process may run on, by its affinity and its control
    group's quota; a part of one counts as one. isa: instructions out of processor.KNOWN_ISA, none
    too where isa_readable is False. memory_bytes: physical, or the control group's limit.
    """

    cpu: str
    architecture: str
    physical_cores: Count | None
    usable_cores: Count
    isa: tuple[str, ...]
    isa_readable: bool = True
    memory_bytes: Count | None
    gpus: tuple[Gpu, ...] = ()

    @property
    def int8_kernels(self) -> str | None:
        """The best instructions for products of 8-bit numbers, in words."""
        return _first(_INT8_KERNELS, self.isa)

    @property
    def bf16_kernels(self) -> str | None:
        """The best instructions for products of bfloat16 numbers, in words."""
        return _first(_BF16_KERNELS, self.isa)

    @property
    def line(self) -> str:
        """The processor, its cores and 8-bit instructions, and the GPUs, for a table's caption."""
        cores = f"{self.usable_cores} core{'s' if self.usable_cores != 1 else ''}"
        parts = [self.cpu, cores, self.int8_words, *(gpu.name for gpu in self.gpus)]
        return ", ".join(parts)

    @property
    def int8_words(self) -> str:
        """The 8-bit instructions, or why none are named."""
        if self.int8_kernels is not None:
            return self.int8_kernels
        return "no 8-bit instructions" if self.isa_readable else "8-bit instructions unknown"


@cache
def machine() -> Machine:
    """This machine, looked at once; torch is imported only where there may be a GPU.

    On a machine with one it starts CUDA: a process that is to fork calls this after its forks.
    """
    system = platform.system()
    return describe(read_this(system), read_limits(Path("/")), _logical(), find_gpus(Path("/")))


def describe(
    processor: Processor, limits: Limits, logical: int, gpus: tuple[Gpu, ...] = ()
) -> Machine:
    """The machine of these findings; `logical` is how many processors the affinity allows."""
    quota = logical if limits.cores is None else max(1, math.ceil(limits.cores))
    memory = [size for size in (processor.memory_bytes, limits.memory_bytes) if size is not None]
    return Machine(
        cpu=processor.name or platform.processor() or "unknown processor",
        architecture=platform.machine(),
        physical_cores=processor.physical_cores,
        usable_cores=min(logical, quota),
        isa=processor.isa or (),
        isa_readable=processor.isa is not None,
        memory_bytes=min(memory, default=None),
        gpus=gpus,
    )


def find_gpus(root: Path) -> tuple[Gpu, ...]:
    """GPUs that PyTorch can use; it is asked only where `root` holds a driver's device file.

    Systems other than Linux have no such files, so there it is always asked.
    """
    if platform.system() == "Linux" and not any((root / name).exists() for name in _GPU_FILES):
        return ()
    try:
        import torch
    except ImportError:  # what PyTorch cannot use is none: there is no PyTorch
        return ()
    if torch.cuda.is_available():
        return tuple(_cuda_gpu(number) for number in range(torch.cuda.device_count()))
    if torch.backends.mps.is_available():
        return (Gpu(name="Apple GPU (MPS)"),)
    return ()


def _cuda_gpu(number: int) -> Gpu:
    import torch

    found = torch.cuda.get_device_properties(number)
    capability = f"{found.major}.{found.minor}" if torch.version.hip is None else None
    return Gpu(name=found.name, memory_bytes=found.total_memory, compute_capability=capability)


def _logical() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _first(kernels: dict[str, str], isa: tuple[str, ...]) -> str | None:
    return next((name for name, needed in kernels.items() if needed in isa), None)
