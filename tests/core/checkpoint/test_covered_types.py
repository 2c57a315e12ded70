"""Every type of model that transformers has a CTC class for is built, loaded and heard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_CTC_MAPPING_NAMES

from asrcompress.cli.boundary import run
from asrcompress.core.checkpoint import load
from asrcompress.core.checkpoint.architecture import ENCODER_DECODER_TYPES
from asrcompress.core.errors import ModelError
from tests.checkpoints import ARCHITECTURES, ENCODER_DECODERS, config_of_tiny, tiny_checkpoint
from tests.corpora import tiny_corpus
from tests.spectrogram_checkpoints import NEEDS_TORCHAUDIO, has_torchaudio

_GRANITE = "granite_speech5_ctc"
_NOT_HERE = pytest.mark.skipif(not has_torchaudio(), reason="torchaudio is not installed")


def test_builders_cover_the_mapping() -> None:
    """A type that a later transformers adds has no tiny checkpoint yet: this says so by name."""
    built = {config_of_tiny(name).model_type for name in (*ARCHITECTURES, *NEEDS_TORCHAUDIO)}
    named = set(MODEL_FOR_CTC_MAPPING_NAMES)
    version = transformers.__version__
    assert not named - built, f"transformers {version} has CTC types without a tiny checkpoint"
    assert not built - named, f"transformers {version} has no CTC class for these any more"
    assert set(ENCODER_DECODERS) == set(ENCODER_DECODER_TYPES) == {"whisper", "moonshine"}


@pytest.mark.skipif(has_torchaudio(), reason="torchaudio is installed")
@pytest.mark.parametrize("command", ["compress", "evaluate"])
def test_missing_torchaudio_is_named_before_any_work(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one type whose features need a package of its own: one line, exit code 2, no output."""
    model = tiny_checkpoint(tmp_path / "model", _GRANITE)
    target = tmp_path / "made"
    if command == "compress":
        arguments = ["compress", str(model), "--bits", "8", "-o", str(target)]
    else:
        corpus = tiny_corpus(tmp_path / "corpus", speakers=1)
        arguments = ["evaluate", str(model), str(corpus), "--no-cost", "-o", str(target)]
    assert run([*arguments, "-q"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "needs a package that cannot be used here" in line
    assert "requires the torchaudio library" in line
    assert "install it in the build that fits the installed PyTorch" in line
    assert not list(tmp_path.glob("*made*"))
    with pytest.raises(ModelError, match="torchaudio"):
        load(model)


@_NOT_HERE
def test_granite_with_torchaudio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the package is there, the whole way works: some text for every recording."""
    model = tiny_checkpoint(tmp_path / "model", _GRANITE)
    corpus = tiny_corpus(tmp_path / "corpus", speakers=1)
    assert run(["evaluate", str(model), str(corpus), "--no-cost", "-q", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert '"utterances": 2' in captured.out


@pytest.mark.parametrize("architecture", ["parakeet_ctc", "lasr_ctc"])
def test_spectrogram_models_are_heard(
    architecture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`evaluate` gives a transcript for every recording: no special tokens, no stderr."""
    model = tiny_checkpoint(tmp_path / "model", architecture)
    corpus = tiny_corpus(tmp_path / "corpus", speakers=2)
    target = tmp_path / "scored"
    command = ["evaluate", str(model), str(corpus), "--no-cost", "-o", str(target), "-q"]
    assert run(command) == 0
    assert capsys.readouterr().err == ""
    lines = (target / "utterances.jsonl").read_text().splitlines()
    texts = [json.loads(line)["pred_text"] for line in lines]
    assert len(texts) == 4
    assert any(text.strip() for text in texts)
    assert not set("".join(texts)) - set("ETAONIHSRDLUMWCFGYPBVK'XJQZ ")  # letters and spaces
