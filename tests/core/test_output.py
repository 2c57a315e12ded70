"""Outputs: nothing of the user's is lost, nothing of ours is half-written."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.output import check_output, check_output_file, staged_folder


def test_a_folder_appears_whole_at_the_end(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "new" / "out") as staging:
        (staging / "a").write_text("1")
        assert not (tmp_path / "new" / "out").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
    assert (tmp_path / "new" / "out" / "a").read_text() == "1"


@pytest.mark.parametrize("error", [KeyboardInterrupt, InputError("bad"), ZeroDivisionError])
def test_a_failure_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind):  # noqa: PT012, SIM117 - the block is what fails
        with staged_folder(tmp_path / "out") as staging:
            (staging / "a").write_text("1")
            raise error
    assert list(tmp_path.iterdir()) == []


def _ours(folder: Path, content: str) -> Path:
    folder.mkdir()
    (folder / "corpus.json").write_text(json.dumps({"schema_version": 1, "libraries": {}}))
    (folder / "content").write_text(content)
    return folder


def test_overwriting_replaces_the_folder_at_the_end(tmp_path: Path) -> None:
    target = _ours(tmp_path / "out", "old")
    (target / "stale").write_text("")
    with staged_folder(target, overwrite=True) as staging:
        (staging / "content").write_text("new")
        assert (target / "content").read_text() == "old"
    assert [path.name for path in target.iterdir()] == ["content"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_while_overwriting_leaves_the_old_folder(tmp_path: Path) -> None:
    target = _ours(tmp_path / "out", "old")
    with pytest.raises(InputError), staged_folder(target, overwrite=True):
        raise InputError("bad")
    assert (target / "content").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failed_swap_brings_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = _ours(tmp_path / "out", "old")
    rename = os.rename

    def fail_for_the_new_one(source: Path, place: Path) -> None:
        if ".partial-" in str(source):
            raise OSError(5, "Input/output error")
        rename(source, place)

    monkeypatch.setattr(os, "rename", fail_for_the_new_one)
    with pytest.raises(OutputError, match="Input/output error"):  # noqa: SIM117
        with staged_folder(target, overwrite=True) as staging:
            (staging / "content").write_text("new")
    assert (target / "content").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_output_that_exists_is_refused_without_overwrite(tmp_path: Path) -> None:
    _ours(tmp_path / "out", "old")
    with pytest.raises(OutputError, match=r"output exists: .*out; choose another with -o"):
        check_output(tmp_path / "out")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="output exists"):
        check_output(tmp_path / "dangling")


def test_a_folder_of_the_users_own_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("")
    with pytest.raises(OutputError, match="that asrcompress did not make"):
        check_output(tmp_path / "home", overwrite=True)
    (tmp_path / "empty").mkdir()
    check_output(tmp_path / "empty", overwrite=True)


@pytest.mark.parametrize("name", ["asrcompress.json", "corpus.json", "results.json"])
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "not JSON",
        '{"cells": [], "libraries": {}, "weights_sha256": ""}',
        '{"schema_version": 1}',
        '{"schema_version": "1.0", "cells": [], "libraries": {}, "weights_sha256": ""}',
    ],
)
def test_a_folder_is_not_ours_for_a_files_name_alone(tmp_path: Path, name: str, text: str) -> None:
    """Many programs write a results.json; what is in it tells."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_text(text)
    with pytest.raises(OutputError, match="that asrcompress did not make"):
        check_output(folder, overwrite=True)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("asrcompress.json", "weights_sha256"),
        ("corpus.json", "libraries"),
        ("results.json", "cells"),
    ],
)
def test_a_folder_is_ours_for_what_its_marker_says(tmp_path: Path, name: str, key: str) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / name).write_text(json.dumps({"schema_version": 1, key: []}))
    check_output(folder, overwrite=True)


def test_an_audits_folder_is_never_overwritten(tmp_path: Path) -> None:
    """Hours of work are in its cache; its results.json does not make it a throw-away."""
    folder = _ours(tmp_path / "audit-x", "old")
    (folder / "audit.json").write_text("{}")
    with pytest.raises(OutputError, match=r"an audit's folder.*audit-x.*choose another with -o"):
        check_output(folder, overwrite=True)


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    """Nor is a link that leads nowhere."""
    (tmp_path / "thesis.tex").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("thesis.tex", "dangling"):
        with pytest.raises(OutputError, match=f"what is not a folder: .*{name}"):
            check_output(tmp_path / name, overwrite=True)
    with pytest.raises(OutputError, match="not a folder"):  # noqa: SIM117
        with staged_folder(tmp_path / "thesis.tex", overwrite=True):
            pass
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_a_file_replaces_a_file_only(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("old")
    with pytest.raises(OutputError, match="output exists"):
        check_output_file(tmp_path / "page.html")
    check_output_file(tmp_path / "page.html", overwrite=True)
    check_output_file(tmp_path / "new" / "page.html")
    folder = _ours(tmp_path / "out", "old")
    with pytest.raises(OutputError, match=r"a folder is there: .*out; expected a file"):
        check_output_file(folder, overwrite=True)


@pytest.mark.parametrize("output", ["in", "in/new", "in/x/..", ".", "link", "link/new"])
def test_an_output_that_would_touch_an_input_is_refused(tmp_path: Path, output: str) -> None:
    """Equal, inside or around it, by whatever path; with --overwrite too, and nothing is made."""
    source = _ours(tmp_path / "in", "old")
    (source / "x").mkdir()
    (tmp_path / "link").symlink_to(source)
    for read in (source, str(source)):
        with pytest.raises(OutputError, match=r"the output would touch an input: .*choose another"):
            check_output(tmp_path / output, overwrite=True, inputs=[None, read])
    assert sorted(path.name for path in source.iterdir()) == ["content", "corpus.json", "x"]


def test_an_output_beside_its_inputs_is_allowed(tmp_path: Path) -> None:
    """Beside a folder of a like name, beside a manifest; names that are no paths do not count."""
    source = _ours(tmp_path / "in", "old")
    inputs = [source, tmp_path / "manifest.jsonl", "bundled:corpus", "facebook/wav2vec2", None]
    (tmp_path / "manifest.jsonl").write_text("")
    check_output(tmp_path / "in-int8", inputs=inputs)


def test_what_a_killed_run_left_goes_with_the_next(tmp_path: Path) -> None:
    """Its hidden folder is removed; that of a run still going on stays, and others' names too."""
    target = tmp_path / "made"
    left = tmp_path / ".made.partial-killed"
    other = tmp_path / ".made2.partial-killed"
    for folder in (left, other):
        folder.mkdir()
        (folder / "half").write_text("a half-written file")
    with staged_folder(target) as running:
        assert not left.exists()
        with suppress(KeyboardInterrupt), staged_folder(target):
            assert running.is_dir()
            raise KeyboardInterrupt
        (running / "whole").write_text("a file")
    assert other.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".made2.partial-killed", "made"]
