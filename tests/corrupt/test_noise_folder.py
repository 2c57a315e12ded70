"""Noise folders: types in their order, fair and repeatable draws, and clear refusals."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.corrupt import noise_folder
from asrcompress.corrupt.noise_folder import NoiseFolder, open_noise_folder
from asrcompress.corrupt.noise_groups import TABLE_VERSION
from asrcompress.corrupt.sources import Clip
from tests.corrupt.corpora import RATE_HZ, utterance, write_noises


def _draw(folder: NoiseFolder, kind: str | None, frames: int, seed: int = 0) -> Clip:
    return folder.draw(kind, utterance(), frames, np.random.default_rng(seed))


def _write(root: Path, *names: str) -> Path:
    """100 ms of a constant in every file named."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / name, np.full(1600, 0.1), RATE_HZ)
    return root


def _types(root: Path) -> dict[str, str]:
    return {file.id: file.kind for file in open_noise_folder(root).files}


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


def test_the_fingerprint_is_of_bytes_and_of_the_type_asked_for(tmp_path: Path) -> None:
    root = write_noises(tmp_path / "n", vehicle=0.1, music=0.1)
    before = {kind: open_noise_folder(root).fingerprint(kind) for kind in ("music", "vehicle")}
    soundfile.write(root / "music" / "0.wav", np.full(2000, 0.5), RATE_HZ)
    after = {kind: open_noise_folder(root).fingerprint(kind) for kind in ("music", "vehicle")}
    assert before["vehicle"] == after["vehicle"]
    assert before["music"] != after["music"]


def test_the_types_order_is_folder_then_manifest_then_dns_name(tmp_path: Path) -> None:
    names = ("wind/door_Freesound_1_0.wav", "door_Freesound_2_0.wav", "door_Freesound_3_0.wav")
    _write(tmp_path, *names)
    rows = f"{names[0]}\tmusic\n{names[1]}\tmusic\n"
    (tmp_path / "manifest.tsv").write_text("file\ttype\n" + rows)
    assert list(_types(tmp_path).values()) == ["music", "domestic", "wind"]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("type", "vehicle", "vehicle"),
        ("category", "Human Voice", "human_voice"),
        ("class", "sirens", "sirens"),
        ("label", "vacuum_cleaner", "domestic"),
        ("label", "Motorboat, speedboat", "vehicle"),
        ("label", "kazoo", "kazoo"),
    ],
)
def test_a_manifest_says_the_type_in_any_of_its_columns(
    tmp_path: Path, column: str, value: str, expected: str
) -> None:
    """A label that the table of groups lacks is a type of its own, not miscellaneous."""
    _write(tmp_path, "a.wav")
    (tmp_path / "manifest.tsv").write_text(f"file\t{column}\na.wav\t{value}\n")
    assert _types(tmp_path) == {"a.wav": expected}


def test_a_groups_folder_may_be_written_any_way_and_others_are_types_of_their_own(
    tmp_path: Path,
) -> None:
    _write(tmp_path, "Human Voice/a.wav", "MUSIC/b.wav", "drone/c.wav", "Wind/deep/d.wav")
    assert list(_types(tmp_path).values()) == ["human_voice", "music", "wind", "drone"]


@pytest.mark.parametrize("folder", ["noise_fullband", "datasets_fullband/noise_fullband", "noise"])
def test_dns_folders_are_no_types(tmp_path: Path, folder: str) -> None:
    """DNS4 as published, below any folder of the user's own, and DNS3's layout."""
    _write(
        tmp_path,
        f"DNS/{folder}/door_Freesound_validated_451437_0.wav",
        f"DNS/{folder}/breath_spit_Freesound_validated_422419_0.wav",
        f"DNS/{folder}/munching_Freesound_validated_B32_Chips_ebrahim_10.wav",
        f"DNS/{folder}/babble_188218_26.wav",
        f"DNS/{folder}/wind_97396_2.wav",
        f"DNS/{folder}/train_69005_1.wav",
        f"DNS/{folder}/amMeH4u6AO4.wav",
        f"DNS/{folder}/-0g8EILYVyw.wav",
    )
    types = {Path(name).name.split("_")[0]: kind for name, kind in _types(tmp_path).items()}
    assert types == {
        "door": "domestic",
        "breath": "misc",
        "munching": "misc",
        "babble": "human_voice",
        "wind": "wind",
        "train": "vehicle",
        "amMeH4u6AO4.wav": "untyped",
        "-0g8EILYVyw.wav": "untyped",
    }


def test_types_may_lie_in_a_dns_folder(tmp_path: Path) -> None:
    _write(tmp_path, "noise/vehicle/a.wav")
    assert _types(tmp_path) == {"noise/vehicle/a.wav": "vehicle"}


def test_unknown_dns_labels_are_miscellaneous_and_counted(tmp_path: Path) -> None:
    names = ("kazoo_Freesound_1_0.wav", "kazoo_Freesound_1_1.wav", "fan_Freesound_2_0.wav")
    folder = open_noise_folder(_write(tmp_path, *names))
    assert folder.kinds == ("domestic", "misc")
    assert folder.describe()["noise_groups"] == {
        "version": TABLE_VERSION,
        "unknown_labels_as_misc": {"kazoo": 2},
    }


def test_the_tables_version_is_kept_only_where_it_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = open_noise_folder(_write(tmp_path / "plain", "vehicle/a.wav"))
    by_table = open_noise_folder(_write(tmp_path / "dns", "fan_Freesound_1_0.wav"))
    before = [folder.fingerprint(None) for folder in (plain, by_table)]
    monkeypatch.setattr(noise_folder, "TABLE_VERSION", TABLE_VERSION + 1)
    after = [folder.fingerprint(None) for folder in (plain, by_table)]
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert "noise_groups" not in plain.describe()


def test_a_group_that_only_a_manifest_could_give_says_so(tmp_path: Path) -> None:
    folder = open_noise_folder(_write(tmp_path, "amMeH4u6AO4.wav", "fan_Freesound_1_0.wav"))
    with pytest.raises(
        InputError, match=r"'music'; expected one of domestic, untyped; give the 1 "
    ):
        folder.check("music")


def test_no_noise_in_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such noise folder"):
        open_noise_folder(tmp_path / "absent")
    with pytest.raises(InputError, match="no noise in the folder"):
        open_noise_folder(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"RIFF broken", "not readable as audio"), (b"", "empty audio file"), (None, "NaN")],
)
def test_a_noise_that_cannot_be_used_is_an_error_with_its_name(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    (tmp_path / "misc").mkdir()
    path = tmp_path / "misc" / "bad.wav"
    if content is None:
        soundfile.write(path, np.full(1600, np.nan), RATE_HZ, subtype="FLOAT")
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{words}.*bad\.wav"):
        _draw(open_noise_folder(tmp_path), None, 100)


def test_a_draw_gives_the_same_bytes_each_time_and_in_any_order(tmp_path: Path) -> None:
    folder = open_noise_folder(write_noises(tmp_path / "n", vehicle=2.0, music=0.05, misc=1.0))
    first = [_draw(folder, None, 3200, seed).samples.tobytes() for seed in range(12)]
    again = [_draw(folder, None, 3200, seed).samples.tobytes() for seed in reversed(range(12))]
    assert first == again[::-1]


def test_nobody_can_change_what_the_next_draw_gets(tmp_path: Path) -> None:
    clip = _draw(open_noise_folder(write_noises(tmp_path / "n", misc=0.2)), None, 1600)
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1.0
