"""File names are readable, unique, and stay inside their folder."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from asrcompress.corrupt.names import file_names


def test_plain_ids_are_kept() -> None:
    assert file_names(["1089-134686-0000", "نعم_1"]) == {
        "1089-134686-0000": "1089-134686-0000",
        "نعم_1": "نعم_1",
    }


def test_a_path_becomes_one_name() -> None:
    assert file_names(["clips/a b.1"]) == {"clips/a b.1": "clips_a_b.1"}


def test_no_way_out_of_the_folder() -> None:
    assert list(file_names(["../../etc/x", "/etc/y", "..", "C:\\z"]).values()) == [
        "etc_x",
        "etc_y",
        "_",
        "C__z",
    ]


def test_ids_that_meet_are_told_apart_by_a_hash() -> None:
    names = file_names(["a/b", "A_b", "c"])
    assert names["c"] == "c"
    assert names["a/b"].startswith("a_b-")
    assert names["A_b"].startswith("A_b-")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, max_size=20))
def test_any_ids_give_names_that_are_safe_unique_and_free_of_order(ids: list[str]) -> None:
    names = file_names(ids)
    assert len({name.casefold() for name in names.values()}) == len(ids)
    assert names == file_names(reversed(ids))
    for name in names.values():
        assert PurePosixPath(name).parts == (name,)
        assert not name.startswith(".")
        assert len(name.encode()) < 200
