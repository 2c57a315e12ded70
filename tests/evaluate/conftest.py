"""Tiny checkpoints written once for all tests of this room, and one thread for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.checkpoints import ENCODER_DECODERS, tiny_checkpoint, tiny_encoder_decoder
from tests.evaluate.layer_norm import layer_norm_checkpoint


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny models lose more to the threads' waiting for each other than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny checkpoint by architecture; `+` before it for its layer-norm form."""
    root = tmp_path_factory.mktemp("tiny")

    def folder(architecture: str = "wav2vec2") -> Path:
        place = root / architecture
        if not place.is_dir():
            if architecture in ENCODER_DECODERS:
                tiny_encoder_decoder(place, architecture)
            elif architecture.startswith("+"):
                layer_norm_checkpoint(place, architecture[1:])
            else:
                tiny_checkpoint(place, architecture)
        return place

    return folder
