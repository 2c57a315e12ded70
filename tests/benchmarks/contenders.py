"""The same checkpoint on many runtimes: by hand, as their documentation says, and by asrcompress.

Each contender is made once, into a folder, and opened from there. What is timed is the model alone,
from (batch, samples) audio to (batch, frames, tokens) logits.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
Logits = npt.NDArray[np.float32]
# What is computed: floats, floats from 8- or 4-bit weights, or 8-bit activations and weights.
Form = Literal["float32", "bfloat16 or float32", "8-bit weights", "4-bit weights", "8 bits"]

CALIBRATION = "bundled:corpus"
_CALIBRATION_RECORDINGS = 20
OPSET = 17


class NotApplicable(Exception):  # noqa: N818 - no error: a runtime that has no such model
    """Why the runtime cannot have the model here."""


@dataclass(frozen=True)
class Opened:
    """A model ready to run; release gives back the memory of its last run's activations."""

    forward: Callable[[Audio], Logits]
    release: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Place:
    """A checkpoint, the folder for all that is made of it, and how many threads may compute."""

    checkpoint: Path
    made: Path
    threads: int


@dataclass(frozen=True)
class Contender:
    """What to make, once, and how to open it."""

    form: Form
    make: Callable[[Place], None]
    open: Callable[[Place], Opened]
    is_ours: bool = False


def _nothing(place: Place) -> None:
    """It is made as it is opened."""


def _in_torch(place: Place) -> Any:
    from transformers import AutoModelForCTC

    return AutoModelForCTC.from_pretrained(place.checkpoint).eval()


def _of_torch(model: Any) -> Opened:
    import torch

    def forward(audio: Audio) -> Logits:
        with torch.no_grad():
            return model(torch.from_numpy(audio)).logits.numpy()

    return Opened(forward)


def _open_torch(place: Place) -> Opened:
    return _of_torch(_in_torch(place))


def _open_quanto(place: Place) -> Opened:
    from optimum.quanto import freeze, qint8, quantize

    model = _in_torch(place)
    quantize(model, weights=qint8)
    freeze(model)
    return _of_torch(model)


def _logits_alone(place: Place) -> Any:
    """The model as a module from audio to logits, to be traced."""
    import torch

    class LogitsAlone(torch.nn.Module):
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_values: torch.Tensor) -> torch.Tensor:
            return self.model(input_values).logits

    return LogitsAlone(_in_torch(place)).eval()


def _make_onnx(place: Place) -> None:
    import torch

    folder = place.made / "onnx"
    folder.mkdir()
    torch.onnx.export(
        _logits_alone(place),
        (torch.randn(1, 48_000),),
        str(folder / "model.onnx"),
        input_names=["input_values"],
        output_names=["logits"],
        dynamic_axes={
            "input_values": {0: "batch", 1: "time"},
            "logits": {0: "batch", 1: "frames"},
        },
        opset_version=OPSET,
        dynamo=False,
    )


def _make_onnx_int8(place: Place) -> None:
    from onnxruntime.quantization import quantize_dynamic

    folder = place.made / "onnx"
    quantize_dynamic(folder / "model.onnx", folder / "int8.onnx", op_types_to_quantize=["MatMul"])


def _open_onnx(name: str) -> Callable[[Place], Opened]:
    def opened(place: Place) -> Opened:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = place.threads
        session = onnxruntime.InferenceSession(
            place.made / "onnx" / name, options, providers=["CPUExecutionProvider"]
        )
        return Opened(
            lambda audio: session.run(None, {"input_values": audio})[0],
            lambda: _shrink(onnxruntime, session),
        )

    return opened


def _shrink(onnxruntime: Any, session: Any) -> None:
    """Give the arena's memory back, which is done at the end of a run."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    given = session.get_inputs()
    shortest = {
        one.name: np.ones((1, 1_600), np.int64 if "int64" in one.type else np.float32)
        for one in given
    }
    session.run(None, shortest, options)


def _make_openvino(place: Place) -> None:
    import openvino
    import torch

    graph = openvino.convert_model(_logits_alone(place), example_input=torch.randn(1, 48_000))
    graph.reshape([-1, -1])
    openvino.save_model(graph, place.made / "openvino" / "float.xml", compress_to_fp16=False)


def _make_openvino_weights(place: Place) -> None:
    import nncf
    import openvino

    graph = openvino.Core().read_model(place.made / "openvino" / "float.xml")
    graph = nncf.compress_weights(graph)
    openvino.save_model(graph, place.made / "openvino" / "weights.xml", compress_to_fp16=False)


def _make_openvino_int8(place: Place) -> None:
    import nncf
    import openvino

    graph = openvino.Core().read_model(place.made / "openvino" / "float.xml")
    dataset = nncf.Dataset([audio[None] for audio in _speech()])
    graph = nncf.quantize(
        graph,
        dataset,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=_CALIBRATION_RECORDINGS,
    )
    openvino.save_model(graph, place.made / "openvino" / "int8.xml", compress_to_fp16=False)


def _speech() -> list[Audio]:
    """Recordings of the corpus that ours is calibrated on, at mean 0 and variance 1."""
    from asrcompress.core.corpus import read_corpus

    utterances = read_corpus(CALIBRATION).utterances[:_CALIBRATION_RECORDINGS]
    audio = [utterance.audio(16_000) for utterance in utterances]
    return [(one - one.mean()) / one.std() for one in audio]


def _open_openvino(name: str, **settings: str) -> Callable[[Place], Opened]:
    def opened(place: Place) -> Opened:
        import openvino

        compiled = openvino.Core().compile_model(
            place.made / "openvino" / name,
            "CPU",
            {"INFERENCE_NUM_THREADS": place.threads, **settings},
        )
        request = compiled.create_infer_request()
        return Opened(lambda audio: np.array(request.infer([audio])[0]), compiled.release_memory)

    return opened


def _make_ctranslate2(place: Place) -> None:
    _need("ctranslate2")
    from ctranslate2.converters import TransformersConverter

    try:
        TransformersConverter(str(place.checkpoint)).convert(
            str(place.made / "ctranslate2"), quantization="int8"
        )
    except (ValueError, AttributeError) as error:
        raise NotApplicable(f"CTranslate2 does not convert it: {error}") from None


def _open_ctranslate2(place: Place) -> Opened:
    import ctranslate2

    model = ctranslate2.models.Wav2Vec2(
        str(place.made / "ctranslate2"),
        compute_type="int8",
        inter_threads=1,
        intra_threads=place.threads,
    )

    def forward(audio: Audio) -> Logits:
        given = ctranslate2.StorageView.from_array(audio[:, None])
        return np.array(model.encode(given, to_cpu=True))

    return Opened(forward)


def _make_ours(name: str, runtime: str, **options: Any) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        import asrcompress
        from asrcompress.compress import runtimes

        if importlib.util.find_spec(f"{runtimes.__name__}.{runtime}") is None:
            raise NotApplicable(f"--runtime {runtime} is not there yet")
        asrcompress.compress(
            place.checkpoint, place.made / name, runtime=runtime, measure_zip=False, **options
        )

    return make


def _open_ours(name: str) -> Callable[[Place], Opened]:
    def opened(place: Place) -> Opened:
        from asrcompress.core.manifest import read_manifest
        from asrcompress.core.runtimes import open_graph

        manifest = read_manifest(place.made / name)
        assert manifest is not None
        assert manifest.export is not None
        graph = open_graph(
            manifest.runtime,
            place.made / name,
            inputs=manifest.export.inputs,
            exact=set(manifest.export.layers) == {"float32"},
            threads=place.threads,
        )

        def forward(audio: Audio) -> Logits:
            given = {"input_values": audio, "attention_mask": np.ones(audio.shape, np.int64)}
            return graph.run({name: given[name] for name in graph.inputs})

        return Opened(forward, _release_of(graph))

    return opened


def _release_of(graph: Any) -> Callable[[], object]:
    if hasattr(graph, "compiled"):  # OpenVINO
        return graph.compiled.release_memory
    import onnxruntime

    return lambda: _shrink(onnxruntime, graph.session)


def _need(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise NotApplicable(f"{package} is not installed")


def _ours(form: Form, runtime: str, **options: Any) -> Contender:
    name = "-".join(["ours", runtime, form.replace(" ", "-")])
    return Contender(form, _make_ours(name, runtime, **options), _open_ours(name), is_ours=True)


TORCH = "torch fp32"
CONTENDERS: dict[str, Contender] = {
    TORCH: Contender("float32", _nothing, _open_torch),
    "quanto qint8 weights": Contender("8-bit weights", _nothing, _open_quanto),
    "ONNX Runtime fp32": Contender("float32", _make_onnx, _open_onnx("model.onnx")),
    "ONNX Runtime dynamic int8": Contender("8 bits", _make_onnx_int8, _open_onnx("int8.onnx")),
    "OpenVINO fp32": Contender(
        "float32", _make_openvino, _open_openvino("float.xml", INFERENCE_PRECISION_HINT="f32")
    ),
    "OpenVINO as it comes": Contender("bfloat16 or float32", _nothing, _open_openvino("float.xml")),
    "OpenVINO int8 weights": Contender(
        "8-bit weights", _make_openvino_weights, _open_openvino("weights.xml")
    ),
    "OpenVINO + NNCF int8": Contender("8 bits", _make_openvino_int8, _open_openvino("int8.xml")),
    "CTranslate2 int8": Contender("8 bits", _make_ctranslate2, _open_ctranslate2),
    "ours openvino fp32": _ours("float32", "openvino"),
    "ours openvino --bits 8": _ours("8-bit weights", "openvino", bits=8),
    "ours openvino --bits 8 --audio": _ours("8 bits", "openvino", bits=8, audio=CALIBRATION),
    "ours openvino --bits 4": _ours("4-bit weights", "openvino", bits=4),
    "ours onnx --bits 8": _ours("8 bits", "onnx", bits=8),
}
