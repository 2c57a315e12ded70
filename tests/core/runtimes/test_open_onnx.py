"""Opening graphs of ONNX Runtime: what was written is opened, anything else is one clear error."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from asrcompress.core.errors import ModelError  # noqa: E402 - after the packages that it needs
from asrcompress.core.runtimes import onnx as opener  # noqa: E402
from asrcompress.core.runtimes import open_graph  # noqa: E402

_INPUTS = ("input_values",)


def _model(weight: Any = None) -> Any:
    """logits = input_values @ weight; 2 x 2."""
    held = np.array([[1, 2], [3, 4]], np.float32)
    weight = onnx.numpy_helper.from_array(held, "weight") if weight is None else weight
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["input_values", "weight"], ["logits"])],
        "graph",
        [helper.make_tensor_value_info("input_values", kind, ["batch", "time", 2])],
        [helper.make_tensor_value_info("logits", kind, ["batch", "time", 2])],
        [weight],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _open(folder: Path, inputs: tuple[str, ...] = _INPUTS, threads: int | None = 1) -> Any:
    return open_graph("onnx", folder, inputs=inputs, exact=True, threads=threads)


def test_runs_and_tells_its_operators(tmp_path: Path) -> None:
    """[1, 1] @ [[1, 2], [3, 4]] is [4, 6]."""
    onnx.save_model(_model(), tmp_path / "model.onnx")
    graph = _open(tmp_path, threads=2)
    found = graph.run({"input_values": np.ones((1, 3, 2), np.float32)})
    np.testing.assert_array_equal(found, np.tile([4, 6], (1, 3, 1)))
    assert graph.kernels() == ("MatMul x1",)
    assert graph.threads == 2
    assert graph.session.get_session_options().intra_op_num_threads == 2


@pytest.mark.parametrize("content", [b"", b"not a graph", None], ids=["empty", "text", "cut off"])
def test_damaged(content: bytes | None, tmp_path: Path) -> None:
    """One line that says what to do."""
    whole = _model().SerializeToString()
    (tmp_path / "model.onnx").write_bytes(whole[:-20] if content is None else content)
    with pytest.raises(ModelError, match="compress the model again"):
        _open(tmp_path)


def test_missing(tmp_path: Path) -> None:
    """A folder without a graph is a ModelError too."""
    with pytest.raises(ModelError, match=r"model\.onnx"):
        _open(tmp_path)


@pytest.mark.parametrize("is_absolute", [True, False])
@pytest.mark.parametrize("version", [onnxruntime.__version__, "1.23.2"])
def test_data_outside_the_folder_is_refused(
    version: str, is_absolute: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph from elsewhere cannot have other files of this machine read as its weights."""
    monkeypatch.setattr(onnxruntime, "__version__", version)
    secret = tmp_path / "secret"
    secret.write_bytes(np.ones((2, 2), np.float32).tobytes())
    folder = tmp_path / "artefact"
    folder.mkdir()
    weight = onnx.TensorProto(name="weight", data_type=onnx.TensorProto.FLOAT, dims=[2, 2])
    weight.data_location = onnx.TensorProto.EXTERNAL
    location = str(secret) if is_absolute else "../secret"
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        weight.external_data.add(key=key, value=value)
    (folder / "model.onnx").write_bytes(_model(weight).SerializeToString())
    if version == "1.23.2":  # which would read it
        monkeypatch.setattr(opener, "opened", lambda *_: pytest.fail("opened"))
    with pytest.raises(ModelError, match="cannot open"):
        _open(folder)
    monkeypatch.undo()
    weight.external_data[0].value = "beside"  # the same within the folder is what is allowed
    (folder / "beside").write_bytes(secret.read_bytes())
    (folder / "model.onnx").write_bytes(_model(weight).SerializeToString())
    found = _open(folder).run({"input_values": np.ones((1, 1, 2), np.float32)})
    np.testing.assert_array_equal(found, [[[2, 2]]])


def test_other_inputs_than_recorded(tmp_path: Path) -> None:
    """They would be left out, or missed at the first recording."""
    onnx.save_model(_model(), tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="attention_mask"):
        _open(tmp_path, ("input_values", "attention_mask"))


def test_operators_of_others_are_refused(tmp_path: Path) -> None:
    """No library of operators is ever registered."""
    model = _model()
    model.graph.node[0].domain = "elsewhere"
    model.opset_import.append(onnx.helper.make_opsetid("elsewhere", 1))
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="elsewhere"):
        _open(tmp_path)


def test_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"asrcompress\[onnx\]"):
        _open(tmp_path)


@pytest.mark.parametrize(
    ("kernels", "is_exact"),
    [("AVX2", True), ("AVX-512", True), ("AVX512-VNNI", False), ("ARM i8mm", False)],
)
def test_products_do_not_saturate(
    kernels: str, is_exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """255 * 127 + 255 * 127 is beyond 16 bits, in which processors without VNNI add pairs."""
    monkeypatch.setattr(
        opener, "machine", lambda: SimpleNamespace(int8_kernels=kernels, usable_cores=1)
    )
    onnx.save_model(_model(), tmp_path / "model.onnx")
    options = _open(tmp_path).session.get_session_options()
    asked = options.get_session_config_entry("session.x64quantprecision") if is_exact else None
    assert asked == ("1" if is_exact else None)
    if not is_exact:
        with pytest.raises(RuntimeError):
            options.get_session_config_entry("session.x64quantprecision")
