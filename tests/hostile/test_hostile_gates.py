"""Gate files, baselines, caches, and folders of noises and rooms that anybody may have made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import soundfile

from tests.hostile.promises import Case, Sandbox, hold_promises, named

_PASSES = "- {metric: wer, max: 10, hold: estimate}\n"


def _gates(name: str, text: str | bytes, codes: tuple[int, ...] = (2,), errors: int = 1) -> Case:
    """Good results held to the rules of a file of that text."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        rules = sandbox.write("gates.yaml", text)
        return ["gate", "check", sandbox.copy("results"), "--gate", rules]

    return Case(f"gates-{name}", make, codes, errors=errors)


def _rule(name: str, rule: str, codes: tuple[int, ...] = (2,), errors: int = 1) -> Case:
    return _gates(name, f"- {rule}\n", codes, errors)


GATES = (
    _gates("good", _PASSES, (0,)),
    _gates("crlf-and-mark", b"\xef\xbb\xbf" + _PASSES.replace("\n", "\r\n").encode(), (0,)),
    _gates("empty", ""),
    _gates("scalar", "hello"),
    _gates("utf-16", _PASSES.encode("utf-16")),
    _gates("nul", "\0"),
    _gates("bomb", "a: &a [x]\nb: [*a, *a]\n"),
    _gates("tag", '- !!python/object/apply:os.system ["touch ../canary"]\n'),
    _gates("nested", "[" * 10_000),
    _gates("of-2-MB", _PASSES + "#" * 2_000_000),
    _gates("random-bytes", bytes((i * 197 + 13) % 256 for i in range(3000))),
    _rule("metric-unknown", "{metric: evil, max: 1}"),
    _rule("metric-path", "{metric: ../../os, max: 1}"),
    _rule("metric-private", "{metric: __init__, max: 1}"),
    _rule("metric-list", "{metric: [wer], max: 1}"),
    _rule("metric-steers", '{metric: "\\e[2J\\u202e", max: 1}'),
    _rule("no-metric", "{max: 1}"),
    _rule("no-limit", "{metric: wer}"),
    _rule("limit-nan", "{metric: wer, max: .nan}"),
    _rule("limit-1e999", "{metric: wer, max: 1e999}"),
    _rule("limit-of-400-digits", "{metric: wer, max: " + "9" * 400 + "}"),
    _rule("limit-of-300-digits", "{metric: wer, max: " + "9" * 300 + "}", (0, 2)),
    _rule("limit-text", "{metric: wer, max: much}"),
    _rule("limit-negative", "{metric: wer, max: -1}", (1, 2)),
    _rule("unknown-key", "{metric: wer, max: 1, run: os.system}"),
    _rule("pattern-brackets", '{metric: wer, max: 9, artefacts: ["[[["]}', (2, 3)),
    _rule("pattern-stars", '{metric: wer, max: 9, artefacts: ["' + "*a" * 30 + '"]}', (2, 3)),
    _rule("rule-is-a-list", "[wer]"),
    _gates("baseline-climbs", f"baseline: ../../../../etc/passwd\nrules:\n{_PASSES}", (2,), 1),
)


def _baseline(name: str, content: str | bytes) -> Case:
    def make(sandbox: Sandbox) -> Sequence[object]:
        rules = sandbox.write("gates.yaml", _PASSES)
        known = sandbox.write("baseline.json", content)
        return ["gate", "check", sandbox.copy("results"), "--gate", rules, "--baseline", known]

    return Case(f"baseline-{name}", make, (2,))


BASELINES = (
    _baseline("empty", ""),
    _baseline("list", "[]"),
    _baseline("nothing", "{}"),
    _baseline("nested", "[" * 10**5),
    _baseline("version", '{"schema_version": 99}'),
    _baseline("utf-16", "{}".encode("utf-16")),
)


def _library(
    name: str, files: dict[str, bytes], *options: str, codes: tuple[int, ...] = (2,)
) -> Case:
    """A folder of noises or rooms with such files beside a good one."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        for file, content in files.items():
            sandbox.write(f"library/{file}", content)
        noise = 0.1 * np.random.default_rng(0).standard_normal(16_000)
        (sandbox.given / "library" / "fan").mkdir(parents=True, exist_ok=True)
        soundfile.write(sandbox.given / "library" / "fan" / "good.wav", noise, 16_000)
        corpus, library = sandbox.copy("corpus"), sandbox.given / "library"
        which = ["--noise", library, "--snr", "10"] if not options else [*options, library]
        return ["corrupt", corpus, *which, "--workers", "1", "-o", "out"]

    return Case(f"library-{name}", make, codes)


_ROOM = ("--room", "small", "--rir")
LIBRARIES = (
    _library("good", {}, codes=(0,)),
    _library("damaged-noise", {"fan/bad.wav": b"RIFF nothing"}, codes=(0, 2)),
    _library("list-with-a-pipe", {"noise_list": b"--noise-id n1 touch ../../canary |\n"}),
    _library("list-climbs", {"noise_list": b"--noise-id n1 ../../../../etc/passwd\n"}),
    _library("list-absolute", {"noise_list": b"--noise-id n1 /etc/passwd\n"}),
    _library("list-shell", {"noise_list": b"--noise-id n1 $(touch canary)\n"}),
    _library("list-quote", {"noise_list": b"--noise-id 'n1 fan/good.wav\n"}),
    _library("list-empty", {"noise_list": b""}, codes=(0, 2)),
    _library("list-nul", {"noise_list": b"--noise-id n1 a\0.wav\n"}),
    _library("list-latin-1", {"noise_list": b"--noise-id caf\xe9 fan/good.wav\n"}),
    _library("list-long", {"noise_list": b"--noise-id n1 " + b"a" * 5000 + b"\n"}),
    _library("table-column-twice", {"manifest.tsv": b"file\tfile\nfan/good.wav\tx\n"}),
    _library("table-short", {"manifest.tsv": b"file\ttype\nfan/good.wav\n"}),
    _library(
        "table-type-steers", {"manifest.tsv": b"file\ttype\nfan/good.wav\t\x1b[2J\n"}, codes=(0, 2)
    ),
    _library(
        "table-type-path", {"manifest.tsv": b"file\ttype\nfan/good.wav\t../../x\n"}, codes=(0, 2)
    ),
    _library("rooms-of-noise", {}, *_ROOM),
    _library("rir-list-with-a-pipe", {"rir_list": b"--rir-id r --room-id m sox a.wav |\n"}, *_ROOM),
    _library("rir-list-climbs", {"rir_list": b"--rir-id r --room-id m ../../x.wav\n"}, *_ROOM),
    _library("rir-list-option", {"rir_list": b"--rir-id\n"}, *_ROOM),
    _library("rir-list-nested-quotes", {"rir_list": b"--rir-id \"'\"' fan/good.wav\n"}, *_ROOM),
)


def _special_library(name: str, put: Callable[[str], object]) -> Case:
    def make(sandbox: Sandbox) -> Sequence[object]:
        (sandbox.given / "library").mkdir()
        put(str(sandbox.given / "library" / "noise_list"))
        put(str(sandbox.given / "library" / "a.wav"))
        corpus, library = sandbox.copy("corpus"), sandbox.given / "library"
        return ["corrupt", corpus, "--noise", library, "--snr", "10", "-o", "out"]

    return Case(f"library-of-{name}", make, (2,))


SPECIAL = (
    _special_library("pipes", os.mkfifo),
    _special_library("devices", lambda path: os.symlink("/dev/zero", path)),
    _special_library("folders", os.mkdir),
    _special_library("loops", lambda path: os.symlink(path, path)),
)


def _verify(name: str, change: Callable[[dict], object]) -> Case:
    """A corrupted corpus whose record says something else."""

    def make(sandbox: Sandbox) -> Sequence[object]:
        folder = sandbox.given / "made"
        folder.mkdir()
        content = {"schema_version": 1}
        change(content)
        (folder / "corpus.json").write_text(json.dumps(content), encoding="utf-8")
        return ["corrupt", "--verify", folder]

    return Case(f"verify-{name}", make, (2,))


VERIFIED = (
    _verify("nothing", lambda _: None),
    _verify("version", lambda c: c.update(schema_version=99)),
    _verify("conditions-odd", lambda c: c.update(conditions=[1, "x"], libraries={})),
    _verify("libraries-list", lambda c: c.update(libraries=[])),
)


def _cache(name: str, *words: str) -> Case:
    return Case(
        f"cache-{name}", lambda s: ["cache", words[0], s.copy("results"), *words[1:]], (0, 2)
    )


CACHES = (
    _cache("list-results", "list"),
    _cache("prune-results", "prune", "--dry-run"),
    Case("cache-nowhere", lambda _: ["cache", "list", "nowhere"], (2,)),
    Case("cache-device", lambda _: ["cache", "list", "/dev/zero"], (2,)),
    Case("cache-prune-root", lambda _: ["cache", "prune", "/", "--dry-run"], (0, 2)),
    Case("cache-prune-corpus", lambda s: ["cache", "prune", s.copy("corpus")], (0, 2)),
)
CASES = [*GATES, *BASELINES, *LIBRARIES, *SPECIAL, *VERIFIED, *CACHES]


@pytest.mark.parametrize("case", named(CASES))
def test_rules_and_libraries(case: Case, sandbox: Sandbox) -> None:
    """What results are held to, and what recordings are mixed with, is read as carefully."""
    hold_promises(case, sandbox)
