"""Calibration audio: a sample and its noisy versions, never audio that is scored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.audit import calibration as audit_calibration
from asrcompress.audit.calibration import (
    CalibrationSource,
    calibration_audio,
    make_calibration,
    plan_calibration,
    refuse_same_sound,
    refuse_scored,
)
from asrcompress.core.corpus import read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file
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


def test_audio_of_the_scored_corpus_is_refused(corpus: Path, tmp_path: Path) -> None:
    """By its bytes: another name and another folder hide nothing."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    assert "speaker s0, s1, s2" in str(refuse_scored(corpus, read_corpus(scored)))
    shutil.copyfile(corpus / "s1-0.wav", scored / "s2-1.wav")
    with pytest.raises(InputError, match=r"scored too: .*got s1-0, which .* has as s2-1"):
        refuse_scored(corpus, read_corpus(scored))


def test_the_same_sound_in_another_file_is_refused(corpus: Path, tmp_path: Path) -> None:
    """A FLAC of a sampled WAV; other recordings of the same length are not."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    planned = plan_calibration(CalibrationSource(corpus))
    refuse_same_sound(planned, read_corpus(scored))
    samples, rate_hz = soundfile.read(corpus / "s1-0.wav", dtype="int16")
    soundfile.write(scored / "s2-1.flac", samples, rate_hz)
    manifest = scored / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("s2-1.wav", "s2-1.flac"))
    assert refuse_scored(corpus, read_corpus(scored)) is not None  # by its bytes only the speakers
    with pytest.raises(InputError, match=r"scored too: .*got s1-0, which .* has as s2-1"):
        refuse_same_sound(planned, read_corpus(scored))


def test_speakers_apart_need_no_note(corpus: Path, tmp_path: Path) -> None:
    """Nothing to say where neither audio nor speakers are common."""
    scored = tiny_corpus(tmp_path / "scored", seed=1)
    manifest = scored / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"speaker": "s', '"speaker": "t'))
    assert refuse_scored(corpus, read_corpus(scored)) is None


def test_two_parts_of_one_recording_are_apart(tmp_path: Path) -> None:
    """A meeting's first minute may calibrate for its second; an overlap is refused."""
    samples = np.random.default_rng(0).standard_normal(32_000) * 0.1
    soundfile.write(tmp_path / "meeting.wav", samples, 16_000)
    line = '{"audio_filepath": "../meeting.wav", "text": "a", "offset": %s, "duration": 1.0}\n'
    for name, offset_s in (("one", 0.0), ("two", 1.0), ("three", 0.5)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.jsonl").write_text(line % offset_s)
    assert refuse_scored(tmp_path / "one", read_corpus(tmp_path / "two")) is None
    with pytest.raises(InputError, match="scored too"):
        refuse_scored(tmp_path / "one", read_corpus(tmp_path / "three"))


def test_a_long_recording_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many utterances of it each of the two corpora has."""
    samples = np.random.default_rng(0).standard_normal(32_000) * 0.1
    soundfile.write(tmp_path / "meeting.wav", samples, 16_000)
    line = '{"audio_filepath": "%s", "offset": %s, "duration": 0.1, "id": "%s"}\n'
    for name, first_s in (("one", 0.0), ("two", 1.0)):
        rows = [line % (tmp_path / "meeting.wav", first_s + n / 10, n) for n in range(5)]
        (tmp_path / f"{name}.jsonl").write_text("".join(rows))
    scored = read_corpus(tmp_path / "two.jsonl")
    read: list[Path] = []

    def remembered(path: Path) -> str:
        read.append(path)
        return sha256_of_file(path)

    monkeypatch.setattr(audit_calibration, "sha256_of_file", remembered)
    assert refuse_scored(tmp_path / "one.jsonl", scored) is None
    assert read == [tmp_path / "meeting.wav"]
