"""report --figures as a user runs it: the list printed, the formats, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.evaluate.stored_runs import stored_run


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored_run(tmp_path_factory.mktemp("stored") / "run")


def test_lists_the_files_that_it_wrote(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One path a line on stdout, nothing on stderr; a second time needs --overwrite."""
    folder = tmp_path / "pictures"
    arguments = ["report", str(stored), "--figures", str(folder)]
    assert run([*arguments, "--figure-format", "svg, png"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    listed = [Path(line) for line in captured.out.splitlines()]
    assert listed[:2] == [folder / "heatmap.svg", folder / "heatmap.png"]
    assert sorted([*listed, folder / "figures.json"]) == sorted(folder.iterdir())
    assert run(arguments) == 2
    assert "output exists" in capsys.readouterr().err
    assert run([*arguments, "--overwrite"]) == 0
    assert {path.suffix for path in folder.iterdir()} == {".svg", ".json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--figures", "out", "--format", "html"], "figures alone: out; got --format; leave it"),
        (["--figures", "out", "-o", "page.html"], "got -o"),
        (["--figures", "out", "--groups", "--no-text"], "got --groups, --no-text"),
        (["--figures", "out", "--figure-format", "svgg"], "did you mean 'svg'?"),
        (["--figure-format", "png"], "no --figures FOLDER"),
    ],
)
def test_refuses_what_means_nothing(
    stored: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """One line, exit 2, and nothing written."""
    monkeypatch.chdir(tmp_path)
    assert run(["report", str(stored), *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_results_own_folder_is_not_replaced(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(stored.rglob("*"))
    assert run(["report", str(stored), "--figures", str(stored), "--overwrite"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(stored.rglob("*")) == before
