"""Artefacts and results edited after they were saved, swapped, cut short or made up."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.promises import Case, Sandbox, hold_promises, named

_MANIFEST, _WEIGHTS = "asrcompress.json", "asrcompress.safetensors"
_EDITED = (2, 3)  # not of its form; or not what was written
Change = Callable[[Path], object]


def _changed(kind: str, name: str, change: Change, codes: tuple[int, ...], *command: str) -> Case:
    """A good artefact or results folder, changed, then read by a command."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        folder = sandbox.copy(kind)
        change(folder)
        if command[0] == "evaluate":
            return ["evaluate", folder, sandbox.copy("corpus"), "--no-cost"]
        return [command[0], folder, *command[1:]]

    return Case(f"{name}-{'-'.join(command)}", make, codes)


def _loaded(name: str, change: Change, codes: tuple[int, ...] = _EDITED) -> Case:
    return _changed("artefact", name, change, codes, "evaluate")


def _reported(name: str, change: Change, codes: tuple[int, ...] = (2,)) -> Case:
    return _changed("artefact", name, change, codes, "report", "--explain", "--full")


def _json(file: str, change: Callable[[Any], object]) -> Change:
    """A JSON file's content changed; the text RAW:x stands for the JSON x."""

    def apply(folder: Path) -> None:
        content = json.loads((folder / file).read_text(encoding="utf-8"))
        change(content)
        text = json.dumps(content)
        while '"RAW:' in text:
            head, _, rest = text.partition('"RAW:')
            raw, _, tail = rest.partition('"')
            text = head + raw + tail
        (folder / file).write_text(text, encoding="utf-8")

    return apply


def _manifest(change: Callable[[Any], object]) -> Change:
    return _json(_MANIFEST, change)


def _raw(file: str, content: bytes | str) -> Change:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / file).write_bytes(data)


def _flip(folder: Path) -> None:
    """One bit of the last weight."""
    data = bytearray((folder / _WEIGHTS).read_bytes())
    data[-5] ^= 1
    (folder / _WEIGHTS).write_bytes(data)


def _swap(folder: Path) -> None:
    """The weights of the original under the artefact's name."""
    (folder / _WEIGHTS).write_bytes((folder / "config.json").read_bytes())


def _linked(folder: Path) -> None:
    """The weights are a link out of the folder, to the same bytes."""
    os.rename(folder / _WEIGHTS, folder.parent / "elsewhere")
    os.symlink(folder.parent / "elsewhere", folder / _WEIGHTS)


_ROW = "ledger", "rows", 0
_HUGE = "RAW:" + "9" * 400


def _set(*path: object, to: object) -> Callable[[Any], object]:
    def change(content: Any) -> None:
        *way, last = path
        for part in way:
            content = content[part]
        content[last] = to

    return change


ARTEFACTS = (
    _loaded("flipped-bit", _flip, (3,)),
    _loaded("swapped-weights", _swap),
    _loaded("link-to-the-same", _linked, (0, 2)),
    _loaded("no-weights", lambda f: (f / _WEIGHTS).unlink(), (2,)),
    _loaded("no-manifest", lambda f: (f / _MANIFEST).unlink(), (2,)),
    _loaded("no-config", lambda f: (f / "config.json").unlink(), (2,)),
    _loaded("cut-weights", lambda f: os.truncate(f / _WEIGHTS, 1000)),
    _loaded("empty-weights", lambda f: os.truncate(f / _WEIGHTS, 0)),
    _loaded("other-hash", _manifest(_set("weights_sha256", to="0" * 64)), (3,)),
    _loaded("hash-is-empty", _manifest(_set("weights_sha256", to=""))),
    _loaded("no-tensors", _manifest(_set("tensors", to={})), (0, 2, 3)),
    _loaded("weights-in-the-parent", _manifest(_set("weights_file", to="../x"))),
    _loaded("weights-two-up", _manifest(_set("weights_file", to="../../x"))),
    _loaded("weights-of-passwd", _manifest(_set("weights_file", to="/etc/passwd"))),
    _loaded("weights-steer", _manifest(_set("weights_file", to="\x1b[2J\u202e"))),
    _loaded("weights-are-config", _manifest(_set("weights_file", to="config.json"))),
    _loaded("no-quantisation", _manifest(_set("quantization", to={}))),
    _loaded("quantised-otherwise", _manifest(_set("quantization", "lm_head", to={"weights": "x"}))),
    _loaded("encodings-made-up", _manifest(_set("encodings", to={"lm_head.weight": "zip"}))),
    _loaded("encodings-of-nothing", _manifest(_set("encodings", to={"nothing": "bitmask"}))),
    _loaded("runtime-unknown", _manifest(_set("runtime", to="evil")), (2,)),
    _loaded("runtime-onnx", _manifest(_set("runtime", to="onnx"))),
    _loaded("structure-made-up", _manifest(_set("structure", to={"blocks": []}))),
    _loaded("hidden-grown", _json("config.json", _set("hidden_size", to=64))),
    _loaded("layers-grown", _json("config.json", _set("num_hidden_layers", to=3))),
    _loaded(
        "config-auto-map", _json("config.json", _set("auto_map", to={"AutoConfig": "x.Y"})), (0, 2)
    ),
    _reported("schema-version-1", _manifest(_set("schema_version", to=1))),
    _reported("schema-version-text", _manifest(_set("schema_version", to="2"))),
    _reported("schema-version-huge", _manifest(_set("schema_version", to=_HUGE))),
    _reported("key-too-many", _manifest(_set("extra", to=1))),
    _reported("key-too-many-deep", _manifest(_set("source", "extra", to=1))),
    _reported("no-source", _manifest(lambda m: m.pop("source"))),
    _reported("seed-text", _manifest(_set("seed", to="x"))),
    _reported("seed-huge", _manifest(_set("seed", to=_HUGE)), (0, 2)),
    _reported("steps-odd", _manifest(_set("steps", to=[1]))),
    _reported(
        "step-params-nested", _manifest(_set("steps", 0, "params", to={"bits": [[[]]]})), (0, 2)
    ),
    _reported(
        "step-method-steers", _manifest(_set("steps", 0, "method", to="\x1b[2J\u202e")), (0, 2)
    ),
    _reported("step-bits-huge", _manifest(_set("steps", 0, "params", "bits", to=_HUGE)), (0, 2)),
    _reported("label-steers", _manifest(_set("label", to="\x1b[2J\u202e\n")), (0, 2)),
    _reported("label-number", _manifest(_set("label", to=3))),
    _reported("no-rows", _manifest(_set("ledger", "rows", to=[])), (0, 2)),
    _reported("row-dropped", _manifest(lambda m: m["ledger"]["rows"].pop(0)), (0, 2)),
    _reported(
        "row-twice", _manifest(lambda m: m["ledger"]["rows"].append(m["ledger"]["rows"][0])), (0, 2)
    ),
    _reported("row-is-text", _manifest(_set(*_ROW, to="x"))),
    _reported("row-negative", _manifest(_set(*_ROW, "bytes_before", to=-1))),
    _reported("row-huge", _manifest(_set(*_ROW, "bytes_after", to=_HUGE))),
    _reported("row-sparsity-2", _manifest(_set(*_ROW, "sparsity", to=2))),
    _reported("row-sparsity-1e999", _manifest(_set(*_ROW, "sparsity", to="RAW:1e999"))),
    _reported("row-name-steers", _manifest(_set(*_ROW, "name", to="\x1b[2J\u202e\n")), (0, 2)),
    _reported("row-name-of-1-MB", _manifest(_set(*_ROW, "name", to="a." * 500_000)), (0, 2)),
    _reported("shape-of-99-axes", _manifest(_set(*_ROW, "shape_before", to=[2] * 99))),
    _reported("sizes-negative", _manifest(_set("sizes", "disk_bytes", to=-1)), (0, 2)),
    _reported("sizes-zero", _manifest(_set("sizes", "disk_bytes", to=0)), (0, 2)),
    _reported(
        "source-sizes-zero", _manifest(_set("source", "sizes", "memory_bytes", to=0)), (0, 2)
    ),
    _reported("probe-odd", _manifest(_set("probe", to=[]))),
    _reported("versions-odd", _manifest(_set("versions", to={"a": 1}))),
    _reported("manifest-empty", _raw(_MANIFEST, "")),
    _reported("manifest-a-list", _raw(_MANIFEST, "[]")),
    _reported("manifest-nested", _raw(_MANIFEST, '{"a":' * 10**6 + "1" + "}" * 10**6)),
    _reported("manifest-nested-lists", _raw(_MANIFEST, "[" * 10**6)),
    _reported("manifest-of-50-MB", _raw(_MANIFEST, "[" + " " * (50 << 20) + "]")),
    _reported("manifest-nan", _raw(_MANIFEST, '{"seed": NaN}')),
    _reported("manifest-utf-16", _raw(_MANIFEST, "{}".encode("utf-16"))),
    _reported("manifest-cut", lambda f: os.truncate(f / _MANIFEST, 3000)),
    _reported("manifest-pipe", lambda f: _pipe(f / _MANIFEST)),
    _reported("manifest-dev-zero", lambda f: _link(f / _MANIFEST, "/dev/zero")),
)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def _result(name: str, change: Change, codes: tuple[int, ...] = (2,), *command: str) -> Case:
    given = command or ("report", "--groups", "--intervals", "--flips", "3")
    return _changed("results", name, change, codes, *given)


def _results(change: Callable[[Any], object]) -> Change:
    return _json("results.json", change)


def _many(folder: Path) -> None:
    """A deep file, for each reader of the folder."""
    for name in ("errors.json", "cost.json", "speed.json", "utterances.jsonl"):
        (folder / name).write_text("[" * 10**5, encoding="utf-8")


def _lines(change: Callable[[list[Any]], object]) -> Change:
    """The lines of utterances.jsonl changed."""

    def apply(folder: Path) -> None:
        path = folder / "utterances.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        change(rows)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    return apply


_CELL = "cells", 0
RESULTS = (
    _result("no-results", lambda f: (f / "results.json").unlink()),
    _result("empty", _raw("results.json", "")),
    _result("list", _raw("results.json", "[]")),
    _result("null", _raw("results.json", "null")),
    _result("nested", _raw("results.json", "[" * 10**6)),
    _result("utf-16", _raw("results.json", "{}".encode("utf-16"))),
    _result("of-300-MB", lambda f: os.truncate(f / "results.json", 300 << 20)),
    _result("pipe", lambda f: _pipe(f / "results.json")),
    _result("dev-zero", lambda f: _link(f / "results.json", "/dev/zero")),
    _result("loop", lambda f: _link(f / "results.json", "results.json")),
    _result("folder", lambda f: ((f / "results.json").unlink(), (f / "results.json").mkdir())),
    _result("version-1", _results(_set("schema_version", to=1))),
    _result("version-3", _results(_set("schema_version", to=3))),
    _result("version-huge", _results(_set("schema_version", to=_HUGE))),
    _result("version-text", _results(_set("schema_version", to="2"))),
    _result("version-true", _results(_set("schema_version", to=True))),
    _result("key-too-many", _results(_set("extra", to=1))),
    _result("no-cells", _results(_set("cells", to=[])), (0, 2)),
    _result("no-artefacts", _results(_set("artefacts", to=[])), (0, 2)),
    _result("no-conditions", _results(_set("conditions", to=[])), (0, 2)),
    _result("cell-of-nothing", _results(_set(*_CELL, "artefact", to="nothing")), (0, 2)),
    _result("cell-of-no-condition", _results(_set(*_CELL, "condition", to="nothing")), (0, 2)),
    _result("cell-twice", _results(lambda r: r["cells"].append(r["cells"][0])), (0, 2)),
    _result("artefact-twice", _results(lambda r: r["artefacts"].append(r["artefacts"][0])), (0, 2)),
    _result(
        "condition-twice", _results(lambda r: r["conditions"].append(r["conditions"][0])), (0, 2)
    ),
    _result(
        "baseline-of-nothing", _results(_set("artefacts", 1, "baseline", to="nothing")), (0, 2)
    ),
    _result(
        "baseline-of-itself",
        _results(lambda r: r["artefacts"][1].update(baseline=r["artefacts"][1]["name"])),
        (0, 2),
    ),
    _result("counts-negative", _results(_set(*_CELL, "words", "s", to=-5)), (0, 2)),
    _result("counts-text", _results(_set(*_CELL, "words", "s", to="x"))),
    _result("counts-huge", _results(_set(*_CELL, "words", "s", to=_HUGE)), (0, 2)),
    _result("counts-float", _results(_set(*_CELL, "words", "s", to=1.5))),
    _result("counts-1e999", _results(_set(*_CELL, "words", "s", to="RAW:1e999"))),
    _result("no-words-at-all", _results(_set(*_CELL, "words", "n", to=0)), (0, 2)),
    _result(
        "interval-1e999",
        _results(_set(*_CELL, "wer_interval", to={"low": 0, "high": "RAW:1e999"})),
        (0, 2),
    ),
    _result(
        "interval-huge",
        _results(_set(*_CELL, "wer_interval", to={"low": 0, "high": _HUGE})),
        (0, 2),
    ),
    _result(
        "interval-backwards",
        _results(_set(*_CELL, "wer_interval", to={"low": 1, "high": 0})),
        (0, 2),
    ),
    _result("comparison-odd", _results(_set("cells", 1, "comparison", to={"x": 1}))),
    _result(
        "margin-1e999", _results(_set("cells", 1, "comparison", "margin", to="RAW:1e999")), (0, 2)
    ),
    _result(
        "delta-1e999", _results(_set("cells", 1, "comparison", "delta_wer", to="RAW:1e999")), (0, 2)
    ),
    _result("tests-0", _results(_set("cells", 1, "comparison", "tests", to=0)), (0, 2)),
    _result("sizes-negative", _results(_set("artefacts", 0, "sizes", "disk_bytes", to=-1)), (0, 2)),
    _result("sizes-zero", _results(_set("artefacts", 0, "sizes", "disk_bytes", to=0)), (0, 2)),
    _result("sizes-huge", _results(_set("artefacts", 0, "sizes", "disk_bytes", to=_HUGE)), (0, 2)),
    _result("parameters-huge", _results(_set("artefacts", 0, "parameters", to=_HUGE)), (0, 2)),
    _result("audio-1e999", _results(_set("conditions", 0, "audio_s", to="RAW:1e999")), (0, 2)),
    _result("audio-1e308", _results(_set("conditions", 0, "audio_s", to=1e308)), (0, 2)),
    _result("utterances-huge", _results(_set(*_CELL, "utterances", to=_HUGE)), (0, 2)),
    _result("steps-odd", _results(_set("conditions", 0, "steps", to=[{"effect": 3}])), (0, 2)),
    _result(
        "steps-nested", _results(_set("conditions", 0, "steps", to=[{"effect": [[]]}])), (0, 2)
    ),
    _result(
        "snr-is-text",
        _results(_set("conditions", 0, "steps", to=[{"effect": "noise", "snr_db": "x"}])),
        (0, 2),
    ),
    _result(
        "snr-1e999",
        _results(_set("conditions", 0, "steps", to=[{"effect": "noise", "snr_db": "RAW:1e999"}])),
        (0, 2),
    ),
    _result(
        "snr-huge",
        _results(_set("conditions", 0, "steps", to=[{"effect": "noise", "snr_db": _HUGE}])),
        (0, 2),
    ),
    _result(
        "method-params-odd",
        _results(_set("artefacts", 1, "methods", to=[{"method": [], "prune": "x"}])),
        (0, 2),
    ),
    _result("published-odd", _results(_set("published", to={"paper": "x", "figures": []})), (0, 2)),
    _result("tables-odd", _results(_set("tables", to=[{}]))),
    _result("cost-empty", _raw("cost.json", "")),
    _result("cost-list", _raw("cost.json", "[]")),
    _result("cost-of-nothing", _raw("cost.json", '{"schema_version": 1, "costs": {"x": {}}}')),
    _result("errors-empty", _raw("errors.json", "")),
    _result("errors-list", _raw("errors.json", "[]")),
    _result("errors-version", _raw("errors.json", '{"schema_version": 99}')),
    _result("speed-list", _raw("speed.json", "[]")),
    _result("speed-version", _raw("speed.json", '{"schema_version": 99}')),
    _result("deep-everywhere", _many),
    *(
        _result(f"hostile-{style}", lambda f: _many(f), (2,), "report", "--format", style)
        for style in ("html", "markdown", "json", "csv", "svg", "kaldi", "figures")
        if style in ("html", "markdown")
    ),
    _result("utterances-empty", _raw("utterances.jsonl", ""), (2,), "rescore"),
    _result("utterances-gone", lambda f: (f / "utterances.jsonl").unlink(), (2,), "rescore"),
    _result("utterances-cut", lambda f: os.truncate(f / "utterances.jsonl", 200), (2,), "rescore"),
    _result("utterances-nul", _raw("utterances.jsonl", bytes(1000)), (2,), "rescore"),
    _result("utterances-pipe", lambda f: _pipe(f / "utterances.jsonl"), (2,), "rescore"),
    _result("utterance-dropped", _lines(lambda rows: rows.pop()), (2,), "rescore"),
    _result("utterance-twice", _lines(lambda rows: rows.append(rows[0])), (2,), "rescore"),
    _result(
        "utterance-of-another", _lines(lambda rows: rows[0].update(condition="x")), (2,), "rescore"
    ),
    _result(
        "utterance-of-a-list", _lines(lambda rows: rows[0].update(condition=[])), (2,), "rescore"
    ),
    _result(
        "utterance-text-number", _lines(lambda rows: rows[0].update(pred_text=3)), (2,), "rescore"
    ),
    _result(
        "utterance-counts-huge", _lines(lambda rows: rows[0].update(s=10**400)), (2,), "rescore"
    ),
    _result("utterance-id-list", _lines(lambda rows: rows[0].update(id=[1])), (2,), "rescore"),
    _result(
        "utterance-speaker-object", _lines(lambda rows: rows[0].update(speaker={})), (2,), "rescore"
    ),
    _result(
        "utterance-duration-huge",
        _lines(lambda rows: rows[0].update(duration=10**400)),
        (2,),
        "rescore",
    ),
    _result(
        "utterance-half-a-character",
        _lines(lambda rows: rows[0].update(pred_text="\ud800")),
        (2,),
        "rescore",
    ),
    _result("normaliser-unknown", _results(_set("normaliser", to="evil-1")), (0, 2), "rescore"),
    _result("normaliser-path", _results(_set("normaliser", to="../../os-1")), (0, 2), "rescore"),
)


@pytest.mark.parametrize("case", named([*ARTEFACTS, *RESULTS]))
def test_edited(case: Case, sandbox: Sandbox) -> None:
    """What was edited after saving is refused by name, or shown for what it says."""
    hold_promises(case, sandbox)
