"""What the README tells people to type works as written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from asrcompress.audit.gates.text import checked_gates
from asrcompress.audit.recipe_text import check_recipe
from asrcompress.audit.strict_yaml import parse
from asrcompress.cli.boundary import run

README = Path(__file__).resolve().parent.parent / "README.md"
TESTED_ELSEWHERE = {
    "asrcompress compress facebook/wav2vec2-large-robust-ft-libri-960h --bits 8": "needs the hub: "
    "tests/cli/test_compress.py runs it on a hub cache",
    "asrcompress audit real-words --set data=PATH --dry-run": "PATH is the reader's",
    "asrcompress audit my-recipe.yaml -o results": "the reader's; its text is checked below",
}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def _commands() -> list[str]:
    lines = [line for block in _blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("asrcompress ")]


def test_every_command_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, in one folder, as a reader types them."""
    monkeypatch.chdir(tmp_path)
    ran = 0
    for command in _commands():
        if command not in TESTED_ELSEWHERE:
            assert run(shlex.split(command)[1:]) == 0, capsys.readouterr().err
            ran += 1
    assert ran >= 5


def test_exceptions_are_in_the_readme() -> None:
    """No command is excused that is not there any more."""
    assert set(TESTED_ELSEWHERE) <= set(_commands())


def test_the_recipe_is_sound() -> None:
    """The recipe that the README shows has no mistake."""
    (text,) = (block for block in _blocks("yaml") if block.startswith("title:"))
    recipe, mistakes = check_recipe(text, {})
    assert recipe is not None, mistakes


def test_the_gates_are_sound() -> None:
    """The gate file that the README shows has no mistake."""
    (text,) = (block for block in _blocks("yaml") if block.startswith("# gates.yaml"))
    document = parse(text)
    gates = checked_gates(document, ())
    assert gates is not None, document.mistakes
    assert len(gates.rules) == text.count("metric:")


def test_the_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python example runs and prints a rate and a verdict."""
    monkeypatch.chdir(tmp_path)
    (text,) = _blocks("python")
    exec(compile(text, "README.md", "exec"), {})
    rate, verdict = capsys.readouterr().out.split()
    assert 0 <= float(rate) < 1
    assert verdict.startswith("Verdict.")
