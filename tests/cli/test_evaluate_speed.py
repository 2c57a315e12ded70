"""evaluate --speed from the command line: what is printed and written, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from asrcompress.core.speed import SpeedTable, read_speed
from tests.checkpoints import tiny_checkpoint
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model and a corpus."""
    folder = tmp_path_factory.mktemp("speed")
    tiny_checkpoint(folder / "model", "wav2vec2-layer-norm")
    tiny_corpus(folder / "corpus", speakers=2, each=1)
    return folder


def test_speed_is_printed_written_and_reported(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same table on the terminal, in speed.json and from report."""
    output = place / "out"
    arguments = ["evaluate", str(place / "model"), str(place / "corpus"), "--threads", "1"]
    arguments += ["--device", "cpu", "--replicates", "100", "--batch-size", "1", "-q"]
    arguments += ["--speed", "--speed-lengths", "0.5", "--energy", "-o", str(output)]
    assert run(arguments) == 0
    printed = capsys.readouterr().out
    assert "Speed on this machine" in printed
    assert "ms for 0.5 s" in printed
    table = read_speed(output)
    assert table is not None
    assert list(table.speeds) == ["model"]
    assert table.rounds == 5
    energy = table.speeds["model"].energy
    assert (energy is None) == (table.energy_note is not None)
    assert run(["report", str(output)]) == 0
    assert "ms for 0.5 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--energy"], "--energy without --speed; add --speed"),
        (["--beside", "x"], "--beside without --speed; add --speed"),
        (["--speed-lengths", "3"], "--speed-lengths without --speed; add --speed"),
        (["--speed", "--speed-lengths", "3,x"], "bad --speed-lengths; got 'x'"),
        (["--speed", "--speed-lengths", ""], "no lengths to time"),
        (["--speed", "--speed-lengths", "0"], "bad length of recordings to time; got 0 s"),
        (["--speed", "--beside", "./gone"], "no such model: ./gone"),
    ],
)
def test_what_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    """In one line and before any work."""
    arguments = ["evaluate", str(place / "model"), str(place / "corpus"), "--device", "cpu"]
    assert run([*arguments, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert told in line


def test_schema_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "speed"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["properties"].keys() == SpeedTable.model_fields.keys()
