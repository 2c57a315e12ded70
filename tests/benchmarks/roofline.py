"""How many multiply-accumulates a second this machine can do at most, in float32 and in 8 bits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

# Rows, inputs and outputs: the feed-forward layers of the layouts at 10 s, and square ones.
SIZES = ((500, 1024, 4096), (500, 4096, 1024), (1500, 768, 3072), (2048, 2048, 2048))
_CALLS = 10


def float32_peak() -> float:
    """Multiply-accumulates a second of torch's product of float32 matrices, the best size's."""
    return max(_rate(size, _product(size)) for size in SIZES)


def int8_peak(threads: int) -> tuple[float, str]:
    """The same of 8-bit matrices with sums of 32 bits, and which of the two libraries it was."""
    rates = {
        "torch._int_mm": max(_rate(size, _int_product(size)) for size in SIZES),
        "oneDNN in OpenVINO": max(_openvino_rate(size, threads) for size in SIZES),
    }
    best = max(rates, key=lambda name: rates[name])
    return rates[best], best


def _rate(size: tuple[int, int, int], call: Callable[[], object]) -> float:
    shortest = float("inf")
    for _ in range(_CALLS + 1):
        start = time.perf_counter()
        call()
        shortest = min(shortest, time.perf_counter() - start)
    return float(np.prod(size)) / shortest


def _product(size: tuple[int, int, int]) -> Callable[[], object]:
    rows, inputs, outputs = size
    left, right = torch.randn(rows, inputs), torch.randn(inputs, outputs)
    out = torch.empty(rows, outputs)
    return lambda: torch.mm(left, right, out=out)


def _int_product(size: tuple[int, int, int]) -> Callable[[], object]:
    rows, inputs, outputs = size
    left = torch.randint(-127, 128, (rows, inputs), dtype=torch.int8)
    right = torch.randint(-127, 128, (outputs, inputs), dtype=torch.int8).t()
    return lambda: torch._int_mm(left, right)


def _openvino_rate(size: tuple[int, int, int], threads: int) -> float:
    """Of the product alone, as OpenVINO's own counters time it, without quantising its input."""
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "PERF_COUNT": True}
    compiled = openvino.compile_model(_quantised_product(openvino, size), "CPU", settings)
    request = compiled.create_infer_request()
    audio = np.random.default_rng(0).standard_normal(size[:2]).astype(np.float32)
    shortest = float("inf")
    for _ in range(_CALLS + 1):
        request.infer([audio])
        nodes = request.profiling_info
        (product,) = (one for one in nodes if one.node_type.startswith("FullyConnected"))
        if not product.exec_type.endswith("i8"):
            raise RuntimeError(f"not computed in 8 bits: {product.exec_type}")
        shortest = min(shortest, product.real_time.total_seconds())
    return float(np.prod(size)) / shortest


def _quantised_product(openvino: Any, size: tuple[int, int, int]) -> Any:
    """A graph of one product of quantised activations with 8-bit weights, as NNCF writes it."""
    op = openvino.opset13
    rows, inputs, outputs = size
    codes = np.random.default_rng(1).integers(-127, 128, (outputs, inputs)).astype(np.int8)
    scales = np.full((outputs, 1), 1e-3, dtype=np.float32)
    given = op.parameter([rows, inputs], np.float32)
    least, most = np.float32(-4), np.float32(4 * 127 / 128)
    quantised = op.fake_quantize(given, least, most, least, most, levels=256)
    weight = op.multiply(op.convert(op.constant(codes), "f32"), op.constant(scales))
    return openvino.Model([op.matmul(quantised, weight, False, True)], [given])
