"""Libraries in folders: types, classes, fair and repeatable draws, and clear refusals."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.corrupt.folders import NoiseFolder, open_noise_folder, open_room_folder
from asrcompress.corrupt.sources import Clip
from tests.corrupt.corpora import RATE_HZ, decay, utterance, write_noises, write_rooms


def _draw(folder: NoiseFolder, kind: str | None, frames: int, seed: int = 0) -> Clip:
    return folder.draw(kind, utterance(), frames, np.random.default_rng(seed))


def test_the_folder_names_the_type(tmp_path: Path) -> None:
    folder = open_noise_folder(write_noises(tmp_path / "n", vehicle=0.2, music=0.2))
    assert folder.kinds == ("music", "vehicle")
    assert _draw(folder, "music", 100).id == "music/0.wav"


def test_a_manifest_names_the_type_of_files_without_a_folder(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, np.ones(100), RATE_HZ)
    (tmp_path / "manifest.tsv").write_text("file\ttype\na.wav\tdomestic\n")
    assert open_noise_folder(tmp_path).kinds == ("domestic", "untyped")


def test_a_type_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    folder = open_noise_folder(write_noises(tmp_path / "n", vehicle=0.2, music=0.2))
    with pytest.raises(InputError, match=r"'musik'.*music, vehicle \(did you mean 'music'\?\)"):
        folder.check("musik")


def test_a_long_noise_is_cut_where_the_offset_says(tmp_path: Path) -> None:
    root = write_noises(tmp_path / "n", vehicle=3.0)
    clip = _draw(open_noise_folder(root), None, frames=4000)
    whole, _ = soundfile.read(root / "vehicle" / "0.wav", dtype="float32")
    start = round(clip.offset_s * RATE_HZ)
    assert 0 < start < len(whole) - 4000
    np.testing.assert_array_equal(clip.samples[:4000], whole[start : start + 4000])


def test_offsets_cover_a_long_noise_evenly(tmp_path: Path) -> None:
    folder = open_noise_folder(write_noises(tmp_path / "n", vehicle=2.0))
    offsets_s = [_draw(folder, None, 1600, seed).offset_s for seed in range(60)]
    assert 0.8 < float(np.mean(offsets_s)) < 1.1
    assert max(offsets_s) <= 1.9


def test_a_short_noise_comes_whole(tmp_path: Path) -> None:
    clip = _draw(open_noise_folder(write_noises(tmp_path / "n", misc=0.1)), "misc", 16_000)
    assert (len(clip.samples), clip.offset_s) == (1600, 0.0)


def test_files_of_a_type_are_equally_likely(tmp_path: Path) -> None:
    (tmp_path / "misc").mkdir()
    for number in range(4):
        samples = np.full(1600, 0.1 * (number + 1))
        soundfile.write(tmp_path / "misc" / f"{number}.wav", samples, RATE_HZ)
    folder = open_noise_folder(tmp_path)
    drawn = Counter(_draw(folder, None, 100, seed).id for seed in range(200))
    assert len(drawn) == 4
    assert min(drawn.values()) > 30


def test_a_silent_noise_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "misc").mkdir()
    soundfile.write(tmp_path / "misc" / "quiet.wav", np.zeros(RATE_HZ), RATE_HZ)
    for frames in (800, 32_000):
        with pytest.raises(InputError, match=r"silent file: .*quiet\.wav"):
            _draw(open_noise_folder(tmp_path), None, frames)


def test_a_crop_that_would_be_silent_is_moved_to_the_sound(tmp_path: Path) -> None:
    """A bark of 50 ms in 4 s of digital silence is heard in every draw."""
    (tmp_path / "misc").mkdir()
    samples = np.zeros(4 * RATE_HZ)
    samples[40_000:40_800] = 0.5
    soundfile.write(tmp_path / "misc" / "bark.wav", samples, RATE_HZ)
    for seed in range(5):
        clip = _draw(open_noise_folder(tmp_path), None, 1600, seed)
        assert np.abs(clip.samples[:1600]).max() == pytest.approx(0.5, abs=1e-3)


def test_stereo_at_another_rate_is_averaged_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "misc").mkdir()
    tone = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    stereo = np.stack([0.8 * tone, 0.2 * tone], axis=1)
    soundfile.write(tmp_path / "misc" / "s.wav", stereo, 44_100, subtype="FLOAT")
    with caplog.at_level(logging.WARNING):
        clip = _draw(open_noise_folder(tmp_path), None, 32_000)
    assert "2 channels averaged" in caplog.text
    assert len(clip.samples) == RATE_HZ
    assert np.abs(clip.samples[4000:12_000]).max() == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("opener", [open_noise_folder, open_room_folder])
def test_a_folder_that_is_missing_or_empty_is_refused(tmp_path: Path, opener: object) -> None:
    assert callable(opener)
    with pytest.raises(InputError, match="no such"):
        opener(tmp_path / "absent")
    with pytest.raises(InputError, match="in the folder"):
        opener(tmp_path)


def test_a_manifest_that_names_a_missing_file_is_refused(tmp_path: Path) -> None:
    root = write_noises(tmp_path / "n", misc=0.1)
    (root / "manifest.csv").write_text("file,type\nmisc/9.wav,misc\n")
    with pytest.raises(InputError, match=r"no such audio file: .*manifest\.csv:2.*misc/9\.wav"):
        open_noise_folder(root)


@pytest.mark.parametrize(("text", "words"), [("name\nx\n", "no column"), ("file,a\nx\n", "fit")])
def test_a_manifest_of_another_form_is_refused(tmp_path: Path, text: str, words: str) -> None:
    root = write_noises(tmp_path / "n", misc=0.1)
    (root / "manifest.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        open_noise_folder(root)


def test_rooms_by_class(tmp_path: Path) -> None:
    folder = open_room_folder(write_rooms(tmp_path / "r"))
    response = folder.draw("medium", np.random.default_rng(0))
    assert (response.id, response.room) == ("medium/0.wav", "medium")
    assert response.rt60_s == pytest.approx(0.5, rel=0.15)
    with pytest.raises(InputError, match=r"no such room.*'large'.*medium, small"):
        folder.check("large")


def test_a_silent_response_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    soundfile.write(tmp_path / "small" / "dead.wav", np.zeros(800), RATE_HZ)
    with pytest.raises(InputError, match=r"silent file: .*dead\.wav"):
        open_room_folder(tmp_path).draw(None, np.random.default_rng(0))


def _openslr(root: Path, line: str) -> Path:
    for name in ("Room001-00001.wav", "isotropic_noise.wav"):
        path = root / "simulated_rirs" / "smallroom" / "Room001" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, decay(0.3), RATE_HZ, subtype="FLOAT")
    (root / "simulated_rirs" / "smallroom" / "rir_list").write_text(line + "\n")
    return root


def test_a_rir_list_says_which_files_are_responses(tmp_path: Path) -> None:
    name = "simulated_rirs/smallroom/Room001/Room001-00001.wav"
    line = f"--rir-id small-1 --room-id 'Room 001' RIRS_NOISES/{name}"
    folder = open_room_folder(_openslr(tmp_path, line))
    assert [(file.id, file.kind) for file in folder.files] == [(name, "small")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--rir-id 1 sph2pipe -f wav a.sph |", "a pipe is not run"),
        ("--rir-id 1 'sph2pipe a.sph |'", "a pipe is not run"),
        ("--rir-id 1 'open", "not a rir_list line"),
        ("--rir-id 1 nowhere.wav", "no such audio file"),
        ("--rir-id 1 ../../../../etc/passwd", "no such audio file"),
    ],
)
def test_a_rir_list_with_a_pipe_or_a_mistake_is_refused(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        open_room_folder(_openslr(tmp_path, line))


def test_the_fingerprint_is_of_bytes_and_of_the_type_asked_for(tmp_path: Path) -> None:
    root = write_noises(tmp_path / "n", vehicle=0.1, music=0.1)
    before = {kind: open_noise_folder(root).fingerprint(kind) for kind in ("music", "vehicle")}
    soundfile.write(root / "music" / "0.wav", np.full(2000, 0.5), RATE_HZ)
    after = {kind: open_noise_folder(root).fingerprint(kind) for kind in ("music", "vehicle")}
    assert before["vehicle"] == after["vehicle"]
    assert before["music"] != after["music"]
