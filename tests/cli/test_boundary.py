"""Whatever goes wrong, the user sees one line on stderr and a documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from asrcompress.core.errors import OutputError

COMMANDS = ("compress", "corrupt", "evaluate", "report", "audit")


def _program(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    code = "from asrcompress.cli import main; main()"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command's help shows how it is called."""
    assert run([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Examples:" in out
    assert f"asrcompress {command}" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate"], "Missing argument 'model'; see asrcompress --help"),
        (["evaluate", "a", "b", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["corrupt", "bundled:corpus", "-o", "x", "--snr", "ten"], "expected numbers with commas"),
        (["corrupt", "bundled:corpus", "-o", "x"], "nothing to do"),
        (["corrupt", "bundled:corpus", "-o", "x", "--both", "--snr", "1"], "--both needs"),
        (["evaluate", "bundled:model", "no/such/corpus"], "no such corpus"),
        (["report", "no-such-results"], "no such file"),
        (["report", "x", "--format", "pdf"], "unknown format"),
        (["audit", "quickstrat"], "did you mean 'quickstart'"),
        (["audit", "quickstart", "--set", "nonsense"], "expected key=value"),
        (["audit"], "no recipe"),
        (["evaluate", "bundled:model", "bundled:corpus", "--device", "tpu"], "device"),
    ],
)
def test_usage_errors(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, exit code 2, nothing on stdout, no file left."""
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert list(tmp_path.iterdir()) == []


def test_a_bug_is_one_line_and_exit_code_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen error names its place; the trace comes with --debug."""

    def explode(*_: object) -> None:
        raise ZeroDivisionError("a bug\nwith lines")

    monkeypatch.setattr("asrcompress.core.findings.read_results", explode)
    assert run(["report", "x"]) == 3
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "internal error: ZeroDivisionError: a bug with lines" in captured.err
    assert run(["report", "x", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_the_program_itself(tmp_path: Path) -> None:
    """From a process of its own: version, an error and its exit code."""
    assert _program("--version").stdout.startswith("asrcompress ")
    failed = _program("evaluate", "./no-such-model", "bundled:corpus", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1
    assert "no such model" in failed.stderr


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_interrupt_that_a_library_turned_into_an_error_is_one(
    wrapped: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What comes up while Ctrl-C is on its way out is no internal error."""

    def interrupted(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            if wrapped:
                raise RuntimeError("a callback failed") from error
            raise OutputError("cannot remove what was begun") from None

    monkeypatch.setattr("asrcompress.core.findings.read_results", interrupted)
    assert run(["report", "x"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"
