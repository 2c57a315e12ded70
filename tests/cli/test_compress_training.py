"""asrcompress compress --method: from the command line to an artefact that was learned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import asrcompress
from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, recordings to train on, and a noise."""
    folder = tmp_path_factory.mktemp("training")
    tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    tiny_corpus(folder / "spoken")
    (folder / "hum").mkdir()
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(32_000) / 16_000)
    soundfile.write(folder / "hum" / "hum.wav", hum, 16_000)
    return folder


def test_a_student_is_taught_and_quantised(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the recordings given, made harder with the noises given; Python makes the same one."""
    output = tmp_path / "out"
    arguments = ["compress", str(folder / "model"), "-o", str(output), "--json", "-q", "--no-zip"]
    arguments += ["--method", "distill", "--layers", "1", "--steps", "2", "--batch-seconds", "1"]
    arguments += ["--augment", "noise", "--augment-noise", str(folder / "hum"), "--bits", "8"]
    arguments += ["--audio", str(folder / "spoken"), "--device", "cpu", "--checkpoint-steps", "1"]
    assert run(arguments) == 0, capsys.readouterr().err
    captured = capsys.readouterr()
    assert captured.err == ""
    manifest: dict[str, Any] = json.loads(captured.out)
    assert [step["method"] for step in manifest["steps"]] == ["distill", "quantize"]
    corpus = manifest["training"]["corpus"]
    assert corpus["name"] == "spoken"
    assert corpus["utterances"] == 6
    assert corpus["augmentation"] == "noise at 0 to 20 dB (hum), in half of what is heard"
    assert manifest["training"]["steps_done"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # no checkpoints are left
    again = asrcompress.compress(
        folder / "model",
        tmp_path / "again",
        method="distill",
        layers=1,
        steps=2,
        batch_seconds=1,
        augment="noise",
        augment_noise=folder / "hum",
        bits=8,
        audio=folder / "spoken",
        device="cpu",
        measure_zip=False,
    )
    assert again.manifest.tensors == manifest["tensors"]
    assert asrcompress.load(tmp_path / "again").model.config.num_hidden_layers == 1


def test_the_help_tells_choices_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    """What may be given, and what holds where nothing is."""
    assert run(["compress", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "none|noise|rooms|both" in text
    assert "[default: (20000)]" in text
    assert "--method structured --sparsity 0.8" in text
    assert "--method distill --layers 6" in text
