"""The whole way: a checkpoint in, a proved artefact out, or one line and nothing left."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from asrcompress.compress import CompressRequest, read_options, run
from asrcompress.compress.decision import CalibrationAudio
from asrcompress.compress.plan import in_order
from asrcompress.compress.weight_file import WeightFile
from asrcompress.core.artefact import Artefact
from asrcompress.core.checkpoint import LoadedModel, agrees, load, probe
from asrcompress.core.checkpoint.integrity import differing_tensors
from asrcompress.core.checkpoint.quiet import quiet_transformers
from asrcompress.core.errors import InputError, IntegrityError, ModelError, OutputError
from asrcompress.core.manifest import ArtefactManifest, read_manifest
from asrcompress.core.utterance import Utterance
from tests.checkpoints import tiny_checkpoint

PRUNED: dict[str, Any] = {"prune": 0.3}
# Everything that one file can hold: 8, 4, 2 bits, float16, layers only pruned, layers left alone.
MIXED: dict[str, Any] = {
    "prune": 0.4,
    "scope": "local",
    "exclude": ["lm_head"],
    "conv": True,
    "bits": [
        "*.layers.0.attention=8",
        "*.layers.0.feed_forward=4",
        "*.layers.1.attention=2",
        "*.feature_projection=16",
        "*.pos_conv_embed=8",
    ],
}
ALL = (
    {"bits": 8},
    {"bits": 4, "rounding": "hqq"},
    {"bits": 2, "conv": True},
    {"bits": 16},
    PRUNED,
    {**PRUNED, "bits": 8, "storage": "bitmask"},
    {**PRUNED, "bits": 4},
    MIXED,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


def _compress(source: Path, target: Path, options: dict[str, Any], **more: Any) -> Artefact:
    return run(CompressRequest(str(source), read_options(options), output=target, **more))


def _digests(loaded: LoadedModel) -> dict[str, str]:
    assert loaded.checkpoint.manifest is not None
    return loaded.checkpoint.manifest.tensors


def _rows(manifest: ArtefactManifest) -> dict[str, Any]:
    return {row.name: row for row in manifest.ledger.rows}


@pytest.mark.parametrize("options", ALL, ids=str)
def test_artefact_is_what_its_manifest_says(
    source: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    """It loads on its own, computes the recorded logits and has the recorded bytes."""
    made = _compress(source, tmp_path / "made", options, measure_zip=False)
    loaded = load(made.folder)
    assert made.manifest.probe == probe(loaded)
    assert loaded.checkpoint.manifest == made.manifest
    tensors = loaded.model.state_dict().values()
    assert made.manifest.sizes.memory_bytes == sum(tensor.nbytes for tensor in tensors)
    assert made.manifest.ledger.bytes_after == made.manifest.sizes.memory_bytes
    assert made.manifest.sizes.disk_bytes == loaded.checkpoint.disk_bytes


def test_manifest_of_an_int8_artefact(source: Path, tmp_path: Path) -> None:
    """Where it came from, what was done, and sizes that a hand count confirms."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    manifest = made.manifest
    assert read_manifest(made.folder) == manifest
    assert manifest.source.model == str(source)
    assert manifest.source.dtype == "float32"
    assert not manifest.source.low_mantissa_bits_zero
    assert [step.method for step in manifest.steps] == ["quantize"]
    assert manifest.weights_file == "asrcompress.safetensors"
    # 51,184 weights; the 14 Linear weights hold 512 + 2 (4 * 1024 + 2 * 8192) + 1024 = 42,496 of
    # them in 32 + 2 (4 * 32 + 256 + 32) + 32 = 896 rows, a scale each; 2 more scales a layer.
    assert manifest.source.sizes.memory_bytes == 4 * 51_184
    assert manifest.sizes.memory_bytes == 4 * (51_184 - 42_496) + 42_496 + 4 * 896 + 8 * 14
    assert manifest.sizes.zipped_bytes is not None
    assert manifest.sizes.zipped_bytes < manifest.sizes.disk_bytes
    head = _rows(manifest)["lm_head.weight"]
    assert (head.kind, head.qtype, head.is_compressed) == ("Linear", "qint8", True)
    assert (head.shape_before, head.shape_after) == ((32, 32), (32, 32))
    assert (head.bytes_before, head.bytes_after) == (4 * 1024, 1024 + 4 * 32 + 8)
    assert manifest.ledger.bytes_left_alone == 4 * (51_184 - 42_496)


def test_ledger_says_why_of_everything(source: Path, tmp_path: Path) -> None:
    """One row a tensor of the original, the untouched ones included."""
    made = _compress(source, tmp_path / "made", {"bits": 4, **PRUNED, "exclude": "lm_head"})
    rows = _rows(made.manifest)
    assert list(rows) == list(load(source).model.state_dict())
    block = "wav2vec2.encoder.layers.0.attention.k_proj"
    assert rows[f"{block}.weight"].why.startswith("pruned global, |w| <= 0.")
    assert rows[f"{block}.weight"].why.endswith("; qint4 with exact zero, a scale per group")
    assert rows["lm_head.weight"].why == "excluded by 'lm_head'"
    assert rows["lm_head.weight"].qtype == "float32"
    assert rows[f"{block}.bias"].why == "no weight of a Linear, Conv1d or Embedding"
    positional = "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original1"
    assert rows[positional].kind == "Conv1d"
    assert rows[positional].qtype == "float32"
    assert rows[positional].sparsity > 0.1


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_pruned_zeros_survive_quantisation(source: Path, tmp_path: Path, bits: int) -> None:
    """The same weights are zero in the reloaded artefact, and the ledger counts them."""
    only = load(_compress(source, tmp_path / "pruned", PRUNED).folder).model
    made = _compress(source, tmp_path / "both", {**PRUNED, "bits": bits})
    both = load(made.folder).model
    for name, layer in only.named_modules():
        if isinstance(layer, torch.nn.Linear):
            after = both.get_submodule(name).weight.dequantize()
            assert bool((after[layer.weight == 0] == 0).all()), name
            zeros = float((after == 0).float().mean())
            assert _rows(made.manifest)[f"{name}.weight"].sparsity == pytest.approx(zeros)


def test_pruned_artefact_is_an_ordinary_checkpoint(source: Path, tmp_path: Path) -> None:
    """Plain from_pretrained loads it, zeros of the positional convolution included."""
    made = _compress(source, tmp_path / "made", PRUNED)
    with quiet_transformers():
        plain = transformers.AutoModelForCTC.from_pretrained(made.folder)
    layers = [m for m in plain.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv1d)]
    weights = [layer.weight for layer in layers]
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    assert zeros == round(0.3 * sum(weight.numel() for weight in weights))
    assert differing_tensors(plain, made.manifest.tensors) == ()


def test_quantised_artefact_is_no_ordinary_checkpoint(source: Path, tmp_path: Path) -> None:
    """from_pretrained must not load half of it in silence: it finds no weights."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    with quiet_transformers(), pytest.raises(OSError, match=r"model\.safetensors"):
        transformers.AutoModelForCTC.from_pretrained(made.folder, local_files_only=True)


def _halve(folder: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    path = folder / "model.safetensors"
    halves = {name: value.to(dtype) for name, value in load_file(path).items()}
    save_file(halves, path, metadata={"format": "pt"})
    _edit_json(folder / "config.json", dtype=str(dtype).removeprefix("torch."))
    return halves


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_source(tmp_path: Path, dtype: torch.dtype) -> None:
    """A pruned checkpoint of halves stays one, for plain from_pretrained too."""
    half = tiny_checkpoint(tmp_path / "half")
    halves = _halve(half, dtype)
    made = _compress(half, tmp_path / "made", {**PRUNED, "scope": "local"})
    assert made.manifest.source.dtype == str(dtype).removeprefix("torch.")
    assert made.manifest.source.low_mantissa_bits_zero
    stored = load_file(made.folder / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {dtype}
    assert all(torch.equal(stored[name][kept], halves[name][kept]) for name, kept in _kept(stored))
    with quiet_transformers():
        plain = transformers.AutoModelForCTC.from_pretrained(made.folder)
    assert {parameter.dtype for parameter in plain.parameters()} == {dtype}
    assert differing_tensors(plain, made.manifest.tensors) == ()


def _kept(stored: dict[str, torch.Tensor]) -> list[tuple[str, torch.Tensor]]:
    return [(name, tensor != 0) for name, tensor in stored.items()]


def test_what_halves_cannot_hold_is_float32(tmp_path: Path) -> None:
    """A pruned weight-normed convolution is computed anew; from_pretrained must not round it."""
    half = tiny_checkpoint(tmp_path / "half")
    _halve(half, torch.float16)
    made = _compress(half, tmp_path / "made", PRUNED)
    stored = load_file(made.folder / "model.safetensors")
    normed = "wav2vec2.encoder.pos_conv_embed.conv.parametrizations.weight.original"
    wide = [name for name, tensor in stored.items() if tensor.dtype != torch.float16]
    assert sorted(wide) == [f"{normed}0", f"{normed}1"]
    with quiet_transformers():
        plain = transformers.AutoModelForCTC.from_pretrained(made.folder)
    assert {parameter.dtype for parameter in plain.parameters()} == {torch.float32}
    assert differing_tensors(plain, made.manifest.tensors) == ()


def test_float32_tensors_among_halves_are_not_rounded(tmp_path: Path) -> None:
    """Norms in float32, as some float16 checkpoints have: they stay, with their large values."""
    half = tiny_checkpoint(tmp_path / "half")
    tensors: dict[str, torch.Tensor] = _halve(half, torch.float16)
    norm = torch.tensor([70_000.0, 1 + 2**-20] * 16)
    tensors["wav2vec2.encoder.layer_norm.weight"] = norm
    save_file(tensors, half / "model.safetensors", metadata={"format": "pt"})
    made = _compress(half, tmp_path / "made", {**PRUNED, "scope": "local"})
    stored = load_file(made.folder / "model.safetensors")
    assert torch.equal(stored["wav2vec2.encoder.layer_norm.weight"], norm)
    assert stored["lm_head.weight"].dtype == torch.float16
    with quiet_transformers():
        plain = transformers.AutoModelForCTC.from_pretrained(made.folder)
    assert differing_tensors(plain, made.manifest.tensors) == ()


def test_mixed_file_reloads_bit_exact(source: Path, tmp_path: Path) -> None:
    """8, 4, 2 and 16 bits, pruned and untouched layers: what is loaded is what the file holds.

    The file is read by the safetensors library here, which knows nothing of this program.
    """
    made = _compress(source, tmp_path / "made", MIXED)
    loaded = load(made.folder).model
    rows = _rows(made.manifest)
    qtypes = {row.qtype for row in rows.values() if row.is_compressed}
    assert qtypes == {"qint8", "qint4", "qint2", "float16", "float32"}
    file = load_file(made.folder / "asrcompress.safetensors")
    state = loaded.state_dict()
    assert set(file) == set(state)
    for name, tensor in state.items():
        assert torch.equal(file[name].to(tensor.dtype), tensor), name
    assert differing_tensors(loaded, made.manifest.tensors) == ()
    original = load(source).model
    for name, layer in original.named_modules():
        if isinstance(layer, torch.nn.Linear) and name != "lm_head":
            weight: Any = loaded.get_submodule(name).weight
            values = weight.dequantize() if hasattr(weight, "qtype") else weight
            count = round(0.4 * values.numel())
            smallest = layer.weight.abs().flatten().argsort()[:count]
            assert bool((values.flatten()[smallest] == 0).all()), name
    only_pruned = "wav2vec2.encoder.layers.1.feed_forward.output_dense.weight"
    kept = state[only_pruned] != 0
    assert torch.equal(state[only_pruned][kept], original.state_dict()[only_pruned][kept])
    assert torch.equal(state["lm_head.weight"], original.state_dict()["lm_head.weight"])


def test_pruned_artefact_can_be_quantised(source: Path, tmp_path: Path) -> None:
    """In two runs as in one."""
    pruned = _compress(source, tmp_path / "pruned", PRUNED)
    twice = load(_compress(pruned.folder, tmp_path / "twice", {"bits": 8}).folder)
    once = load(_compress(source, tmp_path / "once", {**PRUNED, "bits": 8}).folder)
    assert differing_tensors(twice.model, _digests(once)) == ()


def test_same_request_same_bytes(source: Path, tmp_path: Path) -> None:
    """Two runs give the same weight file."""
    options = {**PRUNED, "bits": 4}
    first = _compress(source, tmp_path / "a", options).manifest
    second = _compress(source, tmp_path / "b", options).manifest
    assert first.weights_sha256 == second.weights_sha256


def test_order_of_steps_does_not_matter() -> None:
    """Pruning runs first."""
    steps = read_options({**PRUNED, "bits": 8}).steps
    assert in_order(steps[::-1]) == steps


def test_source_is_untouched(source: Path, tmp_path: Path) -> None:
    """Pruning writes to memory that may be mapped from the file."""
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    _compress(source, tmp_path / "made", PRUNED)
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_progress_tells_every_stage(source: Path, tmp_path: Path) -> None:
    """In order; the engine counts the tensors, and the last call says that all is done."""
    calls: list[tuple[str, int, int]] = []
    options = read_options({**PRUNED, "bits": 8})
    request = CompressRequest(str(source), options, output=tmp_path / "made")
    made = run(request, lambda *call: calls.append(call))
    stages = ["opening", "prune", "quantize", "compressing", "hashing the original"]
    stages += ["zipping the original", "proving", "done"]
    assert list(dict.fromkeys(what for what, _, _ in calls)) == stages
    count = len(made.manifest.ledger.rows)
    counted = [(done, total) for what, done, total in calls if what == "compressing"]
    assert counted == [(done, count) for done in range(count)]
    assert calls[-1] == ("done", 1, 1)


def test_default_output_is_in_the_current_folder(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named after model and compression."""
    monkeypatch.chdir(tmp_path)
    made = run(CompressRequest(str(source), read_options({"bits": 8})))
    assert made.folder == Path("tiny-int8")
    assert (tmp_path / "tiny-int8" / "asrcompress.json").is_file()


def test_existing_output(source: Path, tmp_path: Path) -> None:
    """Refused before any work; replaced on request; never a folder that is not ours."""
    target = tmp_path / "made"
    _compress(source, target, {"bits": 8})
    with pytest.raises(OutputError, match="output exists"):
        _compress(Path("no-such-model-here/x.bin") and source, target, {"bits": 4})
    made = _compress(source, target, {"bits": 4}, overwrite=True)
    assert made.manifest.steps[0].params == {"bits": 4, "rounding": "max"}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "results.json").write_text("{}")
    with pytest.raises(OutputError, match="did not make"):
        _compress(source, tmp_path / "mine", {"bits": 4}, overwrite=True)


def test_a_model_is_not_overwritten_by_its_own_compression(source: Path, tmp_path: Path) -> None:
    """A pruned artefact is ours, and may be compressed again, but elsewhere."""
    pruned = _compress(source, tmp_path / "a" / "pruned", PRUNED, measure_zip=False).folder
    before = sorted(path.name for path in pruned.iterdir())
    for target in (pruned, pruned / "int8", tmp_path / "a"):
        with pytest.raises(OutputError, match="would touch an input"):
            _compress(pruned, target, {"bits": 8}, overwrite=True)
    assert sorted(path.name for path in pruned.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "nothing to do"),
        ({"bits": 8, "exclude": "lm_hed"}, "pattern matches no layer; got 'lm_hed'"),
        ({"bits": ["8", "lm_hed=4"]}, "pattern matches no layer; got 'lm_hed'"),
        ({"bits": 8, "include": ["*conv_layers*"]}, "no layer to compress is left"),
    ],
)
def test_mistakes_leave_nothing(
    source: Path, tmp_path: Path, options: dict[str, Any], match: str
) -> None:
    """One line, and no folder."""
    with pytest.raises(InputError, match=match):
        _compress(source, tmp_path / "out" / "made", options)
    assert not list(tmp_path.rglob("*made*"))


def test_quantised_source_is_refused(source: Path, tmp_path: Path) -> None:
    """With the original named."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    with pytest.raises(ModelError, match=f"quantised already.*compress its original, {source}"):
        _compress(made.folder, tmp_path / "again", {"bits": 4})


def _edit(folder: Path, change: Any) -> None:
    path = folder / "asrcompress.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


WEIGHT = "wav2vec2.encoder.layers.1.attention.q_proj.weight"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            lambda t: t.update({f"{WEIGHT}._data": t[f"{WEIGHT}._data"][:5].clone()}),
            f"another shape.*{WEIGHT}._data; got int8 .5, 32.; expected int8 .32, 32.",
        ),
        (
            lambda t: t.update({f"{WEIGHT}._data": t[f"{WEIGHT}._data"].float()}),
            f"another shape or dtype.*{WEIGHT}._data",
        ),
        (
            lambda t: t.update({"lm_head.bias": t["lm_head.bias"].half()}),
            r"another shape or dtype.*lm_head\.bias; got float16 .32,.; expected float32 .32,.",
        ),
    ],
)
def test_tensor_of_another_form(source: Path, tmp_path: Path, change: Any, match: str) -> None:
    """A tensor of another shape or dtype than the manifest implies is named, with both."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    _edit(made.folder, change)
    with pytest.raises(IntegrityError, match=match):
        load(made.folder)


@pytest.mark.parametrize(
    ("layer", "entry"),
    [
        ("lm_head", {"weights": "qint3", "activations": "none"}),
        ("lm_head", {"weights": "qint8", "activations": "qint8"}),
        ("wav2vec2.encoder.layer_norm", {"weights": "qint8", "activations": "none"}),
        ("no.such.layer", {"weights": "qint8", "activations": "none"}),
    ],
)
def test_tampered_manifest(source: Path, tmp_path: Path, layer: str, entry: dict[str, str]) -> None:
    """A map that asks for what optimum-quanto cannot do, or for a layer that is not there."""
    made = _compress(source, tmp_path / "made", {"bits": 8}, measure_zip=False)
    path = made.folder / "asrcompress.json"
    manifest = json.loads(path.read_text())
    manifest["quantization"][layer] = entry
    path.write_text(json.dumps(manifest))
    with pytest.raises(IntegrityError, match=layer):
        load(made.folder)


def test_artefact_without_its_manifest(source: Path, tmp_path: Path) -> None:
    """Quantised weights alone say nothing of their layers."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    (made.folder / "asrcompress.json").unlink()
    with pytest.raises(ModelError, match=r"asrcompress\.safetensors without its asrcompress\.json"):
        load(made.folder)


def test_a_reload_that_differs_is_never_shown(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weight lost on the way to disk: no folder, and the tensor is named."""
    add = WeightFile.add

    def add_more(self: WeightFile, name: str, tensor: torch.Tensor) -> None:
        add(self, name, tensor + 1 if name == "lm_head.bias" else tensor)

    monkeypatch.setattr(WeightFile, "add", add_more)
    with pytest.raises(IntegrityError, match=r"changed when it was saved.*lm_head\.bias"):
        _compress(source, tmp_path / "made", {"bits": 8})
    assert list(tmp_path.iterdir()) == []


def test_probe_of_the_original_differs(source: Path, tmp_path: Path) -> None:
    """The proof would notice an artefact that is not compressed at all."""
    made = _compress(source, tmp_path / "made", {"bits": 8})
    assert made.manifest.probe is not None
    assert not agrees(probe(load(source)), made.manifest.probe)


def _edit_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


CODE_MAP = {
    "AutoConfig": "evilcode.Own",
    "AutoModelForCTC": "evilcode.Own",
    "AutoProcessor": "evilcode.Own",
    "AutoFeatureExtractor": "evilcode.Own",
    "AutoTokenizer": ["evilcode.Own", None],
}


@pytest.mark.parametrize(
    "name", ["config.json", "processor_config.json", "tokenizer_config.json", "in the features"]
)
def test_own_code_is_not_run_unasked(tmp_path: Path, name: str) -> None:
    """A known type with code beside it: the built-in classes are used, and the code left out."""
    source = tiny_checkpoint(tmp_path / "tiny")
    (source / "evilcode.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\n")
    if name == "in the features":
        path = source / "processor_config.json"
        features = json.loads(path.read_text())["feature_extractor"]
        _edit_json(path, feature_extractor={**features, "auto_map": CODE_MAP})
    else:
        _edit_json(source / name, auto_map=CODE_MAP)
    made = _compress(source, tmp_path / "made", {"bits": 8}, measure_zip=False)
    assert not (tmp_path / "trace").exists()
    assert not list(made.folder.glob("*.py"))
    assert not [p for p in made.folder.glob("*.json") if "auto_map" in p.read_text()]
    assert made.manifest.sizes.disk_bytes == load(made.folder).checkpoint.disk_bytes
    assert not (tmp_path / "trace").exists()


def test_features_with_own_code_are_not_run_unasked(tmp_path: Path) -> None:
    """The older preprocessor_config.json too."""
    source = tiny_checkpoint(tmp_path / "tiny")
    (source / "evilcode.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\n")
    path = source / "processor_config.json"
    features = json.loads(path.read_text())["feature_extractor"]
    path.unlink()
    (source / "preprocessor_config.json").write_text(json.dumps(features))
    _edit_json(source / "preprocessor_config.json", auto_map=CODE_MAP)
    made = _compress(source, tmp_path / "made", {"bits": 8}, measure_zip=False)
    assert not (tmp_path / "trace").exists()
    assert "auto_map" not in (made.folder / "preprocessor_config.json").read_text()


OWN_CODE = """
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC
class OwnConfig(Wav2Vec2Config):
    model_type = "own-asr"
class OwnForCTC(Wav2Vec2ForCTC):
    config_class = OwnConfig
"""


def test_own_code_with_permission_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of a type of its own needs its code in the artefact too."""
    modules = str(tmp_path / "modules")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    source = tiny_checkpoint(tmp_path / "tiny")
    (source / "own.py").write_text(OWN_CODE)
    code_map = {"AutoConfig": "own.OwnConfig", "AutoModelForCTC": "own.OwnForCTC"}
    _edit_json(source / "config.json", model_type="own-asr", auto_map=code_map)
    made = _compress(source, tmp_path / "made", {"bits": 8}, trust_remote_code=True)
    assert (made.folder / "own.py").read_text() == OWN_CODE
    assert json.loads((made.folder / "config.json").read_text())["auto_map"] == code_map
    with pytest.raises(ModelError, match="--trust-remote-code"):
        load(made.folder)


def test_output_over_its_own_audio(source: Path, tmp_path: Path) -> None:
    """A corpus of ours may be overwritten, but not by what listens to it."""
    corpus = tmp_path / "corpus"
    (corpus / "clean").mkdir(parents=True)
    recording = corpus / "clean" / "a.flac"
    recording.write_bytes(b"fLaC")
    (corpus / "corpus.json").write_text(json.dumps({"schema_version": 1, "libraries": []}))
    audio = CalibrationAudio("c", "clean", (Utterance("a", recording, 1.0),), sha256="0" * 64)
    with pytest.raises(OutputError, match=r"touch an input.*a\.flac to read"):
        _compress(source, corpus, {"bits": 8}, audio=(audio,), overwrite=True)
    assert recording.read_bytes() == b"fLaC"
