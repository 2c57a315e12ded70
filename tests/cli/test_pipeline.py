"""corrupt, evaluate and report, one after the other as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, a tiny corpus, its noisy version, and an evaluation of that."""
    folder = tmp_path_factory.mktemp("pipeline")
    tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    tiny_corpus(folder / "corpus")
    compressing = ["compress", str(folder / "model"), "--bits", "8", "-o", str(folder / "int8")]
    corrupting = ["corrupt", str(folder / "corpus"), "--snr", "10,0", "--room", "small", "--both"]
    evaluating = [
        "evaluate",
        str(folder / "int8"),
        str(folder / "noisy" / "noise-10dB"),
        *("--baseline", str(folder / "model"), "--no-cost", "--device", "cpu"),
    ]
    assert run([*compressing, "-q"]) == 0
    assert run([*corrupting, "-o", str(folder / "noisy"), "-q"]) == 0
    assert run([*evaluating, "-o", str(folder / "results"), "-q"]) == 0
    return folder


def test_corrupt_wrote_every_condition(place: Path) -> None:
    """Two SNRs, a room, and the room with each SNR; every file's SNR is in the manifest."""
    written = sorted(path.name for path in (place / "noisy").iterdir())
    assert written == [
        "corpus.json",
        "noise-0dB",
        "noise-10dB",
        "room-small",
        "room-small+noise-0dB",
        "room-small+noise-10dB",
    ]
    lines = (place / "noisy" / "room-small+noise-0dB" / "manifest.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 6
    assert all(abs(row["achieved_snr_db"]) < 0.01 for row in rows)
    assert all(row["room"] == "small" for row in rows)


def test_evaluation_is_compared_and_written(place: Path) -> None:
    """Results, per-utterance lines with raw texts, and a tidy table."""
    results = json.loads((place / "results" / "results.json").read_text())
    assert [row["name"] for row in results["artefacts"]] == ["model", "int8"]
    assert results["cells"][1]["comparison"]["baseline"] == "model"
    lines = (place / "results" / "utterances.jsonl").read_text().splitlines()
    assert len(lines) == 12
    assert {"text", "pred_text", "s", "d", "i", "n", "achieved_snr_db"} <= set(json.loads(lines[0]))


@pytest.mark.parametrize("format_name", ["table", "markdown", "csv", "json", "html"])
def test_report_prints_every_format(
    place: Path, format_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """To stdout as asked for, nothing on stderr."""
    assert run(["report", str(place / "results"), "--format", format_name]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "int8" in captured.out
    if format_name == "json":
        assert json.loads(captured.out)["cells"]
    if format_name == "csv":
        assert len(list(csv.DictReader(io.StringIO(captured.out)))) == 2


def test_report_to_a_file(place: Path, tmp_path: Path) -> None:
    """Exactly where -o says, and not over what is there."""
    page = tmp_path / "page.html"
    assert run(["report", str(place / "results"), "--format", "html", "-o", str(page), "-q"]) == 0
    assert page.read_text().startswith("<!")
    assert run(["report", str(place / "results"), "--format", "html", "-o", str(page), "-q"]) == 2


def test_report_overwrites_a_file_only(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--overwrite replaces the page, never a folder."""
    page = tmp_path / "page.html"
    page.write_text("old", encoding="utf-8")
    arguments = ["report", str(place / "results"), "--format", "html", "--overwrite", "-q", "-o"]
    assert run([*arguments, str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!")
    assert run([*arguments, str(place / "results")]) == 2
    assert "a folder is there" in capsys.readouterr().err
    assert (place / "results" / "results.json").is_file()


@pytest.mark.parametrize("output", ["int8", "int8/new", "noisy", "noisy/noise-10dB", "model/new"])
def test_evaluate_does_not_write_over_what_it_reads(
    place: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    """Refused in one line before any work, with --overwrite too."""
    before = sorted(place.rglob("*"))
    arguments = ["evaluate", str(place / "int8"), str(place / "noisy" / "noise-10dB"), "--no-cost"]
    more = ["--baseline", str(place / "model"), "--overwrite", "-q", "-o", str(place / output)]
    assert run([*arguments, *more]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "would touch an input" in error
    assert sorted(place.rglob("*")) == before


def test_evaluate_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json gives a script the rates, on stdout alone."""
    arguments = ["evaluate", str(place / "model"), str(place / "corpus"), "--no-cost", "--json"]
    assert run([*arguments, "-q", "--device", "cpu"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    (cell,) = json.loads(captured.out)["cells"]
    assert cell["wer"] == (cell["words"]["s"] + cell["words"]["d"] + cell["words"]["i"]) / 18
