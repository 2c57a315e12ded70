"""What to expect of 8- and 4-bit models on a machine, before anything is measured there.

The factors are over float32 in PyTorch, of wav2vec2-large on 10 s of audio with 2 cores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from asrcompress.core.machine import Machine

_OPENVINO = "pip install 'asrcompress[openvino]'"
# By Machine.int8_kernels, where measured: weights and calibrated activations, then weights alone.
_MEASURED = {"AVX512-VNNI": ("5.0x", "4.0x"), "AVX-512": ("1.8x", "1.2 to 1.5x")}
_STEPS = (
    "asrcompress compress MODEL --bits 8 --runtime openvino --audio DIR -o SMALL",
    "asrcompress evaluate SMALL DIR --baseline MODEL --speed",
)
_X86 = ("x86_64", "AMD64", "i686")  # whose pmaddubsw adds two products in 16 bits
_DOT_PRODUCTS = ("AMX", "AVX512-VNNI", "AVX-VNNI", "ARM i8mm", "ARM dot product")


def outlook(machine: Machine) -> tuple[str, ...]:
    """A line each, all of them expectations."""
    return (
        *_of_the_cpu(machine),
        "8- and 4-bit weights in PyTorch: smaller, not faster; expect 0.9 to 1.0x on any CPU.",
        "4-bit weights: smaller still. They are widened before they are multiplied: expect a "
        "little less speed than of 8-bit weights alone (3.7x against 4.0x with AVX512-VNNI).",
        *_of_bf16(machine),
        *_of_gpus(machine),
    )


def next_steps(installed: Collection[str]) -> tuple[str, ...]:
    """Commands that lead from an expectation to a figure; `installed` are names of packages."""
    first = () if {"openvino", "nncf"} <= set(installed) else (_OPENVINO,)
    return (*first, *_STEPS)


def _of_the_cpu(machine: Machine) -> Iterator[str]:
    kernels = machine.int8_kernels
    if not machine.isa_readable:
        yield "The processor's instructions cannot be read here: what 8 bits bring has to be tried."
        return
    if kernels is None:
        yield "No 8-bit instructions: expect 8-bit models to be smaller and not faster here."
    else:
        yield f"{kernels}: {_expected(kernels)}"
    if kernels not in _DOT_PRODUCTS and machine.architecture in _X86:
        yield (
            "Without VNNI, sums of two 8-bit products saturate at 16 bits in some kernels and "
            "cost accuracy; a reduced range (7-bit weights) avoids it. Score the artefact here."
        )


def _expected(kernels: str) -> str:
    both, weights = _MEASURED.get(kernels, (None, None))
    if both is not None:
        return (
            f"expect {both} of float32's speed in PyTorch from OpenVINO with 8-bit weights and "
            f"calibrated 8-bit activations, and {weights} from 8-bit weights alone."
        )
    if kernels in _DOT_PRODUCTS:
        return (
            "expect OpenVINO with 8-bit weights and calibrated 8-bit activations to be faster "
            f"than float32; we have not measured by how much ({_MEASURED['AVX512-VNNI'][0]} with "
            "AVX512-VNNI)."
        )
    both, weights = _MEASURED["AVX-512"]
    return (
        f"expect less of 8 bits than with AVX-512 ({both}, and {weights} from 8-bit weights "
        "alone); we have not measured it."
    )


def _of_bf16(machine: Machine) -> Iterator[str]:
    if machine.bf16_kernels == "AVX512-BF16":
        yield (
            "AVX512-BF16: expect bfloat16 to be about 2.0x as fast as float32 in PyTorch "
            "(evaluate --dtype bfloat16)."
        )
    elif machine.bf16_kernels is not None:
        yield f"{machine.bf16_kernels}: expect bfloat16 to be faster than float32; not measured."


def _of_gpus(machine: Machine) -> Iterator[str]:
    if machine.gpus:
        yield (
            "On the GPU, 8- and 4-bit weights in PyTorch save memory; what they do to its speed "
            "has to be measured, beside 16-bit floats."
        )
