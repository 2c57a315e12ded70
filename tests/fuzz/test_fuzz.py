"""Good inputs with seeded damage, through the real command line: the promises hold for each.

More of them: ASRCOMPRESS_FUZZ_COUNT=20000 ASRCOMPRESS_FUZZ_SEED=7 pytest -m slow tests/fuzz
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest
import soundfile

from tests.fuzz.mutations import mutated
from tests.hostile.promises import Sandbox, check_outcome, run_quietly, snapshot

SEED = int(os.environ.get("ASRCOMPRESS_FUZZ_SEED", "20"))
MANY = int(os.environ.get("ASRCOMPRESS_FUZZ_COUNT", "4000"))
FEW = 100
# Any of them is right, as long as it comes with a line: passed, bad input, edited after it was
# saved, inconclusive, nothing to evaluate. What is called an internal error fails apart from it.
CODES = (0, 2, 3, 4, 5)
Target = Callable[[Sandbox], tuple[Path, Sequence[object]]]

_RECIPE = """\
title: Small
models: {w: bundled:model}
compressions:
  fp32: {}
  int8: {bits: 8}
  pruned: {prune: 0.3, scope: global, exclude: [lm_head]}
corpus: ${data}
conditions:
  clean: true
  noise: {snr_db: [20, 0], types: [white]}
  rooms: {sizes: [small]}
  both: true
  effects: {phone: [{effect: telephone}, {effect: noise, snr_db: 5}]}
seed: 3
evaluate: {normaliser: basic, batch_size: 4, margin: 0.01, by: [speaker]}
tables: [{title: t, columns: [int8], values: [wer]}]
parameters: {data: bundled:corpus}
"""
_CUT = {
    "id": "c1",
    "type": "MonoCut",
    "start": 0.1,
    "duration": 0.3,
    "channel": 0,
    "recording": {
        "id": "r1",
        "sources": [{"type": "file", "channels": [0], "source": "s0-0.wav"}],
        "sampling_rate": 16_000,
        "num_samples": 8000,
        "duration": 0.5,
    },
    "supervisions": [{"id": "s1", "start": 0, "duration": 0.3, "text": "yes", "speaker": "a"}],
}
_MANIFESTS = {
    "manifest.jsonl": '{"audio_filepath": "s0-0.wav", "text": "yes", "duration": 0.4, '
    '"offset": 0.05, "speaker": "a", "channel": 0, "take": 3}\n'
    '{"audio_filepath": "s1-0.wav", "text": "no", "id": "x"}\n',
    "metadata.csv": 'file_name,transcription,speaker\ns0-0.wav,"yes, no",a\ns1-0.wav,up,b\n',
    "manifest.tsv": "path\tsentence\tduration\ns0-0.wav\tyes\t0.5\ns1-0.wav\tup\t0.5\n",
    "wav.scp": "r1 s0-0.wav\nr2 s1-0.wav\n",
    "segments": "u1 r1 0 0.2\nu2 r2 0.1 0.4\n",
    "cuts.jsonl": json.dumps(_CUT) + "\n",
}


def _manifest(name: str) -> Target:
    def target(sandbox: Sandbox) -> tuple[Path, Sequence[object]]:
        corpus = sandbox.copy("corpus")
        (corpus / "manifest.jsonl").unlink()
        if name == "segments":
            sandbox.write("corpus/wav.scp", _MANIFESTS["wav.scp"])
        path = sandbox.write(f"corpus/{name}", _MANIFESTS[name])
        return path, ["corrupt", corpus, "--snr", "10", "--workers", "1", "-o", "out"]

    return target


def _audio(kind: str, subtype: str, suffix: str) -> Target:
    def target(sandbox: Sandbox) -> tuple[Path, Sequence[object]]:
        corpus = sandbox.copy("corpus")
        samples, rate_hz = soundfile.read(corpus / "s0-0.wav")
        stream = io.BytesIO()
        soundfile.write(stream, samples, rate_hz, format=kind, subtype=subtype)
        path = sandbox.write(f"corpus/odd{suffix}", stream.getvalue())
        with (corpus / "manifest.jsonl").open("a", encoding="utf-8") as manifest:
            manifest.write(json.dumps({"audio_filepath": path.name, "text": "yes"}) + "\n")
        return path, ["corrupt", corpus, "--snr", "10", "--workers", "1", "-o", "out"]

    return target


def _recipe(sandbox: Sandbox) -> tuple[Path, Sequence[object]]:
    path = sandbox.write("mine.yaml", _RECIPE)
    return path, ["audit", path, "--dry-run", "-o", "out"]


def _of(kind: str, file: str, *command: str) -> Target:
    """A file of a good model, artefact or results folder, read by a command."""

    def target(sandbox: Sandbox) -> tuple[Path, Sequence[object]]:
        folder = sandbox.copy(kind)
        words: list[object] = [command[0], folder]
        if command[0] == "evaluate":
            words.append(sandbox.copy("corpus"))
        return folder / file, [*words, *command[1:]]

    return target


_COMPRESS = ("compress", "--bits", "8", "--no-zip", "-o", "out")
_EVALUATE = ("evaluate", "--no-cost", "--replicates", "100")
_REPORT = ("report", "--groups", "--intervals", "--flips", "3")
TARGETS: dict[str, Target] = {
    **{name: _manifest(name) for name in _MANIFESTS},
    "wav": _audio("WAV", "PCM_16", ".wav"),
    "wav-float": _audio("WAV", "FLOAT", ".wav"),
    "flac": _audio("FLAC", "PCM_16", ".flac"),
    "vorbis": _audio("OGG", "VORBIS", ".ogg"),
    "opus": _audio("OGG", "OPUS", ".opus"),
    "mp3": _audio("MP3", "MPEG_LAYER_III", ".mp3"),
    "aiff": _audio("AIFF", "PCM_16", ".aiff"),
    "au": _audio("AU", "PCM_16", ".au"),
    "caf": _audio("CAF", "PCM_16", ".caf"),
    "sphere": _audio("NIST", "PCM_16", ".wav"),
    "recipe": _recipe,
    "config": _of("model", "config.json", *_COMPRESS),
    "config-evaluated": _of("model", "config.json", *_EVALUATE),
    "safetensors": _of("model", "model.safetensors", *_COMPRESS),
    "vocabulary": _of("model", "vocab.json", *_EVALUATE),
    "tokenizer": _of("model", "tokenizer_config.json", *_EVALUATE),
    "processor": _of("model", "processor_config.json", *_EVALUATE),
    "manifest-loaded": _of("artefact", "asrcompress.json", *_EVALUATE),
    "manifest-reported": _of("artefact", "asrcompress.json", "report", "--explain", "--full"),
    "manifest-page": _of("artefact", "asrcompress.json", "report", "--format", "html"),
    "artefact": _of("artefact", "asrcompress.safetensors", *_EVALUATE),
    "results": _of("results", "results.json", *_REPORT),
    "results-page": _of("results", "results.json", "report", "--format", "html"),
    "results-markdown": _of("results", "results.json", "report", "--format", "markdown"),
    "errors": _of("results", "errors.json", *_REPORT),
    "utterances": _of("results", "utterances.jsonl", "rescore", "--replicates", "100"),
}


def _fuzz(sandbox: Sandbox, count: int, seed: int) -> Counter[str]:
    """How many inputs ended in each exit code, by target; the first fault ends it."""
    found: Counter[str] = Counter()
    names = [*TARGETS]
    for number in range(count):
        name = names[number % len(names)]
        random = Random(f"{seed}-{number}")
        box = Sandbox(_fresh(sandbox, "fuzz"), sandbox.good)
        os.chdir(box.here)
        path, arguments = TARGETS[name](box)
        path.write_bytes(mutated(path.read_bytes(), random))
        before = snapshot(box.root)
        outcome = run_quietly(arguments)
        try:
            check_outcome(outcome, box, before, codes=CODES)
        except AssertionError as error:
            kept = shutil.copytree(box.root, _fresh(sandbox, f"fault-{number}") / "box")
            raise AssertionError(
                f"{name}, input {number} of seed {seed}: {kept}: {error}"
            ) from None
        found[f"{name}: {outcome.code}"] += 1
    return found


def _fresh(sandbox: Sandbox, name: str) -> Path:
    place = sandbox.root / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    return place


def test_damaged_inputs(sandbox: Sandbox) -> None:
    """A few of every kind, always the same ones."""
    found = _fuzz(sandbox, FEW, SEED)
    assert sum(found.values()) == FEW
    assert sum(count for key, count in found.items() if key.endswith(" 2")) > FEW // 4


@pytest.mark.slow
def test_many_damaged_inputs(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Thousands, with other seeds; what each kind ended in is printed."""
    found = _fuzz(sandbox, MANY, SEED + 1)
    with capsys.disabled():
        print(f"\n{MANY} damaged inputs of seed {SEED + 1}:")  # noqa: T201
        for key, count in sorted(found.items()):
            print(f"  {key}: {count}")  # noqa: T201
    assert sum(found.values()) == MANY
