"""Files are written whole or not at all, and read with errors that name them."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcompress.core import files
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.files import (
    is_whole_json,
    read_json,
    read_json_lines,
    read_text,
    sha256_of_file,
    sha256_of_json,
    version_of_file,
    write_json,
    write_json_lines,
    write_text,
)
from asrcompress.core.output import check_output, staged_folder

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
    max_leaves=10,
)


def test_sha256_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    data = b"x" * (3 << 20) + b"end"
    (tmp_path / "a").write_bytes(data)
    assert sha256_of_file(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_sha256_of_json_is_that_of_the_sorted_compact_text() -> None:
    expected = hashlib.sha256('{"a":[1,"é"],"b":null}'.encode()).hexdigest()
    assert sha256_of_json({"b": None, "a": [1, "é"]}) == expected


@pytest.mark.parametrize("read", [read_text, sha256_of_file, version_of_file])
def test_a_missing_file_is_one_line(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(InputError, match="absent"):
        read(tmp_path / "absent")


def test_the_version_of_a_file_changes_with_its_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = version_of_file(tmp_path / "a")
    (tmp_path / "a").write_text("22")
    assert version_of_file(tmp_path / "a") != before


def test_text_is_utf8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfna\xc3\xafve")
    assert read_text(tmp_path / "a") == "naïve"


def test_what_is_not_utf8_is_one_line_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ab\xff")
    with pytest.raises(InputError, match=r"not a text file: .*a; got byte 2 not UTF-8"):
        read_text(tmp_path / "a")
    with pytest.raises(InputError, match="cannot read"):
        read_text(tmp_path)


@pytest.mark.parametrize(
    "text", ["{", "", "[1,]", "nul", "[" * 100_000, '{"a": NaN}', "[Infinity]", "9" * 5000]
)
def test_what_is_not_json_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"not valid JSON: .*a\.json"):
        read_json(tmp_path / "a.json")


def test_json_beyond_all_measure_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_JSON_BYTES", 10)
    (tmp_path / "a.json").write_text("[" + " " * 20 + "]")
    with pytest.raises(InputError, match=r"too large for JSON.*got 22 bytes; expected at most 10"):
        read_json(tmp_path / "a.json")


@settings(max_examples=30)
@given(value=_JSON)
def test_any_json_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert read_json(path) == value


@settings(max_examples=30)
@given(rows=st.lists(st.dictionaries(_TEXT, _TEXT, min_size=1), max_size=4))
def test_any_rows_come_back_with_their_line_numbers(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    """Also with Unicode's other line breaks in them, which are no line breaks in JSON Lines."""
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    write_json_lines(path, rows)
    assert list(read_json_lines(path)) == list(enumerate(rows, start=1))


def test_lines_are_counted_with_the_blank_ones(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('\r\n{"a": 1}\r\n\n[2]\n')
    rows = read_json_lines(tmp_path / "a.jsonl")
    assert next(rows) == (2, {"a": 1})
    with pytest.raises(InputError, match=r"not a JSON object: .*a\.jsonl:4; got list"):
        next(rows)


def test_a_number_that_json_cannot_hold_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "a", "old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError, match=r"cannot write: .*a; got No space left on device"):
        write_text(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_file_has_the_permissions_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "x")
        with staged_folder(tmp_path / "f") as staging:
            (staging / "b").write_text("x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o750


def test_a_parent_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for act in (lambda path: write_text(path, "x"), check_output):
        with pytest.raises(OutputError, match="cannot write"):
            act(tmp_path / "file" / "a")


@pytest.mark.parametrize(
    ("content", "is_whole"),
    [
        (b'{\n  "a": 1\n}\n', True),
        (b"{}\n", True),
        (b'{\n  "a": 1', False),
        (b"", False),
        (b"\0" * 64, False),
        (b"}", False),
    ],
)
def test_a_whole_json_file_ends_as_it_was_written(
    tmp_path: Path, content: bytes, is_whole: bool
) -> None:
    """What was cut short, or lost its last blocks in a power cut, is not whole."""
    path = tmp_path / "cell.json"
    assert not is_whole_json(path)
    path.write_bytes(content)
    assert is_whole_json(path) is is_whole
