"""Checkpoints of anybody: safetensors, pickles, configurations, tokenizers and processors."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.hostile.promises import Case, Sandbox, hold_promises, named

Change = Callable[[Path], object]


def _model(
    name: str,
    change: Change,
    codes: tuple[int, ...] = (2,),
    *,
    command: str = "compress",
    said: tuple[str, ...] = (),
) -> Case:
    """The good checkpoint, its folder changed."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        model = sandbox.copy("model")
        change(model)
        if command == "evaluate":
            return ["evaluate", model, sandbox.copy("corpus"), "--no-cost"]
        return ["compress", model, "--bits", "8", "--no-zip", "-o", "out"]

    return Case(name, make, codes, said)


_WEIGHTS = "model.safetensors"


def _header(change: Callable[[dict[str, Any]], object]) -> Change:
    """The weights with their header changed, the numbers left as they are."""

    def apply(model: Path) -> None:
        data = (model / _WEIGHTS).read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        change(header)
        text = json.dumps(header).encode()
        (model / _WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])

    return apply


def _bytes(content: bytes | Callable[[bytes], bytes]) -> Change:
    def apply(model: Path) -> None:
        path = model / _WEIGHTS
        path.write_bytes(content(path.read_bytes()) if callable(content) else content)

    return apply


def _first(header: dict[str, Any]) -> dict[str, Any]:
    """The entry of the output layer's weights."""
    return header["lm_head.weight"]  # type: ignore[no-any-return]


def _of_text(text: bytes, length: int | None = None) -> Change:
    """A file that is a header alone."""
    return _bytes(struct.pack("<Q", len(text) if length is None else length) + text)


SAFETENSORS = (
    _model("empty", _bytes(b"")),
    _model("seven-bytes", _bytes(b"\x08" + bytes(6))),
    _model("length-0", _of_text(b"")),
    _model("length-2**63", _of_text(b"{}", 2**63)),
    _model("length-2**64-1", _of_text(b"{}", 2**64 - 1)),
    _model("length-beyond-the-file", _of_text(b"{}", 10_000)),
    _model("header-of-99-MB", _of_text(b'{"a":"' + b" " * (99 << 20) + b'"}')),
    _model("header-is-a-list", _of_text(b"[]")),
    _model("header-is-a-number", _of_text(b"3")),
    _model("header-is-no-json", _of_text(b"{hello}")),
    _model("header-is-latin-1", _of_text(b'{"caf\xe9": 1}')),
    _model("header-is-utf-16", _of_text('{"a": 1}'.encode("utf-16"))),
    _model("header-nested", _of_text(b'{"a":' * 50_000 + b"1" + b"}" * 50_000)),
    _model("header-with-nothing", _of_text(b"{}")),
    _model("metadata-alone", _of_text(b'{"__metadata__": {"a": "b"}}')),
    _model("metadata-is-a-list", _header(lambda h: h.update(__metadata__=[1]))),
    _model("metadata-of-numbers", _header(lambda h: h.update(__metadata__={"a": 1}))),
    _model(
        "metadata-steers",
        _header(lambda h: h.update(__metadata__={"format": "\x1b[2J", "\u202e": "x"})),
        (0, 2),
    ),
    _model(
        "metadata-of-10-MB",
        _header(lambda h: h.update(__metadata__={"format": "pt", "a": "b" * 10_000_000})),
        (0, 2),
    ),
    _model(
        "metadata-format-tf", _header(lambda h: h.update(__metadata__={"format": "tf"})), (0, 2)
    ),
    _model("offsets-negative", _header(lambda h: _first(h).update(data_offsets=[-8, 0]))),
    _model("offsets-backwards", _header(lambda h: _first(h).update(data_offsets=[8, 0]))),
    _model("offsets-beyond", _header(lambda h: _first(h).update(data_offsets=[0, 10**12]))),
    _model("offsets-of-2**64", _header(lambda h: _first(h).update(data_offsets=[0, 2**64]))),
    _model("offsets-are-text", _header(lambda h: _first(h).update(data_offsets="0:8"))),
    _model("offsets-three", _header(lambda h: _first(h).update(data_offsets=[0, 4, 8]))),
    _model("offsets-overlap", _header(lambda h: h.update({"x": {**_first(h)}}))),
    _model("offsets-missing", _header(lambda h: _first(h).pop("data_offsets"))),
    _model("dtype-unknown", _header(lambda h: _first(h).update(dtype="F33"))),
    _model("dtype-is-a-number", _header(lambda h: _first(h).update(dtype=32))),
    _model("dtype-int32", _header(lambda h: _first(h).update(dtype="I32"))),
    _model("dtype-bool", _header(lambda h: _first(h).update(dtype="BOOL"))),
    _model("dtype-double", _header(lambda h: _first(h).update(dtype="F64"))),
    _model("shape-overflows", _header(lambda h: _first(h).update(shape=[2**40, 2**40]))),
    _model("shape-huge", _header(lambda h: _first(h).update(shape=[10**9, 10**9]))),
    _model("shape-negative", _header(lambda h: _first(h).update(shape=[-32, -32]))),
    _model("shape-other", _header(lambda h: _first(h).update(shape=[16, 64]))),
    _model("shape-flat", _header(lambda h: _first(h).update(shape=[32 * 32]))),
    _model("shape-of-1000-axes", _header(lambda h: _first(h).update(shape=[1] * 1000 + [1024]))),
    _model("shape-is-text", _header(lambda h: _first(h).update(shape="32x32"))),
    _model("shape-floats", _header(lambda h: _first(h).update(shape=[32.0, 32.0]))),
    _model("entry-is-null", _header(lambda h: h.update({"lm_head.weight": None}))),
    _model("entry-with-more", _header(lambda h: _first(h).update(run="os.system")), (0, 2)),
    _model(
        "name-twice",
        lambda m: _twice(m),
        (0, 2),
    ),
    _model("name-steers", _header(lambda h: h.update({"\x1b[2J\u202e": h.pop("lm_head.weight")}))),
    _model("name-is-empty", _header(lambda h: h.update({"": h.pop("lm_head.weight")}))),
    _model("name-of-1-MB", _header(lambda h: h.update({"n" * 10**6: h.pop("lm_head.weight")}))),
    _model("tail-cut", _bytes(lambda data: data[:-1])),
    _model("tail-grown", _bytes(lambda data: data + b"x")),
    _model("zip-instead", _bytes(b"PK\x05\x06" + bytes(18))),
    _model("html-instead", _bytes(b"<!doctype html><title>404</title>" * 20)),
    _model(
        "pointer-instead", _bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    ),
)


def _twice(model: Path) -> None:
    """Two entries of one name, which JSON does not forbid."""
    data = (model / _WEIGHTS).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    text = data[8 : 8 + length].rstrip()[:-1] + b',"lm_head.bias":{"dtype":"F32",'
    text += b'"shape":[32],"data_offsets":[0,128]}}'
    (model / _WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def _tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Change:
    def apply(model: Path) -> None:
        tensors = {name: t.clone() for name, t in load_file(model / _WEIGHTS).items()}
        change(tensors)
        save_file(tensors, model / _WEIGHTS, metadata={"format": "pt"})

    return apply


_HEAD = "lm_head.weight"
TENSORS = (
    _model("missing", _tensors(lambda t: t.pop(_HEAD))),
    _model("all-missing", _tensors(lambda t: t.clear())),
    _model("extra", _tensors(lambda t: t.update({"x.y": torch.zeros(3)})), (0,)),
    _model("extra-steers", _tensors(lambda t: t.update({"\x1b[2J\u202e": torch.zeros(3)})), (0,)),
    _model("scalar", _tensors(lambda t: t.update({_HEAD: torch.tensor(1.0)}))),
    _model("empty-axis", _tensors(lambda t: t.update({_HEAD: torch.zeros(32, 0)}))),
    _model("one-axis-more", _tensors(lambda t: t.update({_HEAD: t[_HEAD][None].clone()}))),
    _model("int8", _tensors(lambda t: t.update({_HEAD: t[_HEAD].to(torch.int8)}))),
    _model("complex", _tensors(lambda t: t.update({_HEAD: t[_HEAD].to(torch.complex64)}))),
    _model(
        "float8", _tensors(lambda t: t.update({_HEAD: t[_HEAD].to(torch.float8_e4m3fn)})), (0, 2)
    ),
    _model("double", _tensors(lambda t: t.update({_HEAD: t[_HEAD].double()})), (0, 2)),
    _model("nan", _tensors(lambda t: t[_HEAD].fill_(float("nan")))),
    _model("one-nan", _tensors(lambda t: t[_HEAD].view(-1)[3:4].fill_(float("nan")))),
    _model("infinite", _tensors(lambda t: t[_HEAD].fill_(float("inf")))),
    _model("zeros", _tensors(lambda t: t[_HEAD].zero_()), (0,)),
    _model("huge", _tensors(lambda t: t[_HEAD].fill_(3e38))),
    _model(
        "nan-evaluated",
        _tensors(lambda t: t[_HEAD].fill_(float("nan"))),
        (0, 2),
        command="evaluate",
    ),
    _model("subnormal", _tensors(lambda t: t[_HEAD].mul_(1e-44)), (0,)),
)


def _json(file: str, **fields: object) -> Change:
    def apply(model: Path) -> None:
        path = model / file
        content = json.loads(path.read_text(encoding="utf-8"))
        content.update(fields)
        path.write_text(json.dumps(content), encoding="utf-8")

    return apply


def _text(file: str, content: str | bytes) -> Change:
    def apply(model: Path) -> None:
        (model / file).write_bytes(content.encode() if isinstance(content, str) else content)

    return apply


def _config(name: str, codes: tuple[int, ...] = (2,), **fields: object) -> Case:
    return _model(f"config-{name}", _json("config.json", **fields), codes)


def _own_code(model: Path) -> None:
    """A model type of its own, its code beside it, which leaves a file when imported."""
    canary = model.parent.parent / "canary"
    (model / "own.py").write_text(f"open({str(canary)!r}, 'w').close()\n", encoding="utf-8")


def _with_code(file: str, **fields: object) -> Change:
    def apply(model: Path) -> None:
        _own_code(model)
        _json(file, **fields)(model)

    return apply


_AUTO = {
    "AutoConfig": "own.Config",
    "AutoModelForCTC": "own.Model",
    "AutoTokenizer": ["own.T", None],
}
CONFIGS = (
    _model("config-auto-map", _with_code("config.json", auto_map=_AUTO), (0, 2)),
    _model("config-auto-map-own-type", _with_code("config.json", auto_map=_AUTO, model_type="own")),
    _model(
        "config-auto-map-elsewhere",
        _with_code("config.json", auto_map={"AutoConfig": "a/b--own.C"}, model_type="own"),
    ),
    _model("config-auto-map-is-text", _with_code("config.json", auto_map="own.C"), (0, 2)),
    _model(
        "tokenizer-auto-map",
        _with_code("tokenizer_config.json", auto_map=_AUTO, tokenizer_class="Own"),
        (0, 2),
    ),
    _model(
        "processor-auto-map",
        _with_code(
            "processor_config.json", auto_map={"AutoProcessor": "own.P"}, processor_class="P"
        ),
        (0, 2),
    ),
    _model(
        "generation-custom",
        lambda m: (
            _own_code(m),
            (m / "custom_generate").mkdir(),
            _text("generation_config.json", "{}")(m),
        ),
        (0, 2),
    ),
    _config("foreign-type", model_type="llama"),
    _config("type-unknown", model_type="nonsense"),
    _config("type-missing", model_type=None),
    _config("type-is-a-list", model_type=["wav2vec2"]),
    _config("type-is-a-number", model_type=3),
    _config("type-climbs", model_type="../../wav2vec2"),
    _config("type-steers", model_type="\x1b[2J\u202e"),
    _config("type-of-1-MB", model_type="w" * 1_000_000),
    _config("architecture-foreign", (0, 2), architectures=["LlamaForCausalLM"]),
    _config("architecture-is-text", (0, 2), architectures="os.system"),
    _config("kernel-from-elsewhere", attn_implementation="evil/kernel"),
    _config("kernel-nested", text_config={"_attn_implementation": "evil/kernel"}),
    _config("quantised-elsewhere", quantization_config={"quant_method": "gptq"}),
    _config("quantised-by-text", quantization_config="gptq"),
    _config("hidden-10**9", hidden_size=10**9),
    _config("hidden-0", hidden_size=0),
    _config("hidden-negative", hidden_size=-32),
    _config("hidden-float", hidden_size=32.5),
    _config("hidden-text", hidden_size="32"),
    _config("hidden-list", hidden_size=[32]),
    _config("hidden-null", hidden_size=None),
    _config("hidden-of-400-digits", hidden_size=10**400),
    _config("layers-10**9", num_hidden_layers=10**9),
    _config("layers-0", (0,), num_hidden_layers=0),
    _config("layers-negative", num_hidden_layers=-1),
    _config("heads-0", num_attention_heads=0),
    _config("heads-odd", num_attention_heads=7),
    _config("vocabulary-10**9", vocab_size=10**9),
    _config("vocabulary-0", vocab_size=0),
    _config("feed-forward-10**9", intermediate_size=10**9),
    _config("positions-10**9", num_conv_pos_embeddings=10**9),
    _config("position-groups-0", num_conv_pos_embedding_groups=0),
    _config("conv-dim-short", conv_dim=[16]),
    _config("conv-dim-empty", conv_dim=[]),
    _config("conv-dim-huge", conv_dim=[10**9] * 3),
    _config(
        "conv-dim-of-10**5", conv_dim=[1] * 10**5, conv_kernel=[1] * 10**5, conv_stride=[1] * 10**5
    ),
    _config("conv-kernel-0", conv_kernel=[0, 0, 0]),
    _config("conv-stride-0", conv_stride=[0, 0, 0]),
    _config("conv-stride-huge", (2,), conv_stride=[10**9] * 3),
    _config("activation-unknown", hidden_act="evil"),
    _config("activation-is-a-list", hidden_act=["gelu"]),
    _config("norm-unknown", feat_extract_norm="evil"),
    _config("dropout-2", (0, 2), hidden_dropout=2.0),
    _config("dropout-text", (0, 2), hidden_dropout="x"),
    _config("initialiser-text", (0, 2), initializer_range="x"),
    _config("epsilon-text", layer_norm_eps="x"),
    _config("epsilon-negative", layer_norm_eps=-1.0),
    _config("padding-token-huge", (0, 2), pad_token_id=10**12),
    _config("padding-token-text", (0, 2), pad_token_id="x"),
    _config("dtype-unknown", (0, 2), dtype="evil"),
    _config("labels-huge", num_labels=10**8),
    _config("labels-of-10**4", (0, 2), id2label={str(i): "x" for i in range(10**4)}),
    _config("extra-nested", (0, 2), extra=json.loads("[" * 500 + "]" * 500)),
    _config("own-attributes", (0, 2), __class__="x", to_dict="x", _name_or_path="../../x"),
    _config("adapter", add_adapter=True, num_adapter_layers=10**9),
    _model(
        "config-stride-0-evaluated", _json("config.json", conv_stride=[0] * 3), command="evaluate"
    ),
    _model("config-empty", _text("config.json", "")),
    _model("config-is-a-list", _text("config.json", "[]")),
    _model("config-is-null", _text("config.json", "null")),
    _model("config-is-utf-16", _text("config.json", "{}".encode("utf-16"))),
    _model("config-nan", _text("config.json", '{"model_type": "wav2vec2", "layer_norm_eps": NaN}')),
    _model("config-nested", _text("config.json", '{"a":' * 100_000 + "1" + "}" * 100_000)),
    _model("config-with-nothing", _text("config.json", "{}")),
    _model(
        "config-is-a-folder", lambda m: ((m / "config.json").unlink(), (m / "config.json").mkdir())
    ),
    _model("config-is-a-pipe", lambda m: _pipe(m / "config.json")),
    _model("config-is-dev-zero", lambda m: _link(m / "config.json", "/dev/zero")),
    _model("config-is-a-loop", lambda m: _link(m / "config.json", "config.json")),
    _model("weights-are-a-pipe", lambda m: _pipe(m / _WEIGHTS)),
    _model("weights-are-dev-zero", lambda m: _link(m / _WEIGHTS, "/dev/zero")),
    _model("weights-are-a-folder", lambda m: ((m / _WEIGHTS).unlink(), (m / _WEIGHTS).mkdir())),
    _model("weights-are-passwd", lambda m: _link(m / _WEIGHTS, "/etc/passwd")),
)


def _pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _processor(
    name: str, file: str, content: str | bytes | None, codes: tuple[int, ...] = (2,)
) -> Case:
    """One of the processor's files with other content or gone; evaluated, so that it is used."""

    def change(model: Path) -> None:
        if content is None:
            (model / file).unlink()
        else:
            _text(file, content)(model)

    return _model(f"processor-{name}", change, codes, command="evaluate")


def _feature(name: str, codes: tuple[int, ...] = (2,), **fields: object) -> Case:
    """The feature extractor's settings changed."""

    def change(model: Path) -> None:
        path = model / "processor_config.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        content["feature_extractor"].update(fields)
        path.write_text(json.dumps(content), encoding="utf-8")

    return _model(f"features-{name}", change, codes, command="evaluate")


def _vocabulary(name: str, content: object, codes: tuple[int, ...] = (2,)) -> Case:
    return _processor(f"vocabulary-{name}", "vocab.json", json.dumps(content), codes)


PROCESSORS = (
    _processor("no-vocabulary", "vocab.json", None),
    _processor("no-features", "processor_config.json", None),
    _processor("no-tokenizer-config", "tokenizer_config.json", None, (0, 2)),
    _processor("vocabulary-empty-file", "vocab.json", ""),
    _processor("vocabulary-no-json", "vocab.json", "{oops"),
    _processor("vocabulary-utf-16", "vocab.json", '{"a": 0}'.encode("utf-16")),
    _processor("vocabulary-nested-deep", "vocab.json", '{"a":' * 100_000 + "1" + "}" * 100_000),
    _vocabulary("empty", {}, (0, 2)),
    _vocabulary("is-a-list", ["a", "b"]),
    _vocabulary("is-a-number", 3),
    _vocabulary("ids-are-text", {"a": "0", "b": "1"}, (0, 2)),
    _vocabulary("ids-are-null", {"a": None}, (0, 2)),
    _vocabulary("ids-negative", {"a": -1, "b": -(10**9)}, (0, 2)),
    _vocabulary("ids-huge", {"a": 10**12, "<pad>": 0}, (0, 2)),
    _vocabulary("ids-the-same", {"a": 0, "b": 0, "c": 0}, (0, 2)),
    _vocabulary("by-language", {"en": {"a": 0}, "fr": {"a": 0}}, (0, 2)),
    _vocabulary("tokens-steer", {f"\x1b[{i}J\u202e": i for i in range(32)}, (0, 2)),
    _vocabulary("token-of-1-MB", {"a" * 1_000_000: 0, "<pad>": 1}, (0, 2)),
    _processor("tokenizer-config-empty", "tokenizer_config.json", ""),
    _processor("tokenizer-config-is-a-list", "tokenizer_config.json", "[]"),
    _processor("tokenizer-config-is-null", "tokenizer_config.json", "null"),
    _processor(
        "tokenizer-class-foreign",
        "tokenizer_config.json",
        '{"tokenizer_class": "os.system"}',
        (0, 2),
    ),
    _processor(
        "tokenizer-class-is-a-list", "tokenizer_config.json", '{"tokenizer_class": ["X"]}', (0, 2)
    ),
    _processor(
        "special-token-is-an-object", "tokenizer_config.json", '{"pad_token": {"a": 1}}', (0, 2)
    ),
    _processor(
        "added-tokens-odd", "tokenizer_config.json", '{"added_tokens_decoder": {"x": 3}}', (0, 2)
    ),
    _processor(
        "added-tokens-list", "tokenizer_config.json", '{"added_tokens_decoder": [1]}', (0, 2)
    ),
    _processor(
        "tokenizer-file-elsewhere", "tokenizer_config.json", '{"vocab_file": "/etc/passwd"}', (0, 2)
    ),
    _processor("chat-template", "tokenizer_config.json", '{"chat_template": "{{ 7*7 }}"}', (0, 2)),
    _processor("tokenizer-json-odd", "tokenizer.json", '{"version": "1.0", "model": {}}', (0, 2)),
    _processor("tokenizer-json-no-json", "tokenizer.json", "{oops", (0, 2)),
    _processor("special-tokens-odd", "special_tokens_map.json", "[1, 2]", (0, 2)),
    _processor("added-tokens-file-odd", "added_tokens.json", '{"a": "x"}', (0, 2)),
    _processor("features-empty-file", "processor_config.json", ""),
    _processor("features-is-a-list", "processor_config.json", "[]"),
    _processor("features-nothing", "processor_config.json", "{}", (0, 2)),
    _processor("preprocessor-odd", "preprocessor_config.json", "[]", (0, 2)),
    _processor("preprocessor-no-json", "preprocessor_config.json", "{oops", (0, 2)),
    _feature("rate-0", sampling_rate=0),
    _feature("rate-negative", sampling_rate=-16_000),
    _feature("rate-text", sampling_rate="16000"),
    _feature("rate-null", sampling_rate=None),
    _feature("rate-float", sampling_rate=16_000.5),
    _feature("rate-huge", sampling_rate=10**12),
    _feature("rate-1-Hz", sampling_rate=1),
    _feature("rate-of-400-digits", sampling_rate=10**400),
    _feature("rate-list", sampling_rate=[16_000]),
    _feature("padding-text", padding_value="x"),
    _feature("padding-huge", (0, 2), padding_value=1e300),
    _feature("size-0", (0, 2), feature_size=0),
    _feature("size-10**9", (0, 2), feature_size=10**9),
    _feature("normalise-text", (0, 2), do_normalize="no"),
    _feature("type-foreign", (0, 2), feature_extractor_type="LlamaImageProcessor"),
    _feature("type-is-a-list", (0, 2), feature_extractor_type=["x"]),
    _feature("side-unknown", (0, 2), padding_side="top"),
)


class _Payload:
    """Unpickled without restriction, it would run a command."""

    def __init__(self, call: Any, *arguments: object) -> None:
        self._reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


def _pickled(name: str, content: Callable[[Path], bytes], codes: tuple[int, ...] = (2,)) -> Case:
    """pytorch_model.bin instead of safetensors."""

    def change(model: Path) -> None:
        (model / _WEIGHTS).unlink()
        (model / "pytorch_model.bin").write_bytes(content(model.parent.parent / "canary"))

    return _model(f"pickle-{name}", change, codes)


def _saved(value: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def _zip(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


PICKLES = (
    _pickled("os-system", lambda c: pickle.dumps(_Payload(os.system, f"touch {c}"))),
    _pickled("os-system-saved", lambda c: _saved({"a": _Payload(os.system, f"touch {c}")})),
    _pickled("exec", lambda c: pickle.dumps(_Payload(exec, f"open({str(c)!r}, 'w')"))),
    _pickled("eval", lambda c: pickle.dumps(_Payload(eval, f"open({str(c)!r}, 'w')"))),
    _pickled("open", lambda c: pickle.dumps(_Payload(open, str(c), "w"))),
    _pickled("by-hand", lambda c: f"cos\nsystem\n(S'touch {c}'\ntR.".encode()),
    _pickled("builtins", lambda c: f'cbuiltins\neval\n(S\'open("{c}","w")\'\ntR.'.encode()),
    _pickled("torch-hub", lambda _: b"ctorch.hub\nload\n(S'a/b'\nS'c'\ntR."),
    _pickled("torch-load", lambda _: b"ctorch\nload\n(S'/etc/passwd'\ntR."),
    _pickled(
        "old-form",
        lambda c: _saved(
            {"a": _Payload(os.system, f"touch {c}")}, _use_new_zipfile_serialization=False
        ),
    ),
    _pickled("whole-module", lambda _: _saved(torch.nn.Linear(2, 2))),
    _pickled("list", lambda _: _saved([torch.zeros(2)])),
    _pickled("nothing", lambda _: _saved({})),
    _pickled("tensor", lambda _: _saved(torch.zeros(2))),
    _pickled("numbers", lambda _: _saved({"a": 1})),
    _pickled("keys-are-numbers", lambda _: _saved({1: torch.zeros(2)})),
    _pickled("foreign-tensors", lambda _: _saved({"a": torch.zeros(2)})),
    _pickled("empty", lambda _: b""),
    _pickled("one-byte", lambda _: b"\x80"),
    _pickled("text", lambda _: b"hello\n" * 20),
    _pickled("cut-at-100", lambda _: _saved({"a": torch.zeros(900)})[:100]),
    _pickled("cut-by-100", lambda _: _saved({"a": torch.zeros(900)})[:-100]),
    _pickled("empty-zip", lambda _: _zip({})),
    _pickled("zip-without-pickle", lambda _: _zip({"archive/version": b"3\n"})),
    _pickled(
        "zip-of-payload",
        lambda c: _zip(
            {
                "archive/data.pkl": pickle.dumps(_Payload(os.system, f"touch {c}")),
                "archive/version": b"3\n",
            }
        ),
    ),
    _pickled(
        "zip-climbs-out", lambda _: _zip({"../../../canary": b"x", "archive/data.pkl": b"}."})
    ),
    _pickled(
        "zip-bomb", lambda _: _zip({"archive/data.pkl": bytes(200 << 20)}, zipfile.ZIP_DEFLATED)
    ),
    _pickled("deep", lambda _: b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b"."),
    _pickled("memo-huge", lambda _: b"\x80\x02}r\xff\xff\xff\xff."),
    _pickled("long-huge", lambda _: b"\x80\x02\x8b\xff\xff\xff\x7f."),
    _pickled("string-huge", lambda _: b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a."),
)


def _index(name: str, weight_map: object, codes: tuple[int, ...] = (2,)) -> Case:
    def change(model: Path) -> None:
        (model / _WEIGHTS).rename(model / "part.safetensors")
        content = {"metadata": {}, "weight_map": weight_map}
        (model / f"{_WEIGHTS}.index.json").write_text(json.dumps(content), encoding="utf-8")

    return _model(f"index-{name}", change, codes)


INDEXES = (
    _index("good", {"lm_head.weight": "part.safetensors"}, (0,)),
    _index("climbs-out", {"a": "../../file"}),
    _index("absolute", {"a": "/etc/passwd"}),
    _index("missing", {"a": "gone.safetensors"}),
    _index("parent", {"a": ".."}),
    _index("dot", {"a": "."}),
    _index("empty-name", {"a": ""}),
    _index("number", {"a": 3}),
    _index("list", [1]),
    _index("null", None),
    _index("nothing", {}),
    _index("nul", {"a": "a\0b"}),
    _index("long", {"a": "a" * 5000}),
    _index("config", {"a": "config.json"}),
    _index("steers", {"a": "\x1b[2J\u202e"}),
)

CASES = [
    *(Case(f"safetensors-{c.name}", c.make, c.codes, c.said) for c in SAFETENSORS),
    *(Case(f"tensors-{c.name}", c.make, c.codes, c.said) for c in TENSORS),
    *CONFIGS,
    *PROCESSORS,
    *PICKLES,
    *INDEXES,
]


@pytest.mark.parametrize("case", named(CASES))
def test_checkpoint(case: Case, sandbox: Sandbox) -> None:
    """No checkpoint runs code, takes memory that it does not have, or ends in a traceback."""
    hold_promises(case, sandbox)
