"""OpenSLR 26 and 28 as published: lists, rooms, and what is a response and what a noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from asrcompress.core.errors import InputError
from asrcompress.corrupt.noise_folder import open_noise_folder
from asrcompress.corrupt.room_folder import open_room_folder
from tests.corrupt.corpora import RATE_HZ, decay

REAL = "real_rirs_isotropic_noises"
REAL_RIRS = {
    "RVB2014_type1_rir_largeroom1_near_angla.wav": "RVB2014_largeroom1",
    "RVB2014_type1_rir_largeroom1_far_anglb.wav": "RVB2014_largeroom1",
    "RVB2014_type2_rir_simroom1_near_angla.wav": "RVB2014_simroom1",
    "RWCP_type1_rir_cirline_jr1_imp000.wav": "RWCP_cirline_jr1",
    "RWCP_type4_rir_p30r.wav": "RWCP_p30r.wav",
    "air_type1_air_binaural_aula_carolina_0_0_3.wav": "air_binaural_aula_carolina_0_0",
}
REAL_NOISES = ("RVB2014_type1_noise_largeroom1_1.wav", "RWCP_type5_noise_cirline_ofc_ambient1.wav")
POINT_NOISES = ("noise-free-sound-0000.wav", "noise-free-sound-0001.wav")


def _sound(path: Path, rt60_s: float, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.repeat(decay(rt60_s)[:, None], channels, axis=1)
    soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")


def _openslr_28(parent: Path) -> Path:
    """RIRS_NOISES with two rooms a class, as the archive holds them; returns the folder."""
    root = parent / "RIRS_NOISES"
    for size in ("small", "medium", "large"):
        lines = []
        for room in ("Room001", "Room002"):
            for number in (1, 2):
                place = f"simulated_rirs/{size}room/{room}/{room}-{number:05d}.wav"
                _sound(root / place, 0.3)
                lines.append(
                    f"--rir-id {size}-{room}-{number:05d} --room-id {room} RIRS_NOISES/{place}"
                )
        _list(root / "simulated_rirs" / f"{size}room" / "rir_list", lines)
        (root / "simulated_rirs" / f"{size}room" / "room_info").write_text("Room001 0.4\n")
    _real(root)
    for name in POINT_NOISES:
        _sound(root / "pointsource_noises" / name, 1.0)
    _list(
        root / "pointsource_noises" / "noise_list",
        [
            f"--noise-id {Path(name).stem} --noise-type point-source --bg-fg-type foreground "
            f"RIRS_NOISES/pointsource_noises/{name}"
            for name in POINT_NOISES
        ],
    )
    return root


def _real(root: Path) -> None:
    for name in (*REAL_RIRS, *REAL_NOISES):
        _sound(root / REAL / name, 0.3 if name.startswith("RWCP") else 1.0, channels=2)
    _list(
        root / REAL / "rir_list",
        [
            f"--rir-id {number:05d} --room-id {room} RIRS_NOISES/{REAL}/{name}"
            for number, (name, room) in enumerate(REAL_RIRS.items(), start=1)
        ],
    )
    _list(
        root / REAL / "noise_list",
        [
            f"--noise-id {number:05d} --noise-type isotropic --room-linkage RVB2014_largeroom1 "
            f"RIRS_NOISES/{REAL}/{name}"
            for number, name in enumerate(REAL_NOISES, start=1)
        ],
    )


def _list(path: Path, lines: list[str]) -> None:
    path.write_text("".join(line + "\n" for line in lines))


def _without_lists(root: Path) -> Path:
    for listing in [*root.rglob("rir_list"), *root.rglob("noise_list")]:
        listing.unlink()
    return root


@pytest.mark.parametrize("below", ["..", ".", "simulated_rirs", "simulated_rirs/smallroom"])
def test_any_folder_of_the_archive_can_be_given(tmp_path: Path, below: str) -> None:
    folder = open_room_folder((_openslr_28(tmp_path) / below).resolve())
    names = {Path(file.id).name for file in folder.files if file.kind == "small"}
    assert names - set(REAL_RIRS) == {
        f"Room00{room}-0000{number}.wav" for room in (1, 2) for number in (1, 2)
    }


def test_classes_are_by_folder_then_name_then_rt60(tmp_path: Path) -> None:
    """RWCP and AIR names hold no class: 0.3 s is a small room's RT60, 1 s a large one's."""
    files = open_room_folder(_openslr_28(tmp_path)).files
    classes = {Path(file.id).name: file.kind for file in files if REAL in file.id}
    assert classes == {
        "RVB2014_type1_rir_largeroom1_near_angla.wav": "large",
        "RVB2014_type1_rir_largeroom1_far_anglb.wav": "large",
        "RVB2014_type2_rir_simroom1_near_angla.wav": "large",
        "RWCP_type1_rir_cirline_jr1_imp000.wav": "small",
        "RWCP_type4_rir_p30r.wav": "small",
        "air_type1_air_binaural_aula_carolina_0_0_3.wav": "large",
    }


@pytest.mark.parametrize("has_lists", [True, False])
def test_responses_are_no_noises_and_noises_no_responses(tmp_path: Path, has_lists: bool) -> None:
    """By the lists, and by the archive's names where the lists are gone."""
    root = _openslr_28(tmp_path) if has_lists else _without_lists(_openslr_28(tmp_path))
    responses = {Path(file.id).name for file in open_room_folder(root / REAL).files}
    noises = {Path(file.id).name for file in open_noise_folder(root / REAL).files}
    assert responses == set(REAL_RIRS)
    assert noises == set(REAL_NOISES)


def test_without_lists_the_archives_folders_tell_them_apart(tmp_path: Path) -> None:
    root = _without_lists(_openslr_28(tmp_path))
    assert len(open_room_folder(root).files) == 12 + len(REAL_RIRS)
    assert len(open_noise_folder(root).files) == len(POINT_NOISES) + len(REAL_NOISES)
    with pytest.raises(InputError, match="no noise in the folder"):
        open_noise_folder(root / "simulated_rirs")


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    root = _openslr_28(tmp_path)
    assert open_noise_folder(root).describe()["files_left_out"] == 12 + len(REAL_RIRS)
    assert open_room_folder(root).describe()["files_left_out"] == 2 + len(REAL_NOISES)


def test_a_folder_of_the_other_sort_is_refused(tmp_path: Path) -> None:
    root = _openslr_28(tmp_path)
    with pytest.raises(InputError, match="no noise in the folder"):
        open_noise_folder(root / "simulated_rirs")
    with pytest.raises(InputError, match="no impulse responses in the folder"):
        open_room_folder(root / "pointsource_noises")


def test_a_noise_list_gives_the_types(tmp_path: Path) -> None:
    folder = open_noise_folder(_openslr_28(tmp_path))
    assert {Path(file.id).name: file.kind for file in folder.files} == {
        **dict.fromkeys(POINT_NOISES, "point-source"),
        **dict.fromkeys(REAL_NOISES, "isotropic"),
    }


def test_room_ids_that_repeat_across_sizes_are_different_rooms(tmp_path: Path) -> None:
    folder = open_room_folder(_openslr_28(tmp_path) / "simulated_rirs")
    rooms = {file.room_id for file in folder.files}
    assert rooms == {f"{size}/Room00{n}" for size in ("small", "medium", "large") for n in (1, 2)}


@pytest.mark.parametrize("has_lists", [True, False])
def test_beside_a_response_is_the_other_one_of_its_room(tmp_path: Path, has_lists: bool) -> None:
    root = _openslr_28(tmp_path) if has_lists else _without_lists(_openslr_28(tmp_path))
    folder = open_room_folder(root)
    for seed in range(8):
        generator = np.random.default_rng(seed)
        response = folder.draw("medium", generator)
        other = folder.draw_beside(response, generator)
        assert other is not None
        assert Path(other.id).parent == Path(response.id).parent
        assert other.id != response.id


def _one_line(root: Path, line: str, name: str = "rir_list") -> Path:
    _sound(root / "simulated_rirs/smallroom/Room001/Room001-00001.wav", 0.3)
    _sound(root / "simulated_rirs/smallroom/Room 1/Room 1.wav", 0.3)
    _list(root / "simulated_rirs" / "smallroom" / name, [line, ""])
    return root


def test_a_list_may_quote_and_name_its_files_from_where_it_lies(tmp_path: Path) -> None:
    line = "--rir-id small-1 --room-id 'Room 1' 'Room 1/Room 1.wav'"
    files = open_room_folder(_one_line(tmp_path, line)).files
    assert [(file.id, file.kind, file.room_id) for file in files] == [
        ("simulated_rirs/smallroom/Room 1/Room 1.wav", "small", "small/Room 1")
    ]


@pytest.mark.parametrize("name", ["rir_list", "noise_list"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--rir-id 1 sph2pipe -f wav a.sph |", "a pipe is not run"),
        ("--rir-id 1 'sph2pipe a.sph |'", "a pipe is not run"),
        ("--rir-id 1 'open", "not a {name} line"),
        ("rir 1 Room001/Room001-00001.wav", "not a {name} line"),
        ("--rir-id Room001/Room001-00001.wav", "not a {name} line"),
        ("--rir-id 1 nowhere.wav", "no such audio file"),
        ("--rir-id 1 ../../../../etc/passwd", "no such audio file"),
        ("--rir-id 1 /etc/passwd", "no such audio file"),
    ],
)
def test_a_list_with_a_pipe_or_a_mistake_is_refused(
    tmp_path: Path, line: str, words: str, name: str
) -> None:
    root = _one_line(tmp_path, line, name)
    with pytest.raises(InputError, match=words.format(name=name) + rf".*{name}:1"):
        (open_room_folder if name == "rir_list" else open_noise_folder)(root)
