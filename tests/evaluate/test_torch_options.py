"""Autocast and torch.compile: what they change, and what is said where a machine cannot do them."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asrcompress.api import compress
from asrcompress.core.audio import Samples
from asrcompress.core.checkpoint import Checkpoint, load, locate
from asrcompress.core.corpus import BUNDLED, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.precision import Dtype, dtype_of
from asrcompress.evaluate import (
    CostOptions,
    EvaluateRequest,
    Recogniser,
    RecogniserOptions,
    cost_process,
    open_recogniser,
    run,
    torch_options,
    transcribe,
)
from asrcompress.evaluate.recognisers.torch_ctc import TorchCtc
from tests.checkpoints import tiny_checkpoint
from tests.evaluate.makers import audio_corpus

Tiny = Callable[[str], Path]
HALF_ULP = 2.0**-9  # bfloat16 has 8 significant bits: rounding moves a value by 0.2 % at most

has_bfloat16 = pytest.mark.skipif(
    not torch_options._is_native("bfloat16"), reason="no bfloat16 kernels for this processor"
)
has_compiler = pytest.mark.skipif(
    shutil.which("g++") is None and shutil.which("clang++") is None, reason="no C++ compiler"
)


@pytest.fixture(scope="module")
def audio() -> list[Samples]:
    generator = np.random.default_rng(0)
    return [(0.1 * generator.standard_normal(n)).astype(np.float32) for n in (9_000, 5_333)]


def _opened(folder: Path, **options: Any) -> TorchCtc:
    recogniser = open_recogniser(folder, RecogniserOptions(threads=1, **options))
    assert isinstance(recogniser, TorchCtc)
    return recogniser


def _change(recogniser: TorchCtc, stock: TorchCtc, audio: list[Samples]) -> float:
    """The root mean square of the logits' change, as a part of the logits' own."""
    found, expected = (
        torch.cat([one._logits([samples])[0] for samples in audio]) for one in (recogniser, stock)
    )
    assert found.shape == expected.shape
    assert found.dtype == torch.float32
    return float((found - expected).square().mean().sqrt() / expected.square().mean().sqrt())


@has_bfloat16
@pytest.mark.parametrize("architecture", ["wav2vec2", "+wavlm", "parakeet_ctc"])
def test_bfloat16_rounds_and_nothing_else(
    architecture: str, tiny: Tiny, audio: list[Samples]
) -> None:
    """As many frames, float32 logits, and another rounding of each product: no more than that."""
    folder = tiny(architecture)
    change = _change(_opened(folder, dtype="bfloat16"), _opened(folder), audio)
    assert HALF_ULP / 4 < change < 20 * HALF_ULP


@has_bfloat16
@pytest.mark.parametrize(("architecture", "bits"), [("wav2vec2", 8), ("wavlm", 4)])
def test_quantised_artefacts_in_bfloat16(
    architecture: str, bits: int, tmp_path: Path, audio: list[Samples]
) -> None:
    """Their weights' values, then another rounding: not the original's weights."""
    folder = tiny_checkpoint(tmp_path / "m", architecture)
    made = compress(folder, tmp_path / "q", bits=bits, measure_zip=False).folder
    half = _opened(made, dtype="bfloat16")
    change = _change(half, _opened(made), audio)
    assert HALF_ULP / 4 < change < 20 * HALF_ULP
    if bits == 4:
        assert _change(half, _opened(folder), audio) > 2 * change


@has_bfloat16
def test_unpacked_weights_are_the_artefacts(tmp_path: Path) -> None:
    """Value for value; recorded sizes stay those of the artefact."""
    folder = tiny_checkpoint(tmp_path / "m")
    made = compress(folder, tmp_path / "q", bits=4, conv=True, measure_zip=False)
    half = _opened(made.folder, dtype="bfloat16")
    quantised = load(made.folder).model
    manifest = half.loaded.checkpoint.manifest
    assert manifest is not None
    assert len(manifest.quantization) > 10
    for name in manifest.quantization:
        weight: Any = quantised.get_submodule(name).weight
        assert torch.equal(half.loaded.model.get_submodule(name).weight, weight.dequantize())
    assert half.sizes == manifest.sizes


@has_bfloat16
def test_batches_are_checked_in_float32(tiny: Tiny) -> None:
    """What bfloat16 rounds is not taken for padding that leaks."""
    assert _opened(tiny("+wavlm"), dtype="bfloat16").batching(8) == (8, None)


@has_bfloat16
@pytest.mark.parametrize("architecture", ["whisper", "moonshine"])
def test_decoders_in_bfloat16(architecture: str, tiny: Tiny, audio: list[Samples]) -> None:
    """A model with a decoder writes under autocast too, and says in what."""
    how = RecogniserOptions(threads=1, dtype="bfloat16")
    recogniser = open_recogniser(tiny(architecture), how)
    assert recogniser.dtype == "bfloat16"
    texts = recogniser.transcribe(audio[:1])
    assert len(texts[0]) > 1


@has_bfloat16
def test_casts_are_kept_for_a_corpus_only(tiny: Tiny, tmp_path: Path) -> None:
    """A weight is cast once for all batches, and forgotten after: it may be trained in between."""
    recogniser = _opened(tiny("wav2vec2"), dtype="bfloat16")
    head: Any = recogniser.loaded.model.lm_head
    before: dict[str, str] = {}
    for scale in (1.0, 0.0):
        head.weight.data *= scale
        head.bias.data[:] = torch.eye(len(head.bias))[7] * (1 - scale)
        texts = transcribe(
            recogniser, audio_corpus(tmp_path / "c", {"a": "x", "b": "y"})
        ).pred_texts
        assert dict(texts) != before
        before = dict(texts)
    assert set(before.values()) == {"A"}  # the eighth token, from the bias alone


@has_bfloat16
def test_results_say_so(tiny: Tiny, tmp_path: Path) -> None:
    """Both models of a comparison run in the dtype asked for, and the decoding records it."""
    request = EvaluateRequest(
        str(tiny("+wav2vec2")),
        audio_corpus(tmp_path / "c", {"a": "one", "b": "two"}),
        baseline=str(tiny("wavlm")),
        measure_cost=False,
        threads=1,
        replicates=100,
        dtype="bf16",
    )
    for artefact in run(request).results.artefacts:
        assert artefact.decoding.dtype == "bfloat16"
        assert not artefact.decoding.compiled


def test_cost_is_measured_in_it(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that measures opens the model with the options that scoring had."""
    asked: list[RecogniserOptions] = []

    def opened(model: Checkpoint, options: RecogniserOptions) -> Recogniser:
        asked.append(options)
        return open_recogniser(model, RecogniserOptions(threads=1))

    monkeypatch.setattr(cost_process, "open_recogniser", opened)
    corpus = audio_corpus(tmp_path / "c", {"a": "one"})
    options = CostOptions(threads=1, dtype="bfloat16", compile=True)
    task = {
        "model": str(tiny("wav2vec2")),
        "options": dataclasses.asdict(options),
        "utterances": [{"id": "a", "path": str(corpus.utterances[0].path), "duration_s": 0.2}],
    }
    assert cost_process.measured(task).processing_s > 0
    assert [(one.dtype, one.compile) for one in asked] == [("bfloat16", True)]


@has_bfloat16
def test_bundled_words_in_bfloat16() -> None:
    """Of the bundled recordings at most one in twenty is heard otherwise than in float32."""
    corpus = read_corpus(BUNDLED)
    texts = [
        transcribe(_opened(Path("bundled:model"), dtype=dtype), corpus).pred_texts
        for dtype in ("float32", "bfloat16")
    ]
    changed = sum(texts[0][key] != texts[1][key] for key in texts[0])
    assert changed <= len(texts[0]) / 20


def test_a_type_without_instructions(monkeypatch: pytest.MonkeyPatch, tiny: Tiny) -> None:
    """Refused before anything is loaded, with the types that would do."""
    monkeypatch.setattr(torch_options, "_is_native", lambda dtype: dtype == "bfloat16")
    with pytest.raises(InputError, match="got float16 on cpu; expected float32 or bfloat16"):
        run(EvaluateRequest("no-model", "no-corpus", dtype="fp16"))


def test_names_of_types() -> None:
    assert [dtype_of(name) for name in ("bf16", "fp16", "fp32")] == [
        "bfloat16",
        "float16",
        "float32",
    ]
    with pytest.raises(InputError, match=r"bad dtype; got 'bfloat'; .*did you mean 'bfloat16'"):
        EvaluateRequest("model", "corpus", dtype="bfloat")


@pytest.mark.parametrize(
    ("dtype", "compiled", "asked"),
    [
        ("bfloat16", False, "dtype bfloat16:"),
        ("float32", True, "compile:"),
        ("bfloat16", True, "dtype bfloat16 and compile:"),
    ],
)
def test_other_runtimes(dtype: Dtype, compiled: bool, asked: str, tmp_path: Path) -> None:
    """Their kernels are their own: PyTorch's options are refused by the model's name."""
    checkpoint = _for_openvino(tmp_path)
    with pytest.raises(InputError, match=f"^{asked} .*PyTorch.*a model for openvino"):
        torch_options.check_runtimes((checkpoint,), dtype, compiled=compiled)
    torch_options.check_runtimes((checkpoint,), "float32", compiled=False)


def _for_openvino(folder: Path) -> Checkpoint:
    """An artefact whose manifest names another runtime."""
    source = tiny_checkpoint(folder / "m")
    checkpoint = locate(compress(source, folder / "q", bits=8, measure_zip=False).folder)
    assert checkpoint.manifest is not None
    manifest = checkpoint.manifest.model_copy(update={"runtime": "openvino"})
    return dataclasses.replace(checkpoint, manifest=manifest)


@pytest.fixture
def _fresh_compiler() -> Iterator[None]:
    torch_options._check_compiler.cache_clear()
    yield
    torch_options._check_compiler.cache_clear()


@pytest.mark.usefixtures("_fresh_compiler")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("InvalidCxxCompiler", r"got no C\+\+ compiler; .*CXX"),
        ("CppCompileError", r"got a C\+\+ compiler that cannot build for this Python"),
        ("TritonMissing", "got no Triton"),
        ("Unheard", "got BackendCompilerFailed"),
    ],
)
def test_nothing_to_compile_with(error: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what is missing, before anything is loaded."""
    from torch._dynamo.exc import BackendCompilerFailed

    cause = type(error, (RuntimeError,), {})("details")

    def compiling(*_: Any, **__: Any) -> Any:
        def fail(_: torch.Tensor) -> None:
            raise BackendCompilerFailed(compiling, cause, None)

        return fail

    monkeypatch.setattr(torch, "compile", compiling)
    with pytest.raises(InputError, match=f"torch.compile does not work here: cpu; {message}"):
        run(EvaluateRequest("no-model", "no-corpus", compile=True))


@has_compiler
@pytest.mark.slow  # half a minute on a busy machine, for each form of a block
@pytest.mark.parametrize("architecture", ["+wav2vec2", "wavlm"])
def test_compiled_is_the_same(architecture: str, tiny: Tiny, audio: list[Samples]) -> None:
    """The same logits but for rounding; a new length or batch compiles nothing anew."""
    from torch._dynamo.utils import counters

    folder = tiny(architecture)
    compiled = _opened(folder, compile=True)
    assert compiled.compiled
    made = counters["stats"]["unique_graphs"]
    assert made > 0
    assert _change(compiled, _opened(folder), audio) < 1e-5
    for samples in (20_000, 47_777, 100_000):
        compiled.transcribe([np.zeros(samples, dtype=np.float32)])
    if compiled.batching(8).batch_size > 1:
        compiled.transcribe([*audio, audio[0][:4_000]])
    assert counters["stats"]["unique_graphs"] == made


@has_compiler
@pytest.mark.slow
def test_compiled_decoder(tiny: Tiny, audio: list[Samples]) -> None:
    """The encoder's blocks are compiled, and the text is the same."""
    texts = [
        open_recogniser(tiny("whisper"), RecogniserOptions(threads=1, compile=compiled)).transcribe(
            audio
        )
        for compiled in (False, True)
    ]
    assert texts[0] == texts[1]
