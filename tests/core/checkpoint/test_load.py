"""Loading: every CTC architecture, older names, and refusals by name."""

from __future__ import annotations

import json
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from asrcompress.core.checkpoint import load
from asrcompress.core.errors import InputError, ModelError
from tests.checkpoints import (
    ARCHITECTURES,
    ENCODER_DECODERS,
    tiny_checkpoint,
    tiny_encoder_decoder,
    tiny_module,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "tiny")


def _edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _edit_weights(folder: Path, change: Any) -> None:
    path = folder / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture(tmp_path: Path, architecture: str) -> None:
    """The weights are those that transformers itself loads, in eval mode."""
    loaded = load(tiny_checkpoint(tmp_path, architecture))
    expected = tiny_module(architecture).state_dict()
    got = loaded.model.state_dict()
    assert list(got) == list(expected)
    assert all(torch.equal(got[name], expected[name]) for name in expected)
    assert not loaded.model.training
    assert loaded.sample_rate_hz == 16_000
    tokenizer = loaded.processor.tokenizer
    assert tokenizer.decode(tokenizer.convert_tokens_to_ids(["E", "T"])) == "ET"


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_encoder_decoders(tmp_path: Path, architecture: str) -> None:
    """Weights and generation settings are those that transformers itself loads."""
    folder = tiny_encoder_decoder(tmp_path, architecture)
    loaded = load(folder)
    expected = transformers.AutoModelForSpeechSeq2Seq.from_pretrained(folder)
    got = loaded.model.state_dict()
    assert list(got) == list(expected.state_dict())
    assert all(torch.equal(got[name], value) for name, value in expected.state_dict().items())
    assert loaded.model.generation_config.to_dict() == expected.generation_config.to_dict()
    assert loaded.is_encoder_decoder
    assert not loaded.model.training
    assert loaded.sample_rate_hz == 16_000


def test_damaged_generation_settings(tmp_path: Path) -> None:
    """Which language to write would be a guess."""
    folder = tiny_encoder_decoder(tmp_path, "whisper")
    (folder / "generation_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"generation settings.*generation_config\.json"):
        load(folder)


def test_no_socket_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading a local folder contacts nobody."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load(folder)


def test_half_precision_is_widened(tmp_path: Path) -> None:
    """float16 on disk, float32 as loaded, whatever the configuration's dtype says."""
    folder = tiny_checkpoint(tmp_path)

    def halve(tensors: dict[str, torch.Tensor]) -> None:
        for name in tensors:
            tensors[name] = tensors[name].half()

    _edit_weights(folder, halve)
    _edit_config(folder, dtype="float16")
    assert {p.dtype for p in load(folder).model.parameters()} == {torch.float32}


def test_older_names_of_the_positional_convolution(folder: Path) -> None:
    """weight_g and weight_v, as checkpoints of before 2023 have them, in a pickled file."""
    tensors = load_file(folder / "model.safetensors")
    old = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in tensors.items()
    }
    assert "wav2vec2.encoder.pos_conv_embed.conv.weight_g" in old
    torch.save(old, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    got = load(folder).model.state_dict()
    assert all(torch.equal(got[name], tensor) for name, tensor in tensors.items())


def test_spec_augment_embedding_may_be_missing(folder: Path) -> None:
    """Only training uses it; it becomes zeros, so that two loads are alike."""
    _edit_weights(folder, lambda tensors: tensors.pop("wav2vec2.masked_spec_embed"))
    module = load(folder).model
    assert torch.equal(module.wav2vec2.masked_spec_embed, torch.zeros(32))


def test_missing_weight_is_named(folder: Path) -> None:
    """A random layer would make a random transcript."""
    name = "wav2vec2.encoder.layers.1.final_layer_norm.weight"
    _edit_weights(folder, lambda tensors: tensors.pop(name))
    with pytest.raises(ModelError, match=f"weights are missing.*no {name}"):
        load(folder)


@pytest.mark.parametrize("dtype", [torch.int8, torch.bool, torch.complex64])
def test_weight_that_is_no_float(folder: Path, dtype: torch.dtype) -> None:
    """Codes of another tool, taken for the weights themselves, would be nonsense."""
    name = "wav2vec2.encoder.layers.1.feed_forward.output_dense.weight"
    _edit_weights(folder, lambda tensors: tensors.update({name: tensors[name].to(dtype)}))
    with pytest.raises(ModelError, match=rf"{name}; got {str(dtype)[6:]}; expected floating-point"):
        load(folder)


def test_pretrained_only_checkpoint(folder: Path) -> None:
    """No CTC head: pretrained without transcripts."""

    def behead(tensors: dict[str, torch.Tensor]) -> None:
        del tensors["lm_head.weight"], tensors["lm_head.bias"]

    _edit_weights(folder, behead)
    with pytest.raises(ModelError, match=r"not fine-tuned to transcribe.*lm_head\.bias"):
        load(folder)


def test_shape_that_differs_from_the_configuration(folder: Path) -> None:
    """A head for other tokens is not replaced by a random one."""
    _edit_config(folder, vocab_size=40)
    with pytest.raises(ModelError, match=r"lm_head\.\w+; got \(32.*expected \(40"):
        load(folder)


def test_surplus_weights_are_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The quantiser of pretraining, for example, is left out with a note."""
    _edit_weights(folder, lambda tensors: tensors.update({"quantizer.x": torch.ones(1)}))
    with caplog.at_level(logging.WARNING, logger="asrcompress"):
        load(folder)
    assert "quantizer.x" in caplog.text


def test_terminal_stays_quiet(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No bars and no reports of transformers."""
    load(folder)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("model_type", ["dia", "bert"])
def test_other_kinds_of_model(folder: Path, model_type: str) -> None:
    """A model that speaks, or of text alone, is refused, with the types that work."""
    config = transformers.AutoConfig.for_model(model_type)
    (folder / "config.json").write_text(config.to_json_string())
    with pytest.raises(ModelError, match=f"not a model that transcribes.*{model_type}.*wav2vec2"):
        load(folder)


def test_unknown_type(folder: Path) -> None:
    """A type that transformers does not know either."""
    _edit_config(folder, model_type="my-model")
    with pytest.raises(ModelError, match=r"unknown type of model.*'my-model'"):
        load(folder)


def test_own_code_needs_permission(folder: Path) -> None:
    """Python that comes with a model is not run unasked."""
    (folder / "own.py").write_text("raise SystemExit('ran')")
    _edit_config(folder, model_type="my-model", auto_map={"AutoConfig": "own.Config"})
    with pytest.raises(ModelError, match=r"Python code.*--trust-remote-code"):
        load(folder)


OWN_CODE = """
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC
class OwnConfig(Wav2Vec2Config):
    model_type = "own-asr"
class OwnForCTC(Wav2Vec2ForCTC):
    config_class = OwnConfig
"""


def test_own_code_with_permission(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model's own class is used, from its folder."""
    modules = str(tmp_path / "modules")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", modules)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (folder / "own.py").write_text(OWN_CODE)
    _edit_config(
        folder,
        model_type="own-asr",
        auto_map={"AutoConfig": "own.OwnConfig", "AutoModelForCTC": "own.OwnForCTC"},
    )
    loaded = load(folder, trust_remote_code=True)
    assert type(loaded.model).__name__ == "OwnForCTC"
    assert folder / "own.py" in loaded.checkpoint.other_files


def test_quantised_by_another_tool(folder: Path) -> None:
    """Its weights would be read as if they were floats."""
    _edit_config(folder, quantization_config={"quant_method": "bitsandbytes"})
    with pytest.raises(ModelError, match=r"another tool.*bitsandbytes"):
        load(folder)


KERNEL = "kernels-community/flash-attn"


@pytest.mark.parametrize(
    "changes",
    [
        {"attn_implementation": KERNEL},
        {"_attn_implementation": KERNEL},
        {"_attn_implementation_internal": KERNEL},
        {"attn_implementation": {"": KERNEL}},
        {"attn_implementation": "flash_attention_2"},  # where not installed: from the hub
        {"_attn_implementation": ["sdpa"]},
        {"text_config": {"_attn_implementation": KERNEL}},
        {"per_layer_config": [{"attn_implementation": KERNEL}]},
    ],
    ids=str,
)
def test_attention_kernel_from_the_hub(folder: Path, changes: dict[str, Any]) -> None:
    """Native code that a configuration names, under any key and at any depth, is not fetched."""
    _edit_config(folder, **changes)
    with pytest.raises(
        ModelError, match=r"attention kernel.*(flash|\['sdpa'\]).*one of eager, sdpa"
    ):
        load(folder)


@pytest.mark.parametrize("depth", ["itself", "a part of it"])
def test_attention_kernel_of_an_own_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch, depth: str
) -> None:
    """What the made configuration asks for counts, not only what its file says."""
    config = transformers.Wav2Vec2Config()
    asking = config
    if depth == "a part of it":
        asking = config.encoder_config = transformers.Wav2Vec2Config()
    asking._attn_implementation = KERNEL
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", lambda *_, **__: config)
    with pytest.raises(ModelError, match=f"attention kernel.*{KERNEL}"):
        load(folder)


@pytest.mark.parametrize("attention", [None, "eager", "sdpa", "flex_attention"])
def test_attention_that_is_built_in(folder: Path, attention: str | None) -> None:
    """The implementations of transformers and PyTorch stay open to a configuration."""
    _edit_config(folder, _attn_implementation=attention)
    load(folder)


@pytest.mark.parametrize("changes", [{"hidden_size": "big"}, {"conv_dim": [16]}])
def test_configuration_with_wrong_values(folder: Path, changes: dict[str, Any]) -> None:
    """Values that transformers cannot build from."""
    _edit_config(folder, **changes)
    with pytest.raises(ModelError, match=r"config"):
        load(folder)


@pytest.mark.parametrize(
    ("files", "match"),
    [
        (["processor_config.json"], "no files for a feature extractor"),
        (["vocab.json", "tokenizer_config.json"], "no files for a tokenizer"),
        (["vocab.json"], "processor files cannot be used"),
    ],
)
def test_missing_processor_files(folder: Path, files: list[str], match: str) -> None:
    """Features and tokens cannot be guessed."""
    for name in files:
        (folder / name).unlink()
    with pytest.raises(ModelError, match=match):
        load(folder)


def test_processor_of_an_uninstalled_decoder(folder: Path) -> None:
    """Wav2Vec2ProcessorWithLM without its decoder: features and tokenizer are enough."""
    path = folder / "processor_config.json"
    config = json.loads(path.read_text())
    features = config["feature_extractor"] | {"processor_class": "Wav2Vec2ProcessorWithLM"}
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    path.unlink()
    assert load(folder).processor.tokenizer.decode([5, 6]) == "ET"


def test_unknown_device(folder: Path) -> None:
    """Said before the weights are read."""
    with pytest.raises(InputError, match="tpu9000"):
        load(folder, device="tpu9000")
