"""Graphs of ONNX Runtime: the codes are the artefact's, and the results those of PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from asrcompress import compress, load  # noqa: E402 - after the packages that it needs
from asrcompress.compress.runtimes import onnx as exporter  # noqa: E402
from asrcompress.compress.runtimes._export import Arrays, Exportable, Exported  # noqa: E402
from asrcompress.compress.traced.feature_encoder import RowEncoder  # noqa: E402
from asrcompress.compress.traced.recogniser import TracedRecogniser, prepare  # noqa: E402
from asrcompress.compress.weight_codes import WeightCodes, codes_of  # noqa: E402
from asrcompress.core.checkpoint import quiet_transformers  # noqa: E402
from asrcompress.core.checkpoint.probe import pseudo_speech  # noqa: E402
from asrcompress.core.checkpoint.slim.blocks import structure_of  # noqa: E402
from asrcompress.core.checkpoint.slim.reshape import reshape  # noqa: E402
from asrcompress.core.errors import ModelError  # noqa: E402
from asrcompress.core.runtimes import open_graph  # noqa: E402
from asrcompress.core.structure import Structure  # noqa: E402
from asrcompress.evaluate import RecogniserOptions, open_recogniser  # noqa: E402
from tests.checkpoints import ARCHITECTURES, tiny_checkpoint, tiny_module  # noqa: E402

Floats = npt.NDArray[np.float32]
_RATE_HZ = 16_000
_PADDED = "wav2vec2-layer-norm"  # an architecture with an attention mask


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class _Layer(torch.nn.Module):
    """A model of one Linear layer."""

    def __init__(self, weight: Floats, bias: Floats | None) -> None:
        super().__init__()
        self.only = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        self.only.weight.data = torch.from_numpy(weight)
        if bias is not None:
            self.only.bias.data = torch.from_numpy(bias)

    def forward(self, input_values: torch.Tensor) -> Any:
        return SimpleNamespace(logits=self.only(input_values))


def _written(
    module: torch.nn.Module, example: Floats, codes: dict[str, WeightCodes], folder: Path
) -> Exported:
    traced = TracedRecogniser(module, ["input_values"]).eval()
    model = Exportable(traced, {"input_values": example}, codes, frozenset(), [])
    graph = exporter.trace(model, folder)
    return exporter.write(graph, model, folder, lambda *_: None)


def _run(folder: Path, given: Floats) -> Floats:
    graph = open_graph("onnx", folder, inputs=("input_values",), exact=False, threads=1)
    return graph.run({"input_values": given})


def _codes(bits: int, groups: int, width: int, zero: str) -> WeightCodes:
    """Of 24 rows, random."""
    generator = np.random.default_rng(bits * groups + width)
    shape = (24, groups, width)
    scale = generator.uniform(0.01, 0.03, (24, groups, 1)).astype(np.float32)
    if bits == 8:
        return WeightCodes(8, generator.integers(-127, 128, shape).astype(np.int8), scale)
    middle = generator.uniform(0, 2**bits - 1, (24, groups, 1))
    zeros = np.rint(middle) if zero == "whole" else middle
    codes = generator.integers(0, 2**bits, shape).astype(np.uint8)
    return WeightCodes(bits, codes, scale, zeros.astype(np.float32))


def _weight(codes: WeightCodes) -> Floats:
    zero = 0.0 if codes.zero is None else codes.zero
    weight = (codes.codes.astype(np.float32) - zero) * codes.scale
    return np.asarray(weight.reshape(codes.shape), np.float32)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize(
    ("bits", "groups", "width", "zero", "form"),
    [
        (8, 1, 72, "none", "int8"),
        (4, 3, 128, "whole", "int4 weights"),
        (4, 3, 128, "fractional", "int4 weights"),
        (4, 3, 96, "fractional", "int4 weights"),  # quanto's, where 128 divides no row
        (4, 1, 100, "fractional", "int4 weights"),  # quanto's, where nothing does
        (2, 2, 128, "whole", "int4 weights"),
        (2, 2, 128, "fractional", "int4 weights"),
    ],
)
def test_a_layer_is_the_product_with_its_codes(
    bits: int, groups: int, width: int, zero: str, form: str, with_bias: bool, tmp_path: Path
) -> None:
    """To what rounding the activations to 8 bits leaves, for other lengths and batches too."""
    codes = _codes(bits, groups, width, zero)
    generator = np.random.default_rng(1)
    bias = generator.standard_normal(24).astype(np.float32) if with_bias else None
    example = generator.standard_normal((1, 5, groups * width)).astype(np.float32)
    exported = _written(_Layer(_weight(codes), bias), example, {"only": codes}, tmp_path)
    given = generator.standard_normal((3, 17, groups * width)).astype(np.float32)
    expected = given @ _weight(codes).T + (0 if bias is None else bias)
    error = _run(tmp_path, given) - expected
    assert error.std() < 0.015 * expected.std()
    assert exported.layers == {"only": form}


def test_low_bits_are_stored_two_to_a_byte(tmp_path: Path) -> None:
    """(q - z) s of the file's codes, whole zeros and scales, and its rest, are the weight."""
    codes = _codes(4, 3, 96, "fractional")
    example = np.ones((1, 5, 288), np.float32)
    _written(_Layer(_weight(codes), None), example, {"only": codes}, tmp_path)
    held = _constants(tmp_path)
    pairs, zeros = held["only/codes"], held["only/zero"]
    assert pairs.shape == (24, 9, 16)  # blocks of 32: the largest that divides 96
    unpacked = np.stack([pairs & 15, pairs >> 4], axis=-1).reshape(24, 9, 32)
    assert np.array_equal(unpacked.reshape(24, 3, 96), codes.codes)
    zero = np.stack([zeros & 15, zeros >> 4], axis=-1).reshape(24, -1)[:, :9, None]
    whole = ((unpacked - zero.astype(np.float32)) * held["only/scale"][..., None]).reshape(24, -1)
    rest = np.repeat(held["only/rest"].T, 96, axis=1)
    np.testing.assert_allclose(whole + rest, _weight(codes), atol=1e-6)


def test_a_layer_in_another_form_is_refused(tmp_path: Path) -> None:
    """Left in floats unsaid, it would be slow, and not what the manifest tells of."""

    class Doubled(_Layer):
        def forward(self, input_values: torch.Tensor) -> Any:
            weight = self.only.weight * 2
            return SimpleNamespace(logits=torch.nn.functional.linear(input_values, weight))

    codes = _codes(8, 1, 72, "none")
    with pytest.raises(ModelError, match="only"):
        _written(
            Doubled(_weight(codes), None),
            np.ones((1, 5, 72), np.float32),
            {"only": codes},
            tmp_path,
        )


def test_products_of_one_input_round_it_once(tmp_path: Path) -> None:
    """Queries, keys and values have one input: a third of the rounding."""

    class Three(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = torch.nn.ModuleList(torch.nn.Linear(32, 24) for _ in range(3))

        def forward(self, input_values: torch.Tensor) -> Any:
            return SimpleNamespace(logits=sum(part(input_values) for part in self.parts))

    codes = {f"parts.{number}": _codes(8, 1, 32, "none") for number in (2, 0, 1)}
    _written(Three(), np.ones((1, 5, 32), np.float32), codes, tmp_path)
    graph = onnx.load(tmp_path / "model.onnx").graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("DynamicQuantizeLinear") == 1
    assert kinds.count("MatMulIntegerToFloat") == 3
    _run(tmp_path, np.ones((1, 5, 32), np.float32))


def test_beyond_one_file_weights_are_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protobuf holds 2 GB at most; what is computed stays the same."""
    codes = _codes(8, 1, 72, "none")
    example = np.random.default_rng(2).standard_normal((1, 5, 72)).astype(np.float32)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    _written(_Layer(_weight(codes), None), example, {"only": codes}, tmp_path / "one")
    monkeypatch.setattr(exporter, "_ONE_FILE_BYTES", 0)
    layer = _Layer(_weight(codes), None)
    exported = _written(layer, example, {"only": codes}, tmp_path / "two")
    assert exported.files == ("model.onnx_data", "model.onnx")
    assert (tmp_path / "two" / "model.onnx_data").stat().st_size >= 24 * 72
    np.testing.assert_array_equal(_run(tmp_path / "two", example), _run(tmp_path / "one", example))


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An artefact in PyTorch, and its graph in floats."""
    folder = tmp_path_factory.mktemp("pruned")
    made = compress(tiny_checkpoint(folder / "tiny", _PADDED), folder / "torch", prune=0.3)
    exported = compress(made.folder, folder / "onnx", runtime="onnx")
    assert set(exported.manifest.export.layers) == {"float32"}  # type: ignore[union-attr]
    return made.folder, exported.folder


@pytest.mark.parametrize("seconds", [(1.0,), (2.3, 0.7, 1.1), (0.3, 0.31)])
def test_floats_are_pytorchs(pruned: tuple[Path, Path], seconds: tuple[float, ...]) -> None:
    """Other lengths and batches than it was traced with, padding included."""
    loaded = load(pruned[0])
    audio = [pseudo_speech(_RATE_HZ, duration_s=duration) for duration in seconds]
    given = loaded.processor(
        audio=audio, sampling_rate=_RATE_HZ, padding="longest", return_tensors="pt"
    )
    with quiet_transformers(), torch.no_grad():
        expected = loaded.model(**given).logits.numpy()
    graph = open_graph("onnx", pruned[1], inputs=tuple(given), exact=True, threads=1)
    arrays = {
        name: values.numpy().astype(np.float32 if values.is_floating_point() else np.int64)
        for name, values in given.items()
    }
    found = graph.run(arrays)
    for row, duration in enumerate(seconds):
        own = int(duration * 100) - 2  # frames of 10 ms
        assert np.abs(found[row, :own] - expected[row, :own]).max() < 1e-3


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_architectures(architecture: str, tmp_path: Path) -> None:
    """The codes in the file are the artefact's, convolutions that can be are 8-bit, text comes."""
    source = tiny_checkpoint(tmp_path / "tiny", architecture)
    made = compress(source, tmp_path / "torch", bits=8)
    exported = compress(made.folder, tmp_path / "onnx", runtime="onnx")
    codes = codes_of(load(made.folder).model)
    held = _constants(exported.folder)
    assert codes
    for name, of_layer in codes.items():
        assert np.array_equal(held[f"{name}/codes"], of_layer.codes[:, 0].T), name
        assert np.array_equal(held[f"{name}/scale"], of_layer.scale[:, 0, 0]), name
    record = exported.manifest.export
    assert record is not None
    assert record.layers["int8"] >= len(codes)
    recogniser = open_recogniser(exported.folder, RecogniserOptions(threads=1))
    (text,) = recogniser.transcribe([pseudo_speech(_RATE_HZ)])
    assert text.strip()
    assert any("Integer" in kernel or "Quantize" in kernel for kernel in recogniser.kernels)


def test_ragged_heads_are_pytorchs() -> None:
    """Heads of unequal widths, and a narrower feed-forward layer."""
    module = tiny_module(_PADDED)
    now = structure_of(module)
    ragged = now.blocks[0].model_copy(
        update={"query_key": (16, 3), "value_output": (5, 16), "feed_forward": 40}
    )
    reshape(module, Structure(blocks=(ragged, *now.blocks[1:])))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.1)
    prepare(module, RowEncoder, has_mask=False)
    traced = TracedRecogniser(module, ["input_values", "attention_mask"]).eval()
    audio = np.random.default_rng(3).standard_normal((2, 8000)).astype(np.float32)
    mask = np.ones((2, 8000), np.int64)
    mask[1, 6000:] = 0
    example: Arrays = {"input_values": audio, "attention_mask": mask}
    model = Exportable(traced, example, {}, frozenset(), [])
    with torch.no_grad():
        expected = traced(*map(torch.from_numpy, example.values())).numpy()
    found = exporter.logits_of(exporter.trace(model, Path()), model, example)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-3)
    np.testing.assert_allclose(found[1, :36], expected[1, :36], atol=1e-3)


def _constants(folder: Path) -> dict[str, Any]:
    graph = onnx.load(folder / "model.onnx").graph
    return {held.name: onnx.numpy_helper.to_array(held) for held in graph.initializer}
