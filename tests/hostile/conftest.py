"""A place for each hostile input, without a network."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.hostile.promises import Sandbox, make_good


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with good inputs, which the cases copy and spoil."""
    return make_good(tmp_path_factory.mktemp("good"))


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Path) -> Sandbox:
    """Empty but for `given` and `here`; caches and temporary files have places beside it."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "box").mkdir()
    made = Sandbox(tmp_path / "box", good)
    monkeypatch.chdir(made.here)
    return made
