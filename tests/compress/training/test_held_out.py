"""Utterances that are never trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from asrcompress.compress.training.audio import TrainingAudio
from asrcompress.compress.training.held_out import HeldOut, split
from asrcompress.core.checkpoint import load
from asrcompress.core.utterance import Utterance
from tests.checkpoints import tiny_checkpoint, tiny_module
from tests.compress.training.recordings import noise_corpus


def _imagined(durations_s: list[float]) -> TrainingAudio:
    found = tuple(
        Utterance(f"u{number}", Path(f"{number}.wav"), duration_s)
        for number, duration_s in enumerate(durations_s)
    )
    return TrainingAudio("imagined", found, "0", None, "none")


@pytest.mark.parametrize(
    ("utterances", "expected"), [(1, 0), (19, 0), (20, 1), (45, 2), (480, 24), (5000, 24)]
)
def test_how_many(utterances: int, expected: int) -> None:
    """One in twenty, at most 24; what is left is learned from, and together it is all."""
    audio = _imagined([2.0] * utterances)
    learned, held = split(audio, 0)
    assert len(held.utterances) == expected
    ids = {u.id for u in learned.utterances}, {u.id for u in held.utterances}
    assert not ids[0] & ids[1]
    assert len(ids[0] | ids[1]) == utterances


def test_at_most_90_seconds() -> None:
    """Nine of 10 s, where 24 would have been drawn."""
    _, held = split(_imagined([10.0] * 480), 0)
    assert len(held.utterances) == 9


def test_drawn_by_seed_and_id() -> None:
    """The order of the corpus changes nothing; another seed draws others."""
    audio = _imagined([2.0] * 480)
    turned = replace(audio, utterances=audio.utterances[::-1])
    drawn = [{u.id for u in split(one, 0)[1].utterances} for one in (audio, turned)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != {u.id for u in split(audio, 1)[1].utterances}


def test_neither_too_short_nor_too_long() -> None:
    """None under 0.5 s is drawn, and of a longer one only the first 30 s are listened to."""
    _, held = split(_imagined([0.1] * 400 + [100.0] * 80), 0)
    assert len(held.utterances) == 3
    assert {(u.duration_s, u.offset_s, u.is_segment) for u in held.utterances} == {
        (30.0, 0.0, True)
    }


def test_divergence(tmp_path: Path) -> None:
    """None without utterances, 0 of the model itself, and what the model was doing goes on."""
    loaded = load(tiny_checkpoint(tmp_path / "tiny"))
    learned, held = split(noise_corpus(tmp_path / "noise", [0.5] * 20), 0)
    assert len(learned.utterances) == 19
    found = HeldOut(loaded, held)
    other = tiny_module(seed=1).train()
    assert found.divergence(loaded.model) == pytest.approx(0.0, abs=1e-9)
    assert found.divergence(other) > 0.01  # type: ignore[operator]
    assert other.training
    assert not loaded.model.training
    nothing = HeldOut(loaded, replace(held, utterances=()))
    assert nothing.divergence(torch.nn.Linear(1, 1)) is None
