"""Calibration audio: a sample and its noisy versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from asrcompress.audit.calibration import (
    CalibrationSource,
    calibration_audio,
    make_calibration,
    plan_calibration,
)
from asrcompress.core.errors import InputError
from tests.corpora import tiny_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six recordings of half a second without transcripts, of three speakers."""
    folder = tiny_corpus(tmp_path_factory.mktemp("calibration") / "unlabelled")
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for row in rows:
        del row["text"]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_the_clean_sample_and_its_noisy_versions(corpus: Path, tmp_path: Path) -> None:
    """The same utterances in each; the noise is at the level asked for, in the audio itself."""
    source = CalibrationSource(corpus, snr_db=(5.0, 20.0), duration_s=2.0)
    clean, *noisy = calibration_audio(source, tmp_path, workers=1)
    assert [audio.condition for audio in (clean, *noisy)] == ["clean", "noise-5dB", "noise-20dB"]
    assert {audio.name for audio in (clean, *noisy)} == {"unlabelled"}
    assert sum(utterance.duration_s for utterance in clean.utterances) <= 2.0
    for audio, snr_db in zip(noisy, (5, 20), strict=True):
        assert [u.id for u in audio.utterances] == [u.id for u in clean.utterances]
        for before, after in zip(clean.utterances, audio.utterances, strict=True):
            speech = after.fields["scale"] * before.audio().astype(float)
            noise = after.audio() - speech
            achieved_db = 10 * np.log10(np.mean(speech**2) / np.mean(noise**2))
            assert achieved_db == pytest.approx(snr_db, abs=0.05)


def test_planning_writes_nothing_and_making_only_what_is_missing(
    corpus: Path, tmp_path: Path
) -> None:
    """A dry run knows the key; a second run takes the audio from the folder."""
    folder = tmp_path / "cache"
    planned = plan_calibration(CalibrationSource(corpus, snr_db=(5.0,)))
    assert not folder.exists()
    first = make_calibration(planned, folder, workers=1)
    written = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert written
    assert make_calibration(planned, folder, workers=1) == first
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == written


def test_the_key_is_of_what_is_heard(corpus: Path, tmp_path: Path) -> None:
    """Other audio, levels, lengths and seeds are other keys; another place of the same is not."""
    shutil.copytree(corpus, tmp_path / "unlabelled")
    sources = {
        "same": CalibrationSource(corpus, (5.0,)),
        "elsewhere": CalibrationSource(tmp_path / "unlabelled", (5.0,)),
        "level": CalibrationSource(corpus, (10.0,)),
        "clean": CalibrationSource(corpus),
        "short": CalibrationSource(corpus, (5.0,), duration_s=1.0),
        "seed": CalibrationSource(corpus, (5.0,), seed=1),
        "other": CalibrationSource(tiny_corpus(tmp_path / "other", seed=1), (5.0,)),
    }
    keys = {name: plan_calibration(source).key for name, source in sources.items()}
    assert keys["same"] == keys["elsewhere"]
    assert len(set(keys.values())) == len(keys) - 1


def test_a_level_twice_and_noises_without_one(corpus: Path, tmp_path: Path) -> None:
    """Both are said before anything is made."""
    with pytest.raises(InputError, match="twice; got noise-5dB"):
        plan_calibration(CalibrationSource(corpus, (5.0, 5.0)))
    with pytest.raises(InputError, match="without an SNR"):
        plan_calibration(CalibrationSource(corpus, noise=tmp_path))
