"""SIGKILL at many random moments of an audit in one process, each run going on from the last."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.forking import Forks
from tests.faults.small_audit import faults_in, leftovers_in, phase_of, results_of, small_recipe

PHASES = ("planning", "compressing", "corrupting", "recognising", "scoring")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    small_recipe(folder)
    return folder


def _arguments(place: Path, name: str) -> list[str]:
    small = ("--threads", "1", "--workers", "1", "--device", "cpu", "--jobs", "0", "--quiet")
    return ["audit", str(place / "small.yaml"), "-o", str(place / name), *small]


@pytest.fixture(scope="module")
def forks(place: Path) -> Iterator[Forks]:
    found = Forks(place / "stderr.txt")
    yield found
    found.end()


@pytest.mark.parametrize("count", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_kills_at_random_moments(forks: Forks, place: Path, count: int) -> None:
    """Seeded moments: after each nothing is half-written; each audit ends with the same bytes."""
    assert forks.first(_arguments(place, f"whole{count}")) == 0
    expected = results_of(place / f"whole{count}")
    begun_s = time.monotonic()
    assert _run(forks, place, f"again{count}", None)[0] == 0
    whole_s = time.monotonic() - begun_s
    assert results_of(place / f"again{count}") == expected
    draw, hits, runs = random.Random(count), Counter[str](), 0
    while sum(hits.values()) < count:
        name = f"out{count}-{runs}"
        runs += 1
        left_s = whole_s
        while True:
            # From nothing it takes the whole time; what goes on has less to do.
            status, hit = _run(forks, place, name, draw.uniform(0, left_s))
            assert faults_in(place / name, expected) == [], hit
            if status == 0:
                break
            assert status == -signal.SIGKILL, forks.said()
            hits[hit] += 1
            left_s = max(0.7 * left_s, 0.3 * whole_s)
            if sum(hits.values()) >= count:
                assert _run(forks, place, name, None)[0] == 0, forks.said()
                break
        assert results_of(place / name) == expected
        assert leftovers_in(place / name) == []
    print("kills:", dict(hits), "audits:", runs, "each", whole_s, file=sys.stderr)  # noqa: T201
    assert count < 100 or set(hits) >= {"compressing", "corrupting", "recognising", "scoring"}


def _run(forks: Forks, place: Path, name: str, kill_after_s: float | None) -> tuple[int, str]:
    """Run an audit and kill it after a time; its status, and where it was then."""
    process = forks.begin(_arguments(place, name))
    if kill_after_s is None:
        return forks.status(), ""
    time.sleep(kill_after_s)
    hit = phase_of(place / name)
    with contextlib.suppress(ProcessLookupError):  # it had ended
        os.kill(process, signal.SIGKILL)
    return forks.status(), hit
