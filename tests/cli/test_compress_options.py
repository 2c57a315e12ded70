"""The options of asrcompress compress: what each asks for, and which exclude each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint."""
    return tiny_checkpoint(tmp_path_factory.mktemp("cli") / "tiny")


def _compressed(
    model: Path, output: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    arguments = ["compress", str(model), "-o", str(output), "--json", "-q", "--no-zip", *options]
    assert run(arguments) == 0, capsys.readouterr().err
    captured = capsys.readouterr()
    assert captured.err == ""
    manifest: dict[str, Any] = json.loads(captured.out)
    assert json.loads((output / "asrcompress.json").read_text()) == {
        key: value for key, value in manifest.items() if key != "folder"
    }
    return manifest


def _qtypes(manifest: dict[str, Any]) -> dict[str, str]:
    return {name: entry["weights"] for name, entry in manifest["quantization"].items()}


def test_bits_again_for_patterns(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--bits 8 for all, and again for the layers of a pattern."""
    rules = ("--bits", "8", "--bits", "*.layers.0.*=4", "--bits", "lm_head=2")
    manifest = _compressed(model, tmp_path / "made", capsys, *rules)
    qtypes = _qtypes(manifest)
    assert qtypes["lm_head"] == "qint2"
    assert {qtypes[name] for name in qtypes if ".layers.0." in name} == {"qint4"}
    assert {qtypes[name] for name in qtypes if ".layers.1." in name} == {"qint8"}
    assert manifest["steps"][0]["params"]["bits"] == ["8", "*.layers.0.*=4", "lm_head=2"]
    assert manifest["label"] == "int8-2rules"


@pytest.mark.parametrize(
    ("flag", "changed"),
    [
        ("--conv", "wav2vec2.encoder.pos_conv_embed.conv"),
        ("--keep-head", "lm_head"),
    ],
)
def test_flags_choose_layers(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, changed: str
) -> None:
    """A flag adds layers to those that are quantised, or takes them away; --no-FLAG is default."""
    without = _qtypes(_compressed(model, tmp_path / "a", capsys, "--bits", "8"))
    with_flag = _compressed(model, tmp_path / "b", capsys, "--bits", "8", flag)
    assert changed in without.keys() ^ _qtypes(with_flag).keys()
    assert with_flag["selection"][flag[2:].replace("-", "_")] is True


def test_rounding_and_storage(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """HQQ is another grid of the same size; a bitmask is smaller."""
    asked = ("--prune", "0.6", "--bits", "8")
    dense = _compressed(model, tmp_path / "dense", capsys, *asked)
    packed = _compressed(model, tmp_path / "packed", capsys, *asked, "--storage", "bitmask")
    assert packed["tensors"] == dense["tensors"]
    assert packed["sizes"]["disk_bytes"] < dense["sizes"]["disk_bytes"]
    plain = _compressed(model, tmp_path / "max", capsys, "--bits", "2")
    hqq = _compressed(model, tmp_path / "hqq", capsys, "--bits", "2", "--rounding", "hqq")
    assert hqq["weights_sha256"] != plain["weights_sha256"]
    assert hqq["sizes"]["memory_bytes"] == plain["sizes"]["memory_bytes"]


def test_explain_prints_every_layer(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table of the layers besides the ledger; without it only the ledger."""
    arguments = ["compress", str(model), "-q", "--no-zip", "--bits", "8"]
    assert run([*arguments, "-o", str(tmp_path / "a")]) == 0
    plain = capsys.readouterr().out
    assert run([*arguments, "-o", str(tmp_path / "b"), "--explain"]) == 0
    explained = capsys.readouterr().out
    assert len(explained.splitlines()) > len(plain.splitlines()) + 10
    assert "left alone" in plain


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bits", "8", "--adaptive", "two-class"], "'adaptive' and 'bits' exclude each other"),
        (["--adaptive", "two-class", "--mixed", "--target-ratio", "0.5"], "exclude each other"),
        (["--mixed", "--target-ratio", "0.5"], "no calibration audio"),
        (["--mixed"], "exactly one of target_size, target_ratio, target_divergence"),
        (["--target-ratio", "0.5"], "needs 'mixed'"),
        (["--rounding", "hqq"], "needs 'bits'"),
        (["--bits", "8", "--rounding", "hqq"], "expected bits 4 or 2"),
        (["--bits", "8", "--audio", "."], "no method listens to audio: .; add method"),
        (["--bits", "8", "--calibration-snr", "0"], "option 'calibration_snr' needs 'mixed'"),
        (["--bits", "8", "--calibration-noise", "."], "'calibration_noise' needs 'mixed'"),
        (["--bits", "8", "--calibration-seconds", "9"], "'calibration_seconds' needs 'mixed'"),
        (["--bits", "8", "--augment-noise", "."], "'augment_noise' needs a method that trains"),
        (["--bits", "8", "--device", "cpu"], "'device' needs a method that trains"),
        (["--method", "distill", "--layers", "1"], "no audio to train on"),
        (["--method", "distil", "--layers", "1"], "did you mean 'distill'?"),
        (["--bits", "8", "--bits", "lm_hed=4"], "pattern matches no layer; got 'lm_hed'"),
        (["--bits", "8", "--exclude", "decoder.*"], "pattern matches no layer; got 'decoder.*'"),
        (["--bits", "8", "--bits", "4"], "PATTERN=BITS"),
        (["--bits", "lm_head=3"], "PATTERN=BITS"),
        (["--bits", "8", "--storage", "sparse"], "one of dense, bitmask"),
        (["--bits", "8", "--include", "lm_head", "--keep-head"], "no layer to compress is left"),
        (["--conv"], "nothing to do"),
    ],
)
def test_mistakes_are_one_line(
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """Exit code 2, nothing on stdout, no folder."""
    assert run(["compress", str(model), "-o", str(tmp_path / "out"), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert list(tmp_path.iterdir()) == []
