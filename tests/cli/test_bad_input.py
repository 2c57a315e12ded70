"""Bad input of every kind: one line that names it, the right exit code, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus


class _Hostile:
    """Unpickled without restriction, it would leave a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good model and a good corpus."""
    folder = tmp_path_factory.mktemp("good")
    tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    tiny_corpus(folder / "corpus", speakers=2, each=1)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Path) -> Path:
    """An empty current folder, without a network, beside copies of the good model and corpus."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    shutil.copytree(good, tmp_path / "given")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def _one_line(
    arguments: Sequence[str], code: int, capsys: pytest.CaptureFixture[str], *said: str
) -> None:
    """The command ends in `code`, its last word is one line with `said`, and no file is left."""
    assert run(list(arguments)) == code
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert captured.err.splitlines()[-1] == errors[0]
    assert "Traceback" not in captured.err
    for words in said:
        assert words in errors[0]
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("no-such-model", "the hub cannot be reached"),
        ("nobody/no-such-model", "the hub cannot be reached"),
        ("./no-such-folder", "no such model"),
        ("../given/corpus/manifest.jsonl", "a model is a folder"),
        ("../given/corpus", "no config.json"),
    ],
)
def test_no_such_model(
    here: Path, capsys: pytest.CaptureFixture[str], model: str, said: str
) -> None:
    """Neither here nor on the hub, which cannot be reached."""
    _one_line(["compress", model, "--bits", "8"], 2, capsys, model, said)


def test_pickle_that_would_run_code(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused, and does not run."""
    model, trace = here / "given" / "model", here / "trace"
    (model / "model.safetensors").unlink()
    torch.save({"a": torch.zeros(1), "b": _Hostile(trace)}, model / "pytorch_model.bin")
    _one_line(["compress", str(model), "--bits", "8"], 2, capsys, "would run code", "system")
    assert not trace.exists()


@pytest.mark.parametrize("size", [0, 4, 1000, -1])
def test_truncated_weights(here: Path, capsys: pytest.CaptureFixture[str], size: int) -> None:
    """Wherever they are cut off."""
    weights = here / "given" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:size])
    said = ("damaged", "model.safetensors")
    _one_line(["compress", str(weights.parent), "--bits", "8"], 2, capsys, *said)


@pytest.mark.parametrize("empty", ["empty.jsonl", "folder"])
def test_empty_corpus(here: Path, capsys: pytest.CaptureFixture[str], empty: str) -> None:
    """Nothing to evaluate has an exit code of its own."""
    path = here / "given" / empty
    path.touch() if path.suffix else path.mkdir()
    _one_line(["evaluate", str(here / "given" / "model"), str(path)], 5, capsys, "empty corpus")


def _with_recording(
    here: Path, name: str, content: bytes | np.ndarray, rate_hz: int = 16_000
) -> str:
    """The good corpus with one more recording."""
    corpus = here / "given" / "corpus"
    if isinstance(content, bytes):
        (corpus / name).write_bytes(content)
    else:
        soundfile.write(corpus / name, content, rate_hz)
    with (corpus / "manifest.jsonl").open("a", encoding="utf-8") as stream:
        row = {"audio_filepath": name, "text": "yes", "speaker": "s9"}
        stream.write(json.dumps(row) + "\n")
    return str(corpus)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("garbage.wav", b"RIFF garbage, not audio", "not readable as audio"),
        ("empty.flac", b"", "empty audio file"),
        ("zero.wav", np.zeros(0, np.float32), "without samples"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "corrupt"])
def test_recording_that_cannot_be_read(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes | np.ndarray,
    said: str,
    command: str,
) -> None:
    """It is named with its cause and counted; --max-bad-files lets the others through."""
    corpus = _with_recording(here, name, content)
    model = str(here / "given" / "model")
    arguments = {
        "evaluate": ["evaluate", model, corpus, "--no-cost", "-o", "out"],
        "corrupt": ["corrupt", corpus, "--snr", "10", "-o", "out"],
    }[command]
    _one_line(arguments, 2, capsys, said, name, "1 of 3")
    assert run([*arguments, "--max-bad-files", "1"]) == 0
    assert name in capsys.readouterr().err


def test_stereo_at_44100_hz_is_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Channels are averaged, with a warning; the rate is changed."""
    time_s = np.arange(44_100) / 44_100
    tone = 0.3 * np.sin(2 * np.pi * 300 * time_s)
    corpus = _with_recording(here, "stereo.wav", np.stack([tone, tone], axis=1), 44_100)
    assert run(["evaluate", str(here / "given" / "model"), corpus, "--no-cost"]) == 0
    assert "stereo.wav" in capsys.readouterr().err


def test_silent_noise(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recording never passes through clean because its noise is silent."""
    (here / "noise" / "fan").mkdir(parents=True)
    soundfile.write(here / "noise" / "fan" / "off.wav", np.zeros(16_000), 16_000)
    noisy = ["corrupt", str(here / "given" / "corpus"), "--noise", str(here / "noise")]
    _one_line([*noisy, "--snr", "10", "-o", "out"], 2, capsys, "silent", "off.wav")


def test_manifest_with_a_missing_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A manifest that lists a file which is not there: the file is named and counted."""
    corpus = here / "given" / "corpus"
    (corpus / "s1-0.wav").unlink()
    said = ("no such audio file", "s1-0.wav")
    _one_line(["evaluate", str(here / "given" / "model"), str(corpus)], 2, capsys, *said)


def _writing(here: Path, command: str) -> list[str]:
    """A command line that would write, but for its -o."""
    model, corpus = str(here / "given" / "model"), str(here / "given" / "corpus")
    return {
        "compress": ["compress", model, "--bits", "8"],
        "corrupt": ["corrupt", corpus, "--snr", "10"],
        "evaluate": ["evaluate", model, corpus],
        "audit": ["audit", "quickstart"],
    }[command]


@pytest.mark.parametrize("command", ["compress", "corrupt", "evaluate", "audit"])
def test_output_that_cannot_be_written(
    here: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Found before any work: a file where a folder is to be (root may write anywhere else)."""
    (here / "file").write_text("mine", encoding="utf-8")
    blocked = str(here / "file" / "out")
    _one_line([*_writing(here, command), "-o", blocked], 2, capsys, "cannot write", blocked)


@pytest.mark.parametrize("command", ["compress", "corrupt", "evaluate", "audit"])
def test_output_that_exists(here: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    """What is there stays as it is."""
    taken = here / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("precious", encoding="utf-8")
    _one_line([*_writing(here, command), "-o", str(taken)], 2, capsys, "output exists", "taken")
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]


def test_recipe_with_three_mistakes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has its line, all come at once."""
    recipe = here / "mine.yaml"
    recipe.write_text(
        "title: Mine\nmodels: {w: bundled:model}\ncompressions:\n  int8: {bit: 8}\n"
        "corpus: bundled:corpus\nconditions:\n  nose: {snr_db: [10]}\nseed: 012\n",
        encoding="utf-8",
    )
    assert run(["audit", str(recipe)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "line 4: compressions.int8" in lines[0]
    assert "line 7: conditions.nose: unknown key; did you mean 'noise'?" in lines[1]
    assert "line 8: seed: 012 has a leading zero" in lines[2]
    assert list(Path.cwd().iterdir()) == []
