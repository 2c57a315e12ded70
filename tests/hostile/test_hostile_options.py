"""Options and places on the command line: odd numbers, empty names, inputs as outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.hostile.promises import (
    Case,
    Outcome,
    Sandbox,
    check_outcome,
    hold_promises,
    named,
    raw_controls,
    snapshot,
)


def _with(name: str, line: str, codes: tuple[int, ...] = (2,)) -> Case:
    """A command line in which MODEL, CORPUS, ARTEFACT and RESULTS stand for good ones.

    EMPTY stands for an empty text, ESC for an escape code, LONG for 5,000 characters.
    """

    def make(sandbox: Sandbox) -> Sequence[object]:
        words: list[object] = []
        for word in line.split():
            for kind in ("MODEL", "CORPUS", "ARTEFACT", "RESULTS"):
                if kind in word:
                    place = sandbox.given / kind.lower()
                    word = word.replace(
                        kind, str(place if place.exists() else sandbox.copy(kind.lower()))
                    )
            special = {"EMPTY": "", "ESC": "\x1b[2J\u202e", "LONG": "x" * 5000}
            for key, text in special.items():
                word = word.replace(key, text)
            words.append(word)
        return words

    return Case(f"options-{name}", make, codes)


_CORRUPT = "corrupt CORPUS -o out --workers 1"
_COMPRESS = "compress MODEL -o out --no-zip"
_EVALUATE = "evaluate MODEL CORPUS --no-cost"
LINES = (
    _with("unknown-command", "evil", (2,)),
    _with("unknown-option", "evaluate MODEL CORPUS --evil"),
    _with("command-steers", "ESC"),
    _with("command-of-5000", "LONG"),
    _with("snr-nan", f"{_CORRUPT} --snr nan"),
    _with("snr-infinite", f"{_CORRUPT} --snr inf"),
    _with("snr-1e999", f"{_CORRUPT} --snr 1e999"),
    _with("snr-word", f"{_CORRUPT} --snr ten"),
    _with("snr-empty", f"{_CORRUPT} --snr EMPTY"),
    _with("snr-commas", f"{_CORRUPT} --snr ,,,"),
    _with("snr-minus-1000", f"{_CORRUPT} --snr=-1000"),
    _with("snr-twice", f"{_CORRUPT} --snr 10,10", (0, 2)),
    _with("snr-underscore", f"{_CORRUPT} --snr 1_0", (0, 2)),
    _with("snr-arabic", f"{_CORRUPT} --snr \u0661\u0660", (0, 2)),
    _with("room-unknown", f"{_CORRUPT} --room huge"),
    _with("room-steers", f"{_CORRUPT} --room ESC"),
    _with("noise-type-unknown", f"{_CORRUPT} --snr 10 --noise-type ESC"),
    _with("reference-unknown", f"{_CORRUPT} --snr 10 --reference evil"),
    _with("effect-unknown", f"{_CORRUPT} --effect evil"),
    _with("effect-path", f"{_CORRUPT} --effect ../../os"),
    _with("effect-private", f"{_CORRUPT} --effect __init__"),
    _with("effect-empty", f"{_CORRUPT} --effect EMPTY"),
    _with("effect-plus", f"{_CORRUPT} --effect +++"),
    _with("effect-nan", f"{_CORRUPT} --effect opus:bitrate_kbps=nan"),
    _with("effect-infinite", f"{_CORRUPT} --effect speed:factor=inf"),
    _with("effect-huge", f"{_CORRUPT} --effect speed:factor=1e308"),
    _with("effect-zero", f"{_CORRUPT} --effect speed:factor=0"),
    _with("effect-tiny", f"{_CORRUPT} --effect speed:factor=1e-300"),
    _with("effect-no-value", f"{_CORRUPT} --effect opus:bitrate_kbps"),
    _with("effect-5000-digits", f"{_CORRUPT} --effect opus:bitrate_kbps={'9' * 5000}"),
    _with("format-path", f"{_CORRUPT} --snr 10 --format ../nemo"),
    _with("format-private", f"{_CORRUPT} --snr 10 --format _lhotse_recording"),
    _with("format-dunder", f"{_CORRUPT} --snr 10 --format __init__"),
    _with("format-other", f"{_CORRUPT} --snr 10 --format kaldi"),
    _with("format-empty", f"{_CORRUPT} --snr 10 --format EMPTY"),
    _with("audio-format", f"{_CORRUPT} --snr 10 --audio-format mp3"),
    _with("workers-0", "corrupt CORPUS -o out --snr 10 --workers 0"),
    _with("workers-negative", "corrupt CORPUS -o out --snr 10 --workers -1"),
    _with("seed-negative", f"{_CORRUPT} --snr 10 --seed -1"),
    _with("seed-of-400-digits", f"{_CORRUPT} --snr 10 --seed {'9' * 400}", (0, 2)),
    _with("seed-float", f"{_CORRUPT} --snr 10 --seed 1.5"),
    _with("bad-files-negative", f"{_CORRUPT} --snr 10 --max-bad-files -1"),
    _with("noise-nowhere", f"{_CORRUPT} --snr 10 --noise nowhere"),
    _with("noise-file", f"{_CORRUPT} --snr 10 --noise CORPUS/manifest.jsonl"),
    _with("noise-device", f"{_CORRUPT} --snr 10 --noise /dev/zero"),
    _with("rir-nowhere", f"{_CORRUPT} --room small --rir nowhere"),
    _with("rir-of-5000", f"{_CORRUPT} --room small --rir LONG"),
    _with("verify-nothing", "corrupt --verify nowhere"),
    _with("verify-a-corpus", "corrupt --verify CORPUS"),
    _with("output-is-the-input", "corrupt CORPUS --snr 10 -o CORPUS"),
    _with("output-inside-the-input", "corrupt CORPUS --snr 10 -o CORPUS/out"),
    _with("output-around-the-input", "corrupt CORPUS --snr 10 -o CORPUS/.. --overwrite"),
    _with("output-is-a-file", "corrupt CORPUS --snr 10 -o CORPUS/manifest.jsonl"),
    _with("output-overwrites-a-file", "corrupt CORPUS --snr 10 -o CORPUS/s0-0.wav --overwrite"),
    _with("output-below-a-file", "corrupt CORPUS --snr 10 -o CORPUS/manifest.jsonl/out"),
    _with("output-root", "corrupt CORPUS --snr 10 -o / --overwrite"),
    _with("output-here", "corrupt CORPUS --snr 10 -o . --overwrite"),
    _with("output-parent", "corrupt CORPUS --snr 10 -o .. --overwrite"),
    _with("output-empty", "corrupt CORPUS --snr 10 -o EMPTY"),
    _with("output-of-5000", "corrupt CORPUS --snr 10 -o LONG"),
    _with("output-of-300", f"corrupt CORPUS --snr 10 -o {'x' * 300}"),
    _with("output-device", "corrupt CORPUS --snr 10 -o /dev/null"),
    _with("output-below-a-device", "corrupt CORPUS --snr 10 -o /dev/null/out"),
    _with("output-in-proc", "corrupt CORPUS --snr 10 -o /proc/out"),
    _with("bits-0", f"{_COMPRESS} --bits 0"),
    _with("bits-negative", f"{_COMPRESS} --bits -8"),
    _with("bits-word", f"{_COMPRESS} --bits evil"),
    _with("bits-pattern", f"{_COMPRESS} --bits [=8"),
    _with("bits-pattern-long", f"{_COMPRESS} --bits {'*a' * 40}=8", (0, 2)),
    _with("bits-empty", f"{_COMPRESS} --bits EMPTY"),
    _with("prune-nan", f"{_COMPRESS} --prune nan"),
    _with("prune-infinite", f"{_COMPRESS} --prune inf"),
    _with("prune-two", f"{_COMPRESS} --prune 2"),
    _with("prune-minus", f"{_COMPRESS} --prune=-0.1"),
    _with("prune-all", f"{_COMPRESS} --prune 1", (0, 2)),
    _with("method-path", f"{_COMPRESS} --method ../../os"),
    _with("method-private", f"{_COMPRESS} --method __init__"),
    _with("nothing-to-do", _COMPRESS),
    _with("include-nothing", f"{_COMPRESS} --bits 8 --include nothing"),
    _with("include-steers", f"{_COMPRESS} --bits 8 --include ESC"),
    _with("include-brackets", f"{_COMPRESS} --bits 8 --include [[[[", (2,)),
    _with("revision-of-a-folder", f"{_COMPRESS} --bits 8 --revision main"),
    _with("model-empty", "compress EMPTY --bits 8"),
    _with("model-of-5000", "compress LONG --bits 8"),
    _with("model-steers", "compress ESC --bits 8"),
    _with("model-device", "compress /dev/zero --bits 8"),
    _with("model-here", "compress . --bits 8"),
    _with("model-climbs", "compress ../../../../../.. --bits 8"),
    _with("model-is-a-web-address", "compress http://127.0.0.1:9/x --bits 8"),
    _with("model-bundled-other", "compress bundled:evil --bits 8"),
    _with("output-is-the-model", "compress MODEL --bits 8 -o MODEL --overwrite"),
    _with("output-in-the-model", "compress MODEL --bits 8 -o MODEL/out"),
    _with("artefact-again", "compress ARTEFACT --bits 4 -o out"),
    _with("device-unknown", f"{_EVALUATE} --device evil"),
    _with("device-meta", f"{_EVALUATE} --device meta"),
    _with("device-number", f"{_EVALUATE} --device cuda:99999999999"),
    _with("device-steers", f"{_EVALUATE} --device ESC"),
    _with("device-empty", f"{_EVALUATE} --device EMPTY"),
    _with("batch-0", f"{_EVALUATE} --batch-size 0"),
    _with("batch-of-10**30", f"{_EVALUATE} --batch-size {10**30}", (0, 2)),
    _with("threads-0", f"{_EVALUATE} --threads 0"),
    _with("threads-of-10**9", f"{_EVALUATE} --threads {10**9}"),
    _with("threads-of-10**30", f"{_EVALUATE} --threads {10**30}"),
    _with("margin-nan", f"{_EVALUATE} --margin nan"),
    _with("margin-two", f"{_EVALUATE} --margin 2"),
    _with("margin-minus", f"{_EVALUATE} --margin=-1"),
    _with("replicates-1", f"{_EVALUATE} --replicates 1"),
    _with("replicates-of-10**12", f"{_EVALUATE} --replicates {10**12}"),
    _with("chunk-nan", f"{_EVALUATE} --chunk-s nan"),
    _with("chunk-infinite", f"{_EVALUATE} --chunk-s inf", (0, 2)),
    _with("chunk-1e308", f"{_EVALUATE} --chunk-s 1e308", (0, 2)),
    _with("chunk-minus", f"{_EVALUATE} --chunk-s=-5"),
    _with("normaliser-path", f"{_EVALUATE} --normaliser ../../os"),
    _with("normaliser-empty", f"{_EVALUATE} --normaliser EMPTY"),
    _with("by-unknown", f"{_EVALUATE} --by evil"),
    _with("by-steers", f"{_EVALUATE} --by ESC"),
    _with("language", f"{_EVALUATE} --language ../x"),
    _with("dtype-unknown", f"{_EVALUATE} --dtype float8"),
    _with("flips-negative", f"{_EVALUATE} --flips -1"),
    _with("flips-of-10**30", f"{_EVALUATE} --flips {10**30}", (0, 2)),
    _with("baseline-nowhere", f"{_EVALUATE} --baseline ./nowhere"),
    _with("baseline-itself", f"{_EVALUATE} --baseline MODEL", (0, 2, 4)),
    _with("baseline-device", f"{_EVALUATE} --baseline /dev/zero"),
    _with("gate-nowhere", f"{_EVALUATE} --gate nowhere.yaml"),
    _with("gate-device", f"{_EVALUATE} --gate /dev/zero"),
    _with("speed-lengths-infinite", "evaluate MODEL CORPUS --speed --speed-lengths inf"),
    _with("speed-lengths-minus", "evaluate MODEL CORPUS --speed --speed-lengths=-1"),
    _with("speed-lengths-huge", "evaluate MODEL CORPUS --speed --speed-lengths 1e300"),
    _with("report-nothing", "report nowhere"),
    _with("report-device", "report /dev/zero"),
    _with("report-a-wav", "report CORPUS/s0-0.wav"),
    _with("report-of-5000", "report LONG"),
    _with("report-format-path", "report RESULTS --format ../../os"),
    _with("report-format-private", "report RESULTS --format __init__"),
    _with("report-output-is-the-input", "report RESULTS --format json -o RESULTS/results.json"),
    _with("report-output-a-folder", "report RESULTS --format json -o RESULTS --overwrite"),
    _with("report-output-of-5000", "report RESULTS --format json -o LONG"),
    _with("report-figures-a-file", "report RESULTS --figures RESULTS/results.json"),
    _with("report-figure-format", "report RESULTS --figures out --figure-format exe"),
    _with("report-flips-huge", f"report RESULTS --flips {10**30}", (0, 2)),
    _with("rescore-nothing", "rescore nowhere"),
    _with("rescore-device", "rescore /dev/zero"),
    _with("rescore-a-wav", "rescore CORPUS/s0-0.wav"),
    _with("rescore-missing", "rescore RESULTS --missing evil"),
    _with("rescore-over-itself", "rescore RESULTS -o RESULTS --overwrite"),
    _with("audit-nothing", "audit"),
    _with("audit-output-is-a-file", "audit quickstart -o MODEL/config.json"),
    _with("audit-engine", "audit quickstart --engine ../../os -o out"),
    _with("audit-engine-private", "audit quickstart --engine __init__ -o out"),
    _with("schema-unknown", "schema evil"),
    _with("schema-path", "schema ../../os"),
)


@pytest.mark.parametrize("case", named(LINES))
def test_options(case: Case, sandbox: Sandbox) -> None:
    """An option that cannot be meant is one line; no input is written over."""
    hold_promises(case, sandbox)


_INSTALLED: dict[str, Callable[[Sandbox], list[object]]] = {
    "device": lambda _: ["report", "/dev/zero"],
    "name-not-utf-8": lambda s: ["corrupt", os.fsencode(s.given) + b"/caf\xe9", "--snr", "10"],
    "name-steers": lambda _: ["compress", "./\x1b[2J\u202e", "--bits", "8"],
    "name-of-5000": lambda _: ["report", "x" * 5000],
    "pipe": lambda s: ["report", _pipe(s)],
}


def _pipe(sandbox: Sandbox) -> Path:
    os.mkfifo(sandbox.given / "results.json")
    return sandbox.given / "results.json"


def test_what_libraries_print_themselves(sandbox: Sandbox) -> None:
    """A key that tokenizers prints as it is neither steers the terminal nor gets into the JSON."""
    model = sandbox.copy("model")
    path = model / "tokenizer_config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    next(iter(content["added_tokens_decoder"].values()))["\x1b[2J\u202e"] = 1
    path.write_text(json.dumps(content), encoding="utf-8")
    arguments = ["compress", str(model), "--bits", "8", "--no-zip", "--json", "-o", "out"]
    done = subprocess.run(
        [sys.executable, "-c", "from asrcompress.cli import main; main()", *arguments],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert raw_controls((done.stdout + done.stderr).decode()) == ""


@pytest.mark.parametrize("name", _INSTALLED)
def test_the_installed_command(name: str, sandbox: Sandbox) -> None:
    """The same promises from outside of the process."""
    arguments = _INSTALLED[name](sandbox)
    before = snapshot(sandbox.root)
    words = [w if isinstance(w, bytes) else str(w) for w in arguments]
    done = subprocess.run(
        [sys.executable, "-c", "from asrcompress.cli import main; main()", *words],
        capture_output=True,
        timeout=120,
        check=False,
    )
    found = Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
    check_outcome(found, sandbox, before, codes=(2,))
    assert len(found.errors) == 1
