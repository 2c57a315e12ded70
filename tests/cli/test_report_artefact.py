"""report of a compressed model: its folder is told from results, in every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.report.artefacts import adaptive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an artefact's manifest."""
    place = tmp_path / "model"
    place.mkdir()
    (place / "asrcompress.json").write_text(adaptive().model_dump_json(), encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("format_name", "said"),
    [
        ("table", "Bits by depth: wav2vec2.encoder.layers, 24 blocks"),
        ("markdown", "| disk | 1275.8 | 336.9 | 3.79x |"),
        ("html", "<h1>facebook/wav2vec2-large-960h: adaptive3-1</h1>"),
        ("json", '"label": "adaptive3-1"'),
    ],
)
def test_every_format_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], format_name: str, said: str
) -> None:
    """On stdout, and nothing else; the manifest itself may be named instead of its folder."""
    assert run(["report", str(folder), "--format", format_name]) == 0
    first = capsys.readouterr()
    assert said in first.out
    assert first.err == ""
    assert run(["report", str(folder / "asrcompress.json"), "--format", format_name]) == 0
    assert capsys.readouterr().out == first.out


def test_explain_and_full_add_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row per layer, and a row per tensor of the ledger."""
    assert run(["report", str(folder), "--explain"]) == 0
    explained = capsys.readouterr().out
    assert explained.count("50/30/20 L") == 2  # k_proj and q_proj of block 0
    assert run(["report", str(folder), "--full"]) == 0
    full = capsys.readouterr().out
    assert full.count("qint4") == 48
    assert "50/30/20 L" not in full


def test_page_is_written_whole_and_kept(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """-o writes the page; a second time needs --overwrite."""
    page = tmp_path / "page.html"
    arguments = ["report", str(folder), "--format", "html", "-o", str(page)]
    assert run(arguments) == 0
    assert capsys.readouterr().err == f"wrote {page}\n"
    assert page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert run(arguments) == 2
    assert run([*arguments, "--overwrite", "-q"]) == 0
    table = tmp_path / "page.txt"
    assert run(["report", str(folder), "--explain", "-q", "-o", str(table)]) == 0
    assert max(map(len, table.read_text(encoding="utf-8").splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--groups"], "--groups"),
        (["--intervals"], "--intervals"),
        (["--no-margins"], "--margins"),
        (["--flips", "3"], "--flips"),
        (["--format", "csv"], "expected one of html, json, markdown, table"),
        (["--format", "kaldi"], "a format of results only"),
    ],
)
def test_what_results_alone_have_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """One line and exit code 2 rather than an option that does nothing."""
    assert run(["report", str(folder), *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert said in captured.err


def test_results_refuse_what_a_model_alone_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--explain of results, or of a folder that is neither, says so."""
    assert run(["report", str(tmp_path), "--explain"]) == 2
    assert "these are results, not a model" in capsys.readouterr().err
    assert run(["report", str(tmp_path)]) == 2
    assert "results.json" in capsys.readouterr().err


def test_a_damaged_manifest_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its file and the next step are named."""
    found = json.loads((folder / "asrcompress.json").read_text(encoding="utf-8"))
    del found["ledger"]
    (folder / "asrcompress.json").write_text(json.dumps(found), encoding="utf-8")
    assert run(["report", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "asrcompress.json" in captured.err
    assert "compress the model again" in captured.err
