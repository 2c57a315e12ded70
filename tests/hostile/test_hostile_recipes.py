"""Recipes: YAML that would grow, run or recurse, wrong types, odd numbers, and --set."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.hostile.promises import Case, Sandbox, hold_promises, named

GOOD = """\
title: Small
models: {w: bundled:model}
compressions:
  int8: {bits: 8}
corpus: bundled:corpus
conditions: {clean: true}
"""


def _recipe(
    name: str,
    text: str | bytes,
    codes: tuple[int, ...] = (2,),
    *,
    settings: Sequence[str] = (),
    said: tuple[str, ...] = (),
    errors: int = 1,
) -> Case:
    """A recipe of that text, planned and not run."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        given = [part for setting in settings for part in ("--set", setting)]
        return ["audit", sandbox.write("mine.yaml", text), "--dry-run", *given, "-o", "out"]

    return Case(name, make, codes, said, errors)


def _with(name: str, old: str, new: str, codes: tuple[int, ...] = (2,), errors: int = 1) -> Case:
    """The good recipe with a part of its text replaced."""
    assert old in GOOD, old
    return _recipe(name, GOOD.replace(old, new), codes, errors=errors)


def _more(name: str, text: str, codes: tuple[int, ...] = (2,), errors: int = 1) -> Case:
    """The good recipe with further sections."""
    return _recipe(name, GOOD + text, codes, errors=errors)


_BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefghij", "bcdefghijk", strict=True)
)
_TAGS = {
    "os-system": '!!python/object/apply:os.system ["touch ../canary"]',
    "subprocess": '!!python/object/apply:subprocess.call [["touch", "../canary"]]',
    "object": "!!python/object:asrcompress.core.errors.InputError {what: x}",
    "name": "!!python/name:os.system",
    "module": "!!python/module:os",
    "tuple": "!!python/tuple [1, 2]",
    "binary": "!!binary aGVsbG8=",
    "set": "!!set {a, b}",
    "omap": "!!omap [a: 1]",
    "own": "!include /etc/passwd",
}

TEXTS = (
    _recipe("empty", ""),
    _recipe("blank", "\n\n\n"),
    _recipe("list", "- a\n- b\n"),
    _recipe("scalar", "hello\n"),
    _recipe("json", '{"title": "x"}', errors=3),
    _recipe("utf-16", GOOD.encode("utf-16")),
    _recipe("latin-1", GOOD.replace("Small", "Caf\xe9").encode("latin-1")),
    _recipe(
        "byte-order-mark-and-crlf", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode(), (0,)
    ),
    _recipe("nul", GOOD.replace("Small", "S\0mall")),
    _recipe("control-characters", GOOD.replace("Small", "S\x1b[2Jmall")),
    _recipe("right-to-left-title", GOOD.replace("Small", "S\u202emall"), (0,)),
    _recipe("tabs", GOOD.replace("  int8", "\tint8")),
    _recipe("unclosed", GOOD + "x: [1, 2\n"),
    _recipe("unclosed-quote", GOOD + 'x: "abc\n'),
    _recipe("two-documents", GOOD + "---\n" + GOOD),
    _recipe("directive", "%YAML 9.9\n---\n" + GOOD, (0, 2)),
    _recipe("bomb", _BOMB),
    _recipe("anchor", GOOD.replace("{bits: 8}", "&a {bits: 8}")),
    _recipe("alias-to-itself", "a: &a [*a]\n"),
    _recipe("merge-key", GOOD + "<<: {title: other}\n"),
    _recipe("nested-lists", "title: " + "[" * 10_000 + "]" * 10_000),
    _recipe("nested-maps", "".join(f"{' ' * i}a:\n" for i in range(3_000))),
    _recipe("nested-braces", "{a: " * 5_000 + "}" * 5_000),
    _recipe("of-2-MB", GOOD + "#" * 2_000_000),
    _recipe("key-of-100-KB", GOOD + "k" * 100_000 + ": 1\n"),
    _recipe("1000-keys", GOOD + "".join(f"k{i}: 1\n" for i in range(1_000)), errors=1_000),
    _recipe("random-bytes", bytes((i * 197 + 13) % 256 for i in range(5000))),
    _recipe("key-is-a-list", GOOD + "[1, 2]: x\n"),
    _recipe("key-is-a-map", GOOD + "{a: b}: x\n"),
    _recipe("key-twice", GOOD + "title: again\n"),
    _recipe("key-twice-deep", GOOD.replace("{bits: 8}", "{bits: 8, bits: 4}")),
    _recipe("unknown-key", GOOD + "modles: {}\n"),
    _recipe("hostile-key", GOOD + '"\\e[2J\\u202e": 1\n'),
    *(_with(f"tag-{name}", "Small", tag) for name, tag in _TAGS.items()),
)

VALUES = (
    _with("title-is-a-list", "Small", "[a]"),
    _with("models-are-a-list", "{w: bundled:model}", "[bundled:model]"),
    _with("no-models", "{w: bundled:model}", "{}"),
    _with("models-null", "{w: bundled:model}", "~"),
    _with("model-is-a-number", "bundled:model", "3"),
    _with("model-name-climbs-out", "w: bundled", '"../w": bundled'),
    _with("model-name-is-absolute", "w: bundled", '"/tmp/w": bundled'),
    _with("model-name-with-newline", "w: bundled", '"a\\nb": bundled'),
    _with("model-name-with-nul", "w: bundled", '"a\\0b": bundled'),
    _with("model-name-is-empty", "w: bundled", '"": bundled'),
    _with("model-name-of-65", "w: bundled", f"{'w' * 65}: bundled"),
    _with("model-name-is-a-dot", "w: bundled", '".": bundled'),
    _with("model-nowhere", "bundled:model", "./nowhere"),
    _with("model-is-a-pipe", "bundled:model", '"touch canary |"'),
    _with("compression-name-climbs-out", "int8:", '"../../int8":'),
    _with("compression-is-a-list", "{bits: 8}", "[8]"),
    _with("compression-is-null", "{bits: 8}", "~"),
    _with("bits-are-huge", "{bits: 8}", "{bits: " + "9" * 400 + "}"),
    _with("bits-of-5000-digits", "{bits: 8}", "{bits: " + "9" * 5000 + "}"),
    _with("bits-negative", "{bits: 8}", "{bits: -8}"),
    _with("bits-nan", "{bits: 8}", "{bits: .nan}"),
    _with("bits-float", "{bits: 8}", "{bits: 8.5}"),
    _with("bits-hex", "{bits: 8}", "{bits: 0x8}"),
    _with("bits-octal", "{bits: 8}", "{bits: 010}"),
    _with("bits-true", "{bits: 8}", "{bits: true}"),
    _with("bits-list", "{bits: 8}", "{bits: [8]}", (0,)),
    _with("prune-1e999", "{bits: 8}", "{prune: 1e999}"),
    _with("prune-minus", "{bits: 8}", "{prune: -0.5}"),
    _with("prune-of-one", "{bits: 8}", "{prune: 1.5}"),
    _with("method-with-path", "{bits: 8}", "{method: ../../etc/passwd}"),
    _with("method-is-dunder", "{bits: 8}", "{method: __init__}"),
    _with("method-is-a-list", "{bits: 8}", "{method: [quantize]}"),
    _with("same-size-as-itself", "{bits: 8}", "{method: mixed, same_size_as: int8}"),
    _with("same-size-as-nothing", "{bits: 8}", "{method: mixed, same_size_as: nothing}"),
    _with("same-size-as-a-list", "{bits: 8}", "{method: mixed, same_size_as: [int8]}"),
    _with("from-itself", "{bits: 8}", "{bits: 8, from: int8}"),
    _with("from-a-map", "{bits: 8}", "{bits: 8, from: {a: b}}"),
    _recipe(
        "from-in-a-circle",
        GOOD.replace("int8: {bits: 8}", "a: {prune: 0.1, from: b}\n  b: {prune: 0.2, from: a}"),
        errors=2,
    ),
    _with("corpus-is-a-list", "corpus: bundled:corpus", "corpus: [a]"),
    _with("corpus-nowhere", "bundled:corpus", "./nowhere"),
    _with("corpus-is-dev-zero", "bundled:corpus", "/dev/zero"),
    _with("corpus-with-nul", "bundled:corpus", '"a\\0b"'),
    _with("corpus-of-5000", "bundled:corpus", "a" * 5000),
    _with("no-conditions", "clean: true", "clean: false"),
    _with("clean-is-a-word", "clean: true", "clean: yes"),
    _with("snr-nan", "clean: true", "noise: {snr_db: [.nan]}"),
    _with("snr-1e999", "clean: true", "noise: {snr_db: [1e999]}"),
    _with("snr-of-400-digits", "clean: true", "noise: {snr_db: [" + "9" * 400 + "]}"),
    _with("snr-of-minus-31", "clean: true", "noise: {snr_db: [-31]}"),
    _with("snr-twice", "clean: true", "noise: {snr_db: [10, 10]}", (0, 2)),
    _with("snr-is-a-word", "clean: true", "noise: {snr_db: [ten]}"),
    _with("noise-folder-nowhere", "clean: true", "noise: {snr_db: [1], folder: ./nowhere}"),
    _with("noise-folder-climbs", "clean: true", "noise: {snr_db: [1], folder: ../../../etc}"),
    _with("noise-type-with-path", "clean: true", "noise: {snr_db: [1], types: [../x]}"),
    _with("room-unknown", "clean: true", "rooms: {sizes: [huge]}"),
    _with("effect-unknown", "clean: true", "effects: {x: [{effect: rm}]}"),
    _with("effect-with-path", "clean: true", "effects: {x: [{effect: ../../os}]}"),
    _with("effect-private", "clean: true", "effects: {x: [{effect: __init__}]}"),
    _with("effect-is-a-list", "clean: true", "effects: {x: [{effect: [opus]}]}"),
    _with("effect-without-name", "clean: true", "effects: {x: [{bitrate_kbps: 1}]}"),
    _with("effect-nan", "clean: true", "effects: {x: [{effect: opus, bitrate_kbps: .nan}]}"),
    _with("effect-huge", "clean: true", "effects: {x: [{effect: opus, bitrate_kbps: 1e999}]}"),
    _with(
        "effect-int-huge", "clean: true", f"effects: {{x: [{{effect: clip, share: {'9' * 400}}}]}}"
    ),
    _with("effects-empty", "clean: true", "effects: {x: []}"),
    _with("effect-name-climbs", "clean: true", 'effects: {"../x": [{effect: opus}]}'),
    _with("effect-called-clean", "clean: true", "effects: {clean: [{effect: opus}]}"),
    _more("seed-negative", "seed: -1\n"),
    _more("seed-of-400-digits", f"seed: {'9' * 400}\n", (0, 2)),
    _more("seed-is-text", 'seed: "1"\n'),
    _more("seed-leading-zero", "seed: 012\n"),
    _more("normaliser-with-path", "evaluate: {normaliser: ../../os}\n"),
    _more("normaliser-unknown", "evaluate: {normaliser: rot13}\n"),
    _more("margin-nan", "evaluate: {margin: .nan}\n"),
    _more("margin-infinite", "evaluate: {margin: 1e999}\n"),
    _more("margin-two", "evaluate: {margin: 2}\n"),
    _more("batch-of-10**9", "evaluate: {batch_size: 1000000000}\n"),
    _more("replicates-of-10**12", "evaluate: {replicates: 1000000000000}\n"),
    _more("chunk-nan", "evaluate: {chunk_s: .nan}\n"),
    _more("chunk-infinite", "evaluate: {chunk_s: 1e999}\n"),
    _more("by-is-text", "evaluate: {by: speaker}\n"),
    _more("dtype-unknown", "evaluate: {dtype: float8}\n"),
    _more("speed-length-huge", "evaluate: {speed: {lengths_s: [1e999]}}\n"),
    _more("speed-no-lengths", "evaluate: {speed: {lengths_s: []}}\n"),
    _more("format-with-path", "format: ../../os\n"),
    _more("format-private", "format: _lhotse_recording\n"),
    _more("calibration-idle", "calibration: {corpus: bundled:corpus}\n"),
    _more("calibration-nan", "calibration: {corpus: bundled:corpus, duration_s: .nan}\n", errors=2),
    _more("published-of-nothing", "published: {paper: x, figures: []}\n"),
    _more(
        "published-unknown",
        "published: {paper: x, figures: [{source: y, artefact: z, wer_percent: 1}]}\n",
    ),
    _more(
        "published-wer-1e999",
        "published: {paper: x, figures: [{source: y, artefact: int8, wer_percent: 1e999}]}\n",
        (0, 2),
    ),
    _more("table-of-nothing", "tables: [{title: x, columns: []}]\n"),
    _more("table-unknown-column", "tables: [{title: x, columns: [int9]}]\n"),
    _more("gates-unknown-rule", "gates: {nonsense: 1}\n", errors=2),
    _more("gates-are-a-list", "gates: [1, 2]\n", errors=2),
    _more("gates-null", "gates: ~\n", (0, 2)),
)

_PARAMETERS = GOOD.replace("bundled:corpus", "${data}") + "parameters: {data: bundled:corpus}\n"
SETTINGS = (
    _recipe("set-good", _PARAMETERS, (0,), settings=["data=bundled:corpus"]),
    _recipe("set-without-equals", _PARAMETERS, settings=["data"]),
    _recipe("set-without-key", _PARAMETERS, settings=["=x"]),
    _recipe("set-empty", _PARAMETERS, settings=[""]),
    _recipe("set-unknown", _PARAMETERS, settings=["dta=x"]),
    _recipe("set-nothing", _PARAMETERS, settings=["data="]),
    _recipe("set-null", _PARAMETERS, settings=["data=null"]),
    _recipe("set-a-number", _PARAMETERS, settings=["data=3"]),
    _recipe("set-5000-digits", _PARAMETERS, settings=["data=" + "9" * 5000]),
    _recipe("set-dev-zero", _PARAMETERS, settings=["data=/dev/zero"]),
    _recipe("set-steers", _PARAMETERS, settings=["data=\x1b[2J\u202e"]),
    _recipe("set-placeholder", _PARAMETERS, settings=["data=${data}"]),
    _recipe("set-a-list", _PARAMETERS, settings=["data=[1, 2]"]),
    _recipe("set-a-command", _PARAMETERS, settings=["data=$(touch ../canary)"]),
    _recipe("set-class", GOOD + 'parameters: {a: "${a.__class__}"}\n'),
    _recipe("placeholder-unknown", GOOD.replace("Small", "${nothing}")),
    _recipe("placeholder-of-itself", GOOD + 'parameters: {a: "${a}"}\n'),
    _recipe("placeholder-of-a-list", GOOD.replace("Small", "${a}") + "parameters: {a: [1]}\n"),
    _recipe(
        "placeholders-that-double",
        GOOD.replace("Small", "${p29}")
        + "parameters:\n  p0: xxxxxxxxxx\n"
        + "".join(f'  p{i}: "${{p{i - 1}}}${{p{i - 1}}}"\n' for i in range(1, 30)),
        errors=2,  # p10 grows too long, and what stands for it grows too long again
    ),
    _recipe("template", GOOD.replace("Small", "'{{ 7 * 7 }} {% import os %}'"), (0,)),
    _recipe("parameters-are-a-list", GOOD + "parameters: [a]\n"),
    _recipe("parameter-name-climbs", GOOD + 'parameters: {"../a": 1}\n'),
)


def _place(name: str, argument: str) -> Case:
    return Case(f"recipe-{name}", lambda _: ["audit", argument, "--dry-run"])


PLACES = (
    _place("nowhere", "nowhere.yaml"),
    _place("almost", "quickstrat"),
    _place("climbs", "../../quickstart"),
    _place("dev-zero", "/dev/zero"),
    _place("folder", "."),
    _place("empty-name", ""),
    _place("of-5000", "a" * 5000),
    _place("steers", "\x1b[2J\u202e"),
)


@pytest.mark.parametrize("case", named([*TEXTS, *VALUES, *SETTINGS, *PLACES]))
def test_recipe(case: Case, sandbox: Sandbox) -> None:
    """Every mistake of a recipe has its line, and nothing in it grows, runs or recurses."""
    hold_promises(case, sandbox)
