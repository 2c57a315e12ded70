"""Every architecture goes the whole way: compress, reload, evaluate against its original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.cli.boundary import run
from tests.checkpoints import ARCHITECTURES, tiny_checkpoint
from tests.corpora import tiny_corpus

COMPRESSIONS = {
    "int8": ["--bits", "8"],
    "int4": ["--bits", "4"],
    "prune30-global-int2": ["--prune", "0.3", "--bits", "2"],
    "prune40-local": ["--prune", "0.4", "--scope", "local"],
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny corpus with recordings of two lengths."""
    return tiny_corpus(tmp_path_factory.mktemp("architectures") / "corpus", speakers=2)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_compress_reload_evaluate(
    architecture: str, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four compressions are written, proved, reloaded and scored, with nothing on stderr."""
    model = tiny_checkpoint(tmp_path / "model", architecture)
    for name, options in COMPRESSIONS.items():
        artefact = tmp_path / name
        assert run(["compress", str(model), *options, "-o", str(artefact), "-q", "--json"]) == 0
        manifest = json.loads(capsys.readouterr().out)
        assert manifest["label"] == name
        compared = ["evaluate", str(artefact), str(corpus), "--baseline", str(model)]
        assert run([*compared, "--no-cost", "-q", "--json", "--device", "cpu"]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        results = json.loads(captured.out)
        assert [cell["utterances"] for cell in results["cells"]] == [4, 4]
        assert results["artefacts"][1]["compression"] == name
        assert results["artefacts"][1]["sizes"]["memory_bytes"] == manifest["sizes"]["memory_bytes"]
