"""An audit of which a part cannot be done: the rest is shown, and the exit code says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.audit.work import Worker
from asrcompress.cli.boundary import run as run_program
from asrcompress.core.errors import InputError
from tests.audit.tiny_audits import tiny_recipe

HERE = ("--jobs", "0", "--threads", "1", "--workers", "1", "--device", "cpu")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_recipe(tmp_path_factory.mktemp("failures"))


def _break(monkeypatch: pytest.MonkeyPatch, error: Exception, *words: str) -> None:
    """Let the tasks of these words fail."""
    perform = Worker.perform

    def broken(self: Worker, task: object, *arguments: object, **options: object) -> None:
        if task.words in words:  # type: ignore[attr-defined]
            raise error
        perform(self, task, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "perform", broken)


def test_what_is_missing_is_said_and_the_rest_is_shown_in_every_mode(
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 3 with a table, with --json and with -q; one line names the failure and its cost.

    The next run knows of it, and still ends in 3.
    """
    _break(monkeypatch, InputError("cannot be corrupted"), "corpus noise-10dB")
    arguments = ["audit", str(recipe), "-o", str(tmp_path / "out"), *HERE]
    assert run_program(arguments) == 3
    found = capsys.readouterr()
    line = (
        "error: corpus noise-10dB: cannot be corrupted; not done without it: fp32 under "
        "noise-10dB, int8 under noise-10dB, prune50 under noise-10dB"
    )
    assert line in found.err.splitlines()
    assert "clean" in found.out
    assert " ".join(found.out.split()).count("Incomplete: 3 of 6 cells were not run") == 1
    assert run_program([*arguments, "--json", "-q"]) == 3
    found = capsys.readouterr()
    cells = json.loads(found.out)["cells"]
    assert [(cell["artefact"], cell["condition"]) for cell in cells] == [
        (name, "clean") for name in ("fp32", "int8", "prune50")
    ]
    (told,) = found.err.splitlines()
    assert "as in an earlier run; --rerun failed tries again" in told


def test_a_compressed_model_without_its_baseline_has_no_comparison(
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its own figures are there; nothing is said of a difference that nobody measured."""
    _break(monkeypatch, MemoryError(), "fp32 under clean", "fp32 under noise-10dB")
    arguments = ["audit", str(recipe), "-o", str(tmp_path / "out"), *HERE, "--json"]
    assert run_program(arguments) == 3
    found = capsys.readouterr()
    cells = json.loads(found.out)["cells"]
    assert len(cells) == 4
    assert all(cell["comparison"] is None for cell in cells)
    assert found.err.count("error: fp32 under") == 2
    assert "out of memory" in found.err
    assert (tmp_path / "out" / "report.html").is_file()


def test_nothing_at_all_is_an_error_with_its_cause(
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No results are written, and the first cause is in the line; --debug shows a bug's trace."""
    words = [f"{one} under {name}" for one in ("fp32", "int8", "prune50") for name in ("clean",)]
    only_clean = tmp_path / "clean.yaml"
    only_clean.write_text(recipe.read_text().replace("  noise: {snr_db: [10]}", "  clean: true"))
    _break(monkeypatch, KeyError("x"), *words)
    assert run_program(["audit", str(only_clean), "-o", str(tmp_path / "out"), *HERE]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: no cell could be run; got fp32 under clean: internal error")
    assert not (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rerun", "some"], "bad --rerun; got 'some'; expected failed or all"),
        (["--engine", "loacl"], "did you mean 'local'?"),
        (["--address", "auto"], "add --engine ray"),
    ],
)
def test_bad_options_are_one_line(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    """Exit code 2, and nothing is written."""
    output = tmp_path / "out"
    assert run_program(["audit", str(recipe), "-o", str(output), *HERE, *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (output / "results.json").exists()
