"""Room classes, and which paths of published archives are responses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

import pytest

from asrcompress.core.errors import InputError
from asrcompress.corrupt.rooms import (
    class_of_rt60,
    is_class_name,
    is_noise_path,
    is_response_path,
    room_class,
)


@pytest.mark.parametrize(
    ("file", "row", "expected"),
    [
        ("smallroom/RVB2014_type1_rir_largeroom1_far.wav", {"size": "medium"}, "medium"),
        ("mediumroom/Room001/RVB2014_type1_rir_largeroom1_far.wav", {}, "medium"),
        ("small/x.wav", {"room": "kitchen"}, "small"),
        ("Small_Rooms/x.wav", {}, "small"),
        ("rooms/RVB2014_type1_rir_largeroom1_far_angla.wav", {}, "large"),
        ("rooms/smallish.wav", {}, "medium"),
    ],
)
def test_the_class_comes_from_manifest_then_folder_then_name_then_rt60(
    file: str, row: Mapping[str, str], expected: str
) -> None:
    assert room_class(Path(file), row, lambda: 0.5) == expected


def test_a_class_in_the_manifest_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown room class.*'huge'.*large, medium, small"):
        room_class(Path("a.wav"), {"size": "huge"}, lambda: None)


def test_classes_of_the_reverb_challenges_rooms() -> None:
    assert [class_of_rt60(rt60_s) for rt60_s in (0.25, 0.5, 0.7, None)] == [
        "small",
        "medium",
        "large",
        "unknown",
    ]


def test_a_class_is_known_by_its_folder_only_in_full() -> None:
    assert all(is_class_name(name) for name in ("small", "mediumroom", "Large_Rooms"))
    assert not any(is_class_name(name) for name in ("Room001", "smallish", "rir"))


@pytest.mark.parametrize(
    ("name", "is_response", "is_noise"),
    [
        ("RVB2014_type1_rir_largeroom1_near_angla.wav", True, False),
        ("RVB2014_type1_noise_largeroom1_1.wav", False, True),
        ("RWCP_type1_rir_cirline_jr1_imp000.wav", True, False),
        ("RWCP_type4_rir_p30r.wav", True, False),
        ("RWCP_type5_noise_cirline_ofc_ambient1.wav", False, True),
        ("air_type1_air_binaural_aula_carolina_1_7_90_3.wav", True, False),
        ("airport_rir.wav", False, False),
        ("impulse_responses/SLR26/simulated_rirs_48k/smallroom/Room1/a.wav", True, False),
        ("pointsource_noises/noise-free-sound-0000.wav", False, True),
        ("noise_fullband/amMeH4u6AO4.wav", False, True),
        ("impulse_responses/SLR28/RVB2014_type1_noise_largeroom1_1.wav", False, True),
    ],
)
def test_openslr_names_tell_responses_from_noises(
    name: str, is_response: bool, is_noise: bool
) -> None:
    path = PurePath(name)
    assert (is_response_path(path), is_noise_path(path)) == (is_response, is_noise)
