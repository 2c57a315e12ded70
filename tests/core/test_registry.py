"""A plug-in is found by its file's name; a wrong name brings the nearest right one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from asrcompress.core.errors import InputError
from asrcompress.core.registry import expected_one_of, load_plugin, plugin_names


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    folder = tmp_path / "plugged_colours"
    folder.mkdir()
    for name in ("__init__", "_private", "red", "green"):
        (folder / f"{name}.py").write_text(f"NAME = {name!r}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import plugged_colours  # type: ignore[import-not-found]

    yield plugged_colours
    for name in [name for name in sys.modules if name.startswith("plugged_colours")]:
        del sys.modules[name]


def test_plugins_are_the_public_files(package: ModuleType) -> None:
    assert plugin_names(package) == ("green", "red")


def test_a_plugin_is_loaded_by_its_name(package: ModuleType) -> None:
    assert load_plugin(package, "red").NAME == "red"


@pytest.mark.parametrize("name", ["gren", "_private", "os", "red.x", "../red", ""])
def test_any_other_name_is_refused(package: ModuleType, name: str) -> None:
    with pytest.raises(InputError, match=r"unknown name among plugged_colours.*green, red"):
        load_plugin(package, name)


def test_the_nearest_name_is_suggested_where_one_is_near() -> None:
    assert expected_one_of("gren", ["red", "green"]) == (
        "one of green, red (did you mean 'green'?)"
    )
    assert expected_one_of("zzz", ["red", "green"]) == "one of green, red"
