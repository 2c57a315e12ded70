"""Opening a model: which runtime takes it, and what is said when none does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asrcompress.core.errors import ModelError
from asrcompress.evaluate import open_recogniser
from tests.checkpoints import tiny_checkpoint


def test_encoder_decoder_is_refused(tmp_path: Path) -> None:
    """No runtime for it yet: an error that names the type, before anything is loaded."""
    folder = tiny_checkpoint(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text())
    config |= {"is_encoder_decoder": True, "model_type": "whisper"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"no runtime for this model: .*got model type whisper"):
        open_recogniser(folder)


def test_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        open_recogniser(tmp_path / "nowhere")
