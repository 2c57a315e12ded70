"""Opening a model: which runtime takes it, and what is said when none does."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers

from asrcompress.core.errors import ModelError
from asrcompress.evaluate import open_recogniser
from tests.checkpoints import tiny_checkpoint, tiny_encoder_decoder


def test_encoder_decoder_that_is_not_for_speech(tmp_path: Path) -> None:
    """An error that names the type and those that work, before anything is loaded."""
    folder = tiny_checkpoint(tmp_path / "m")
    config = transformers.AutoConfig.for_model("bart")
    (folder / "config.json").write_text(config.to_json_string())
    with pytest.raises(ModelError, match=r"not a model that transcribes: .*bart.*whisper"):
        open_recogniser(folder)


@pytest.mark.parametrize(
    ("architecture", "runtime"),
    [("wav2vec2", "torch_ctc"), ("whisper", "torch_seq2seq"), ("moonshine", "torch_seq2seq")],
)
def test_runtime_by_the_kind_of_model(tmp_path: Path, architecture: str, runtime: str) -> None:
    """Each checkpoint goes to the one runtime that takes it."""
    made = tiny_checkpoint if runtime == "torch_ctc" else tiny_encoder_decoder
    assert open_recogniser(made(tmp_path / "m", architecture)).runtime == runtime


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        open_recogniser(tmp_path / "nowhere")
