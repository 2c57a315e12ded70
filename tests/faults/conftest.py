"""What every test of faults is held against: the same audit, which nothing disturbed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.small_audit import (
    Run,
    audit_command,
    leftovers_in,
    phase_of,
    results_of,
    small_recipe,
)


@dataclass(frozen=True)
class Undisturbed:
    """The recipe, the folder that came of it, its bytes, and how long each phase took."""

    recipe: Path
    folder: Path
    expected: Mapping[str, bytes]
    seconds: Mapping[str, float]


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    """What a test that failed has left running ends with it."""
    yield
    Run.end_all()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One run of the small audit, from nothing to its results."""
    recipe = small_recipe(tmp_path_factory.mktemp("recipe"))
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    seconds: dict[str, float] = {}
    run = Run.start(audit_command(recipe, folder))
    before_s = time.monotonic()
    while not run.is_over:
        time.sleep(0.01)
        now_s = time.monotonic()
        phase = phase_of(folder)
        seconds[phase] = seconds.get(phase, 0.0) + now_s - before_s
        before_s = now_s
    code, _, err = run.end()
    assert code == 0, err
    assert leftovers_in(folder) == []
    return Undisturbed(recipe, folder, results_of(folder), seconds)
