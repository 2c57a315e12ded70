"""The probe is the same each time, and tells one model from another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.checkpoint import agrees, load, probe
from asrcompress.core.checkpoint.probe import pseudo_speech
from asrcompress.core.manifest import Probe
from tests.checkpoints import ENCODER_DECODERS, tiny_checkpoint, tiny_encoder_decoder


def _probe(**changes: object) -> Probe:
    values = {
        "samples": 16_000,
        "seed": 0,
        "logits_shape": (1, 99, 32),
        "sha256": "a",
        "head": (1.0, -2.0),
    }
    return Probe.model_validate({**values, **changes})


def test_same_model_same_bits(tmp_path: Path) -> None:
    """Two loads of one folder."""
    folder = tiny_checkpoint(tmp_path)
    first, second = probe(load(folder)), probe(load(folder))
    assert first == second
    assert first.samples == 16_000
    assert first.logits_shape == (1, 99, 32)


@pytest.mark.parametrize("architecture", ENCODER_DECODERS)
def test_probe_of_a_decoder(tmp_path: Path, architecture: str) -> None:
    """Its logits after four tokens; another model's differ."""
    first, second = (
        probe(load(tiny_encoder_decoder(tmp_path / str(seed), architecture, seed=seed)))
        for seed in (0, 1)
    )
    assert first.logits_shape == (1, 4, 101)
    assert first == probe(load(tmp_path / "0"))
    assert not agrees(first, second)


def test_other_weights_do_not_agree(tmp_path: Path) -> None:
    """Another seed is another model."""
    a = probe(load(tiny_checkpoint(tmp_path / "a", seed=0)))
    b = probe(load(tiny_checkpoint(tmp_path / "b", seed=1)))
    assert not agrees(a, b)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"sha256": "b", "head": (1.0015, -2.0)}, True),  # within 1e-3 of the largest, 2
        ({"sha256": "b", "head": (1.0025, -2.0)}, False),
        ({"sha256": "b", "head": (1.0,)}, False),
        ({"sha256": "b", "head": (1.0, float("nan"))}, False),
        ({"logits_shape": (1, 98, 32)}, False),
        ({"seed": 1}, False),
    ],
)
def test_agreement(changes: dict[str, object], expected: bool) -> None:
    """The same bits, or the same values but for another machine's rounding."""
    assert agrees(_probe(), _probe(**changes)) is expected


def test_pseudo_speech_rises_and_falls() -> None:
    """Four syllables in a second: silent at 0 s, loudest at 1/8 s."""
    samples = pseudo_speech(16_000)
    assert samples.dtype == np.float32
    rms = [float(np.sqrt(np.mean(samples[at : at + 400] ** 2))) for at in (0, 1800, 3900)]
    assert rms[1] == pytest.approx(0.1, rel=0.1)
    assert max(rms[0], rms[2]) < 0.01
