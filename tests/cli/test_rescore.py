"""rescore as a user runs it: Kaldi's lines, tables, JSON, folders, one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.evaluate.stored_runs import stored_run


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored_run(tmp_path_factory.mktemp("stored") / "run")


def test_kaldis_lines_come_first(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One a cell, on stdout; the tables follow and stderr is empty."""
    assert run(["rescore", str(stored), "--flips", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert lines[0] == "%WER 30.00 [ 3 / 10, 0 ins, 1 del, 2 sub ] fp32 clean"
    assert [line.startswith("%WER ") for line in lines[:5]] == [True] * 4 + [False]
    assert "S/D/I errors of N words" in captured.out


def test_writes_the_same_folder(stored: Path, tmp_path: Path) -> None:
    """-o writes what evaluate and audit write; unchanged options give the same bytes."""
    assert run(["rescore", str(stored), "-o", str(tmp_path / "again"), "-q"]) == 0
    for name in ("results.json", "cells.csv", "utterances.jsonl", "errors.json", "cost.json"):
        assert (tmp_path / "again" / name).read_bytes() == (stored / name).read_bytes()


def test_json_with_another_normaliser(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["rescore", str(stored), "--normaliser", "english", "--by", "speaker", "--json"]
    assert run(arguments) == 0
    captured = capsys.readouterr()
    results = json.loads(captured.out)
    assert captured.err == ""
    assert results["normaliser"] == "english-2"
    assert {group["field"] for group in results["cells"][0]["groups"]} == {"speaker"}


def test_two_files_of_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """References, hypotheses and a baseline of another program, with one utterance missing."""
    (tmp_path / "ref.trn").write_text("one two (a)\nthree (b)\nfour (c)\n")
    (tmp_path / "fp32.trn").write_text("one two (a)\nthree (b)\nfour (c)\n")
    (tmp_path / "int8.trn").write_text("one too (a)\nthree (b)\n")
    sides = ["--corpus", str(tmp_path / "ref.trn"), "--baseline", str(tmp_path / "fp32.trn")]
    arguments = ["rescore", str(tmp_path / "int8.trn"), *sides]
    assert run(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "got 1 of 3, first: c" in error
    assert run([*arguments, "--missing", "all", "-o", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "%WER 50.00 [ 2 / 4, 0 ins, 1 del, 1 sub ] int8 ref"
    assert run(["report", str(tmp_path / "out"), "--format", "csv"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere"], 2, "no such file or folder: nowhere"),
        (["STORED", "--missing", "some"], 2, "bad missing; got 'some'"),
        (["STORED", "--normaliser", "basik"], 2, "did you mean 'basic'?"),
        (["STORED", "--by", "site"], 2, "no such column"),
        (["STORED", "-o", "STORED/new"], 2, "would touch an input"),
        (["EMPTY"], 5, "no utterances"),
    ],
)
def test_errors_are_one_line(
    stored: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """With the exit code of every other command."""
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    given = [part.replace("STORED", str(stored)).replace("EMPTY", str(empty)) for part in arguments]
    assert run(["rescore", *given]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
