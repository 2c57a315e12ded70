"""What PyTorch computes matrix products with, as far as it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asrcompress.core.machine import machine
from asrcompress.core.precision import FLOAT32, Dtype
from asrcompress.evaluate.weight_bits import bits_of

if TYPE_CHECKING:
    from asrcompress.core.checkpoint import Checkpoint

# torch.backends.cpu.get_cpu_capability() in the words used elsewhere.
_CAPABILITIES = {"AVX512": "AVX-512", "DEFAULT": "no vector instructions of its own"}


def torch_kernels(checkpoint: Checkpoint, device: str, dtype: Dtype) -> tuple[str, ...]:
    """The libraries and instructions of float products, and how weights in few bits get there.

    optimum-quanto has integer products for 8-bit activations only, which no artefact has: its
    weights are multiplied by their scales each time, and then as floats
    (library/qbytes_mm.py and tensor/weights/qbits.py of 0.2).
    """
    bits = "- and ".join(str(number) for number in bits_of(checkpoint))
    when = "each time" if dtype == FLOAT32 else "when loaded"  # see _unpacked.py
    unpacked = (f"{bits}-bit weights unpacked to floats {when}",) if bits else ()
    return (_floats(device, dtype), *unpacked)


def _floats(device: str, dtype: Dtype) -> str:
    import torch

    if device.startswith("cuda"):
        return f"{dtype} on {torch.cuda.get_device_name(device)}"
    if not device.startswith("cpu"):
        return f"{dtype} on {device}"
    found = torch.backends.cpu.get_cpu_capability()
    instructions = _CAPABILITIES.get(found, found)
    if dtype != FLOAT32:
        instructions = machine().bf16_kernels or instructions
    backends: Any = torch.backends
    libraries = [
        name
        for name, is_there in (
            ("MKL", backends.mkl.is_available()),
            ("oneDNN", backends.mkldnn.is_available()),
        )
        if is_there
    ]
    return f"{dtype} ({', '.join([*libraries, instructions])})"
