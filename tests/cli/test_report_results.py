"""report of results: gates, sharing, and a terminal of any width."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from asrcompress.cli import console
from asrcompress.cli.boundary import run
from asrcompress.core.findings import Findings
from asrcompress.report import format_names, tables, write
from tests.report import broken, everything, gates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished folder with everything that can be in one."""
    place = tmp_path_factory.mktemp("audit")
    found = replace(everything.findings("plain"), gates=gates.table(), errors=broken.errors())
    write(place, found, {})
    return place


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["report", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_gates_verdict_is_the_first_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that did not pass, and with --gates all of them."""
    short = _printed(capsys, str(folder))
    assert short.startswith("Gates: MISSING, 1 of 7 (2 failed, 1 inconclusive)\n")
    assert "3 other checks passed." in short
    assert not re.search(r"^passed ", short, re.MULTILINE)
    full = _printed(capsys, str(folder), "--gates")
    assert len(re.findall(r"^passed ", full, re.MULTILINE)) == 3


def test_junit_and_gates_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bytes of the folder's junit.xml; a row a check."""
    text = _printed(capsys, str(folder), "--format", "junit")
    assert text == (folder / "junit.xml").read_text(encoding="utf-8")
    assert Xml.fromstring(text.encode()).get("tests") == "7"
    rows = list(csv.reader(io.StringIO(_printed(capsys, str(folder), "--format", "gates"))))
    assert len(rows) == 8


def test_gates_are_asked_for_where_there_are_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says how to have them, and exit code 2."""
    write(tmp_path, replace(everything.findings("plain"), gates=None), {})
    assert run(["report", str(tmp_path), "--format", "gates"]) == 2
    assert "check them with asrcompress gate" in capsys.readouterr().err
    assert "there is no gates.json" in _printed(capsys, str(tmp_path), "--gates")


def test_layers_are_a_table_besides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mean bits of each block, artefacts across."""
    text = _printed(capsys, str(folder), "--layers")
    assert re.search(r"^plain\.layers\.0 +8\.0 +8\.0$", text, re.MULTILINE)
    assert "Mean bits" not in _printed(capsys, str(folder))


@pytest.mark.parametrize("name", [*format_names(), "table --flips 9 --groups"])
def test_redacted_formats_have_no_name_and_no_word(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Neither an utterance's, nor a value of a subgroup, nor a word."""
    before = _printed(capsys, str(folder), "--format", *name.split())
    after = _printed(capsys, str(folder), "--format", *name.split(), "--redact")
    for secret in ("1089-134686-0003", "plainnorth", "plainsouth", "stew", "caffè"):
        assert secret not in after
    assert ("plainsouth" in before) == ("plain-2" in after)


def test_redacted_models_and_recordings_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A recording says more than its name does."""
    assert run(["report", str(folder), "--format", "html", "--audio", "3", "--redact"]) == 2
    assert "recordings are for --format html with its text" in capsys.readouterr().err


def _on_terminal(found: Findings, monkeypatch: pytest.MonkeyPatch, columns: int) -> str:
    """What a terminal of so many columns is sent."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    console.show(*tables(found))
    return stream.getvalue()


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves bold and dim, and no colour; the marks say the same."""
    found = everything.findings("plain")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.search(r"\x1b\[[\d;]*3\d", _on_terminal(found, monkeypatch, 80))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _on_terminal(found, monkeypatch, 80)
    assert not re.search(r"\x1b\[(?:[\d;]*;)?[34]\d", plain)
    assert "failed" in plain


def test_a_wide_terminal_has_fewer_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns that 40 columns cut into pieces stand side by side in 120."""
    found = everything.findings("plain")
    monkeypatch.setenv("NO_COLOR", "1")
    pieces = [
        _on_terminal(found, monkeypatch, columns).count("Sizes in MB") for columns in (40, 80, 120)
    ]
    assert pieces[0] > pieces[1] >= pieces[2] == 1


def test_a_pipe_has_80_columns(folder: Path) -> None:
    """Tables do not grow where nobody says how wide the page is."""
    command = [sys.executable, "-m", "asrcompress", "report", str(folder), "--intervals"]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    rules = [line for line in done.stdout.splitlines() if line.startswith("──")]
    assert rules
    assert max(map(len, rules)) <= 80
