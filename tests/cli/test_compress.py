"""asrcompress compress, from the command line to the folder it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.checkpoints import tiny_checkpoint

HUB_ID = "facebook/wav2vec2-large-robust-ft-libri-960h"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint."""
    return tiny_checkpoint(tmp_path_factory.mktemp("cli") / "tiny", "wav2vec2-layer-norm")


def _cached_hub(home: Path) -> None:
    """A hub cache that holds a tiny model under the name of the large one."""
    repository = home / "hub" / f"models--{HUB_ID.replace('/', '--')}"
    tiny_checkpoint(repository / "snapshots" / COMMIT, "wav2vec2-layer-norm")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")


def test_the_first_example_is_exactly_right(tmp_path: Path) -> None:
    """A hub id and --bits 8, no output named: the folder, the ledger, and nothing else."""
    _cached_hub(tmp_path / "home")
    here = tmp_path / "here"
    here.mkdir()
    code = "from asrcompress.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "compress", HUB_ID, "--bits", "8"],
        capture_output=True,
        text=True,
        cwd=here,
        env={**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = here / "wav2vec2-large-robust-ft-libri-960h-int8"
    assert list(here.iterdir()) == [folder]
    assert done.stderr.splitlines() == [f"wrote {folder.name}"]
    assert "qint8" in done.stdout
    assert "left alone" in done.stdout
    manifest = json.loads((folder / "asrcompress.json").read_text())
    assert manifest["source"]["model"] == HUB_ID
    assert manifest["source"]["revision"] == COMMIT
    assert manifest["steps"] == [{"method": "quantize", "params": {"bits": 8, "rounding": "max"}}]


def test_pruned_then_quantised_as_json(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json prints the manifest; the steps come in their order, whatever that of the options."""
    output = tmp_path / "out"
    arguments = ["compress", str(model), "--bits", "8", "--prune", "0.3", "-o", str(output)]
    assert run([*arguments, "--json", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    printed = json.loads(captured.out)
    assert [step["method"] for step in printed["steps"]] == ["prune", "quantize"]
    assert printed["folder"] == str(output)
    rows = printed["ledger"]["rows"]
    zeros = sum(row["sparsity"] * row["bytes_before"] for row in rows)
    assert zeros / sum(row["bytes_before"] for row in rows) > 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to do"),
        (["--bits", "5"], "expected 8, 4, 2 or 16"),
        (["--prune", "1.5"], "less than 1"),
        (["--prune", "0.5", "--scope", "locl"], "one of global, local"),
        (["--scope", "local"], "needs 'prune'"),
        (["--bits", "8", "--include", "decoder.*"], "decoder.*"),
    ],
)
def test_mistakes_leave_nothing(
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    """One line, exit code 2, no folder."""
    output = tmp_path / "out"
    assert run(["compress", str(model), "-o", str(output), *options]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert list(tmp_path.iterdir()) == []


def test_output_that_exists_is_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused without --overwrite; with it, only a folder that asrcompress made is replaced."""
    output = tmp_path / "out"
    arguments = ["compress", str(model), "--bits", "8", "-o", str(output), "--quiet"]
    assert run(arguments) == 0
    before = (output / "asrcompress.json").read_bytes()
    assert run(arguments) == 2
    assert "output exists" in capsys.readouterr().err
    assert run([*arguments, "--overwrite"]) == 0
    assert (output / "asrcompress.json").read_bytes() == before
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("precious", encoding="utf-8")
    assert run([*arguments[:-2], str(foreign), "--overwrite"]) == 2
    assert [path.name for path in foreign.iterdir()] == ["thesis.tex"]
