"""The wav2vec2-large layout: sizes that the papers print, and a real run of it (slow)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.core.checkpoint import load, probe
from asrcompress.core.checkpoint.quantised import expected_forms
from asrcompress.core.checkpoint.quiet import quiet_transformers
from tests.checkpoints import large_module, write_processor

WEIGHTS = 315_471_520
LINEAR_WEIGHTS = 302_546_944  # biases not among them
LINEAR_LAYERS = 24 * 6 + 2
ROWS = 24 * (4 * 1024 + 4096 + 1024) + 1024 + 32
ACTIVATION_SCALES_BYTES = LINEAR_LAYERS * 8  # quanto's two constants a layer
REST_BYTES = 4 * (WEIGHTS - LINEAR_WEIGHTS)
GROUPS_BYTES = LINEAR_WEIGHTS // 128 * 8  # scale and shift
SIZES = {
    8: REST_BYTES + LINEAR_WEIGHTS + 4 * ROWS + ACTIVATION_SCALES_BYTES,
    4: REST_BYTES + LINEAR_WEIGHTS // 2 + GROUPS_BYTES + ACTIVATION_SCALES_BYTES,
    2: REST_BYTES + LINEAR_WEIGHTS // 4 + GROUPS_BYTES + ACTIVATION_SCALES_BYTES,
}


def test_weights_of_the_layout() -> None:
    """1261.9 MB in float32; 354.2 MB with int8 Linear weights, 355.1 MB with their scales."""
    with torch.device("meta"):
        module = large_module()
    linear = [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]
    assert sum(parameter.numel() for parameter in module.parameters()) == WEIGHTS
    assert sum(layer.weight.numel() for layer in linear) == LINEAR_WEIGHTS
    assert sum(layer.out_features for layer in linear) == ROWS
    assert len(linear) == LINEAR_LAYERS
    assert round(4 * WEIGHTS / 1e6, 1) == 1261.9
    assert round((REST_BYTES + LINEAR_WEIGHTS) / 1e6, 1) == 354.2
    assert {bits: round(size / 1e6, 1) for bits, size in SIZES.items()} == {
        8: 355.1,
        4: 221.9,
        2: 146.2,
    }


@pytest.mark.parametrize("bits", SIZES)
def test_stored_forms_add_up(bits: int) -> None:
    """What a reload insists on has exactly these bytes."""
    with torch.device("meta"):
        module = large_module()
    quantization = {
        name: {"weights": f"qint{bits}", "activations": "none"}
        for name, layer in module.named_modules()
        if isinstance(layer, torch.nn.Linear)
    }
    total = 0
    for shape, dtype in expected_forms(module, quantization).values():
        item = torch.empty((), dtype=getattr(torch, dtype.split("|")[0])).itemsize
        total += torch.Size(shape).numel() * item
    assert total == SIZES[bits]


@pytest.mark.slow
@pytest.mark.parametrize("bits", SIZES)
def test_large_model_reloads_bit_for_bit(tmp_path: Path, bits: int) -> None:
    """315 million random weights, 1.3 GB on disk and up to 4 GB in memory."""
    with quiet_transformers():
        large_module().save_pretrained(tmp_path / "large")
    write_processor(tmp_path / "large", "wav2vec2-layer-norm")
    request = CompressRequest(
        str(tmp_path / "large"),
        read_options({"bits": bits}),
        output=tmp_path / "made",
        measure_zip=False,
    )
    made = run(request)
    assert made.manifest.source.sizes.memory_bytes == 4 * WEIGHTS
    assert made.manifest.sizes.memory_bytes == SIZES[bits]
    assert probe(load(made.folder)) == made.manifest.probe
