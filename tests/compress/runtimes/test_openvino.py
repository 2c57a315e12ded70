"""Export to OpenVINO: the same model, in real 8- and 4-bit form, and honest about the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from asrcompress import compress, load
from asrcompress.compress.weight_codes import WeightCodes, codes_of
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import quiet_transformers
from asrcompress.core.errors import AsrcompressError, IntegrityError, ModelError
from asrcompress.core.manifest import MANIFEST_NAME
from asrcompress.evaluate import RecogniserOptions, open_recogniser
from tests.checkpoints import (
    ARCHITECTURES,
    config_of_tiny,
    tiny_checkpoint,
    tiny_encoder_decoder,
    tiny_module,
    write_processor,
)
from tests.corpora import tiny_corpus

openvino = pytest.importorskip("openvino")
pytest.importorskip("nncf")
_RATE_HZ = 16_000
_EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that masks padding, so that batches are possible."""
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny", "wav2vec2-layer-norm")


@pytest.fixture(scope="module")
def audio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_corpus(tmp_path_factory.mktemp("corpora") / "tiny", speakers=2)


@pytest.fixture(scope="module")
def calibrated(source: Path, audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    return _exported(source, tmp_path_factory.mktemp("made") / "int8", bits=8, audio=audio)


def _exported(source: Path, output: Path, **options: Any) -> Artefact:
    return compress(source, output, runtime="openvino", measure_zip=False, **options)


def _speech(*seconds: float) -> list[Any]:
    """Recordings of noise, of lengths that no graph was traced with."""
    generator = np.random.default_rng(7)
    return [
        np.asarray(0.1 * generator.standard_normal(round(_RATE_HZ * each)), np.float32)
        for each in seconds
    ]


def _logits(model: Path, recordings: list[Any]) -> list[Any]:
    recogniser: Any = open_recogniser(model, RecogniserOptions(threads=1))
    return [row.numpy() for row in recogniser._logits(recordings)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_graph_in_floats_is_the_model(architecture: str, tmp_path: Path) -> None:
    """Within 1e-3 of PyTorch's logits, for other lengths and batches than it was traced with."""
    model = tiny_checkpoint(tmp_path / architecture, architecture)
    made = _exported(model, tmp_path / "made")
    export = made.manifest.export
    assert export is not None
    assert export.max_logit_change < 1e-3
    assert set(export.layers) == {"float32"}
    for seconds in [(1.7,), (0.5,)]:
        expected, found = _logits(model, _speech(*seconds)), _logits(made.folder, _speech(*seconds))
        assert np.abs(expected[0] - found[0]).max() < 1e-3


def test_padding_is_masked(source: Path, tmp_path: Path) -> None:
    """Recordings of a batch have the logits that PyTorch gives each alone."""
    made = _exported(source, tmp_path / "made")
    recordings = _speech(1.3, 0.6, 2.1)
    together = _logits(made.folder, recordings)
    for one, found in zip(recordings, together, strict=True):
        expected = _logits(source, [one])[0]
        assert found.shape == expected.shape
        assert np.abs(expected - found).max() < 1e-3


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        ("wav2vec2-layer-norm", {"bits": 8}),
        ("wav2vec2-layer-norm", {"bits": 2}),
        ("wav2vec2-layer-norm", {"prune": 0.5, "bits": 4}),
        ("wav2vec2-layer-norm", {"bits": 4, "rounding": "hqq"}),
        ("sew-d", {"bits": 4}),
        ("wavlm", {"bits": 4}),
    ],
)
def test_weights_are_the_artefacts(
    architecture: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """Computed in floats, the stored codes give the logits of the artefact in PyTorch.

    sew-d uses a weight twice and transposes what it multiplies, WavLM multiplies four axes; zeros
    of 4 and 2 bits are no whole numbers here.
    """
    model = tiny_checkpoint(tmp_path / "model", architecture)
    in_pytorch = compress(model, tmp_path / "torch", measure_zip=False, **options)
    made = _exported(in_pytorch.folder, tmp_path / "made")
    graph = openvino.Core().compile_model(made.folder / "openvino_model.xml", "CPU", _EXACT)
    loaded = load(in_pytorch.folder)
    inputs = loaded.processor(
        audio=_speech(1.1), sampling_rate=_RATE_HZ, return_tensors="np", padding="longest"
    )
    names = [given.get_any_name() for given in graph.inputs]
    arrays = {name: np.asarray(inputs[name]) for name in names}
    arrays = {
        k: v.astype(np.float32 if v.dtype.kind == "f" else np.int64) for k, v in arrays.items()
    }
    found = graph(arrays)[0]
    expected = _logits(in_pytorch.folder, _speech(1.1))[0]
    assert np.abs(found[0] - expected).max() < 1e-3


def test_files_hold_the_codes(source: Path, tmp_path: Path) -> None:
    """Every 8-bit weight of the file is one of the artefact's, none is left in floats."""
    in_pytorch = compress(source, tmp_path / "torch", bits=8, measure_zip=False)
    made = _exported(in_pytorch.folder, tmp_path / "made")
    graph = openvino.Core().read_model(made.folder / "openvino_model.xml")
    stored = {
        node.data.tobytes()
        for node in graph.get_ops()
        if node.get_type_name() == "Constant" and node.get_element_type() == openvino.Type.i8
    }
    codes = codes_of(load(in_pytorch.folder).model)
    assert stored == {one.codes.tobytes() for one in codes.values()}
    assert made.manifest.export is not None
    assert made.manifest.export.layers["int8 weights"] == len(codes)


def test_files_are_as_small_as_the_ledger_says(source: Path, tmp_path: Path, audio: Path) -> None:
    """The ledger's bytes are those of the weight file, but for the constants of operations."""
    for options in ({"bits": 8}, {"bits": 8, "audio": audio}, {"bits": 4}):
        made = _exported(source, tmp_path / "made", overwrite=True, **options)
        size_bytes = (made.folder / "openvino_model.bin").stat().st_size
        assert made.manifest.ledger.bytes_after == pytest.approx(size_bytes, rel=0.1)


def test_calibrated_activations(calibrated: Artefact, source: Path) -> None:
    """Convolutions are 8 bits too, but for the first; the model stays near what it was."""
    export = calibrated.manifest.export
    assert export is not None
    assert export.layers == {"float32": 1, "int8": 17}
    assert [one.condition for one in export.calibration] == ["clean", "noise-5dB"]
    assert set(export.divergence) == {"pseudo-speech", "clean", "noise-5dB"}
    assert 0 < max(export.divergence.values()) < 0.05
    recordings = _speech(1.2)
    found, expected = _logits(calibrated.folder, recordings)[0], _logits(source, recordings)[0]
    assert np.abs(found - expected).max() < 0.2 * np.abs(expected).max()


@pytest.mark.parametrize("has_bias", [True, False])
def test_convolutions_without_bias(has_bias: bool, audio: Path, tmp_path: Path) -> None:
    """A bias of zeros, or none, is where OpenVINO would lose the scale of 8-bit convolutions."""
    config = config_of_tiny("wav2vec2-layer-norm")
    config.conv_bias = has_bias
    torch.manual_seed(0)
    module = transformers.Wav2Vec2ForCTC(config)
    for layer in module.wav2vec2.feature_extractor.conv_layers:
        if has_bias:
            torch.nn.init.zeros_(layer.conv.bias)
    with quiet_transformers():
        module.save_pretrained(tmp_path / "tiny")
    write_processor(tmp_path / "tiny", "wav2vec2-layer-norm")
    made = _exported(tmp_path / "tiny", tmp_path / "made", bits=8, audio=audio)
    assert made.manifest.export is not None
    assert max(made.manifest.export.divergence.values()) < 0.005


def test_ranges_do_not_depend_on_the_batch(calibrated: Artefact) -> None:
    """Calibrated ranges are the same for a recording alone and in a batch."""
    recordings = _speech(1.3, 0.6)
    together = _logits(calibrated.folder, recordings)
    alone = [_logits(calibrated.folder, [one])[0] for one in recordings]
    for one, other in zip(alone, together, strict=True):
        assert np.abs(one - other).max() < 0.05 * np.abs(one).max()


def test_excluded_convolutions_stay_floats(source: Path, audio: Path, tmp_path: Path) -> None:
    """--exclude holds for what the runtime would quantise besides."""
    made = _exported(
        source, tmp_path / "made", bits=8, audio=audio, exclude="*pos_conv_embed*", conv=True
    )
    assert made.manifest.export is not None
    assert made.manifest.export.layers == {"float32": 2, "int8": 16}


def test_weights_only(source: Path, audio: Path, tmp_path: Path) -> None:
    """Audio calibrates nothing where only weights are to be quantised; the label says so."""
    made = _exported(source, tmp_path / "made", bits=8, audio=None, weights_only=True)
    assert made.manifest.export is not None
    assert made.manifest.export.calibration == ()
    assert made.manifest.label == "int8-openvino"


def test_low_bits_stay_near_beside_calibrated_layers(
    source: Path, audio: Path, tmp_path: Path
) -> None:
    """NNCF moves scales between layers; codes that are stored as they are must not miss them."""
    made = _exported(source, tmp_path / "made", bits=4, audio=audio)
    export = made.manifest.export
    assert export is not None
    assert export.layers == {"float32": 1, "int8": 3, "int4 weights": 14}
    assert max(export.divergence.values()) < 0.01


def test_no_reporting(tmp_path: Path) -> None:
    """The packages that would tell their makers of each use are never imported."""
    code = (
        "import sys\n"
        "from asrcompress.core.runtimes._needed import needed\n"
        "needed('openvino', extra='openvino'); needed('nncf', extra='openvino')\n"
        "import nncf.telemetry.wrapper as wrapper\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
        "assert not [m for m in sys.modules if m.startswith('openvino_telemetry.')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)


def test_a_wrong_graph_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph in floats whose logits differ is never quantised nor kept."""
    from asrcompress.compress.runtimes import openvino as exporter

    right = exporter.logits_of
    monkeypatch.setattr(exporter, "logits_of", lambda *args: right(*args) + 0.002)
    with pytest.raises(IntegrityError, match="the exported graph is not the model"):
        _exported(source, tmp_path / "made", bits=8)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_form_of_the_model_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph is held against the model as it was, not as it was made ready for tracing."""
    from asrcompress.compress.traced import feature_encoder

    right = feature_encoder._normalised
    monkeypatch.setattr(feature_encoder, "_normalised", lambda *args: right(*args) * 1.05)
    with pytest.raises(IntegrityError, match="the exported graph is not the model"):
        _exported(source, tmp_path / "made", bits=8)
    assert list(tmp_path.iterdir()) == []


def test_a_module_in_memory_is_refused(tmp_path: Path) -> None:
    """It has no processor to ask for inputs, so nothing could be checked."""
    with pytest.raises(ModelError, match="a module in memory cannot be exported"):
        compress(tiny_module(), tmp_path / "made", bits=8, runtime="openvino")


def test_what_is_missing_is_named(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the command that installs it is told."""
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(ModelError, match=r"pip install 'asrcompress\[openvino\]'"):
        _exported(source, tmp_path / "made", bits=8)
    assert list(tmp_path.iterdir()) == []


def test_encoder_decoders_are_refused_at_once(tmp_path: Path) -> None:
    """Before anything is compressed."""
    model = tiny_encoder_decoder(tmp_path / "whisper", "whisper")
    with pytest.raises(ModelError, match="only CTC models can be exported"):
        _exported(model, tmp_path / "made", bits=8)
    assert not (tmp_path / "made").exists()


def test_an_exported_artefact_is_an_end(calibrated: Artefact, tmp_path: Path) -> None:
    """It is not compressed again, and not loaded as a PyTorch model."""
    for options in ({"bits": 4}, {"runtime": "openvino"}):
        with pytest.raises(ModelError, match="openvino's already"):
            compress(calibrated.folder, tmp_path / "again", **options)
    with pytest.raises(ModelError, match="another runtime than PyTorch"):
        load(calibrated.folder)


@pytest.mark.parametrize("name", ["openvino_model.bin", "openvino_model.xml"])
def test_altered_files_are_not_run(calibrated: Artefact, tmp_path: Path, name: str) -> None:
    """The graph's files have the bytes that were written, or are not opened."""
    folder = tmp_path / "altered"
    shutil.copytree(calibrated.folder, folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(IntegrityError, match="differs from what was written"):
        open_recogniser(folder)


def test_a_missing_file_is_named(calibrated: Artefact, tmp_path: Path) -> None:
    """A graph without its weights is no model."""
    folder = tmp_path / "partly"
    shutil.copytree(calibrated.folder, folder)
    (folder / "openvino_model.xml").unlink()
    with pytest.raises(ModelError, match=r"weight file that asrcompress\.json lists is missing"):
        open_recogniser(folder)


def test_graphs_run_on_the_cpu(calibrated: Artefact) -> None:
    """Beside models on a GPU too, and the recogniser says so."""
    assert open_recogniser(calibrated.folder, RecogniserOptions(device="cuda")).device == "cpu"


@pytest.mark.parametrize("options", [{"dtype": "bfloat16"}, {"compile": True}, {"language": "en"}])
def test_what_graphs_do_not_have(calibrated: Artefact, options: dict[str, Any]) -> None:
    """PyTorch's own options are refused, not ignored."""
    with pytest.raises(AsrcompressError):
        open_recogniser(calibrated.folder, RecogniserOptions(**options))


def test_kernels_are_the_runtimes_own_words(calibrated: Artefact) -> None:
    """An 8-bit graph is computed by 8-bit primitives where this processor has some."""
    recogniser = open_recogniser(calibrated.folder, RecogniserOptions(threads=1))
    recogniser.transcribe(_speech(1.0))
    assert recogniser.threads == 1
    assert recogniser.kernels
    assert all(" x" in kernel for kernel in recogniser.kernels)


def test_what_is_left_in_the_folder(calibrated: Artefact) -> None:
    """Graph, configuration, processor and manifest: nothing of the way there."""
    assert {path.name for path in calibrated.folder.iterdir()} == {
        MANIFEST_NAME,
        "config.json",
        "openvino_model.bin",
        "openvino_model.xml",
        "preprocessor_config.json",
        "processor_config.json",
        "tokenizer_config.json",
        "vocab.json",
    } & {path.name for path in calibrated.folder.iterdir()}
    on_disk = sum(p.stat().st_size for p in calibrated.folder.iterdir() if p.name != MANIFEST_NAME)
    assert calibrated.manifest.sizes.disk_bytes == on_disk


def test_codes_stand_for_the_weights(source: Path, tmp_path: Path) -> None:
    """w = (codes - zero) * scale, for whole and for fractional zeros."""
    for options in ({"bits": 8}, {"bits": 4}, {"bits": 2}, {"prune": 0.5, "bits": 4}):
        made = compress(source, tmp_path / "torch", overwrite=True, measure_zip=False, **options)
        model = load(made.folder).model
        for name, codes in codes_of(model).items():
            weight: Any = model.get_submodule(name).weight.dequantize().detach()
            assert np.abs(_stands_for(codes) - weight.numpy()).max() < 1e-6


def _stands_for(codes: WeightCodes) -> Any:
    zero = 0.0 if codes.zero is None else codes.zero
    return ((codes.codes.astype(np.float32) - zero) * codes.scale).reshape(codes.shape)
