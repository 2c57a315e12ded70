"""The table of noise groups: what it holds, how it is versioned, and which names have labels."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest

from asrcompress.corrupt.noise_groups import (
    GROUPS,
    TABLE_VERSION,
    dns_label,
    group_named,
    group_of_label,
)


def _table() -> str:
    package = resources.files("asrcompress.corrupt")
    return package.joinpath("noise_groups.tsv").read_text(encoding="utf-8")


def test_the_table_does_not_change_without_its_version() -> None:
    """A changed table moves results by noise type: raise TABLE_VERSION, then this hash."""
    digest = hashlib.sha256(_table().encode()).hexdigest()
    assert (TABLE_VERSION, digest[:16]) == (1, "eefb9a9689a72e94")


def test_every_row_is_a_new_label_and_one_of_the_six_groups() -> None:
    header, *rows = (line.split("\t") for line in _table().splitlines())
    assert header == ["label", "group"]
    assert {group for _, group in rows} == set(GROUPS)
    letters = ["".join(char for char in label if char.isalnum()) for label, _ in rows]
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize(
    ("label", "group"),
    [
        ("Vacuum cleaner", "domestic"),  # the paper's own example
        ("door", "domestic"),
        ("typing", "domestic"),
        ("AirConditioner", "domestic"),
        ("washing_machine", "domestic"),
        ("Baby cry, infant cry", "human_voice"),
        ("Hubbub, speech noise, speech babble", "human_voice"),
        ("laughter", "human_voice"),
        ("Electric guitar", "music"),
        ("Hip hop music", "music"),
        ("Traffic noise, roadway noise", "vehicle"),
        ("Fixed-wing aircraft, airplane", "vehicle"),
        ("bus", "vehicle"),
        ("Wind noise (microphone)", "wind"),
        ("Rain", "misc"),
        ("dog_bark", "misc"),
        ("Copy machine", "misc"),
        ("cough", "misc"),
        ("kazoo", None),
    ],
)
def test_labels_of_audioset_and_dns_are_in_the_group_of_their_branch(
    label: str, group: str | None
) -> None:
    assert group_of_label(label) == group


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("door_Freesound_validated_451437_0", "door"),
        ("breath_spit_Freesound_validated_422419_0", "breath_spit"),
        ("munching_Freesound_validated_B32_Chips_ebrahim_10", "munching"),
        ("fan_Freesound_100355_3", "fan"),
        ("wind_97396_2", "wind"),
        ("baby_416649_0", "baby"),
        ("amMeH4u6AO4", None),
        ("-0g8EILYVyw", None),
        ("8TI_QD0vvQ4", None),
        ("recording_2021_3", None),
        ("noise_1", None),
    ],
)
def test_names_of_the_dns_challenge_hold_a_label_or_none(stem: str, label: str | None) -> None:
    assert dns_label(stem) == label


def test_group_names_may_be_written_any_way() -> None:
    assert [group_named(name) for name in ("Human Voice", "human-voice", "MUSIC", "voice")] == [
        "human_voice",
        "human_voice",
        "music",
        None,
    ]
