"""What PyTorch computes with, in words."""

from __future__ import annotations

import pytest
import torch

from asrcompress.evaluate.recognisers._kernels import torch_kernels
from tests.evaluate.speed_makers import checkpoint


@pytest.mark.parametrize(
    ("found", "word"), [("AVX512", "AVX-512"), ("AVX2", "AVX2"), ("SVE256", "SVE256")]
)
def test_floats_name_libraries_and_instructions(
    found: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PyTorch itself tells of both; a library that it was built without is not named."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: found)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    assert torch_kernels(checkpoint(), "cpu", "float32") == (f"float32 (oneDNN, {word})",)


def test_weights_in_few_bits_are_multiplied_as_floats() -> None:
    """Said beside the floats: unpacked at each product, under autocast when loaded."""
    mixed = checkpoint(qtypes={"qint8": 5, "qint4": 5})
    for dtype, when in (("float32", "each time"), ("bfloat16", "when loaded")):
        first, second = torch_kernels(mixed, "cpu", dtype)  # type: ignore[arg-type]
        assert first.startswith(f"{dtype} (")
        assert second == f"4- and 8-bit weights unpacked to floats {when}"


def test_a_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU of {device}")
    assert torch_kernels(checkpoint(), "cuda:1", "float16") == ("float16 on GPU of cuda:1",)
    assert torch_kernels(checkpoint(), "mps", "float32") == ("float32 on mps",)
