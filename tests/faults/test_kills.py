"""SIGKILL at random moments: nothing half-written, nobody left, and the same bytes in the end."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from asrcompress.audit.soundness import is_sound_artefact, is_sound_corpus
from tests.faults.conftest import Undisturbed
from tests.faults.small_audit import (
    Run,
    audit_command,
    command,
    faults_in,
    leftovers_in,
    phase_of,
    results_of,
    until,
)

PHASES = ("planning", "compressing", "corrupting", "recognising", "scoring")
WHO = ("group", "worker", "parent")
COMPLETE, INCOMPLETE, KILLED = 0, 3, -signal.SIGKILL


def test_three_kills_and_the_same_bytes(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Everything while compressing, the worker while recognising, the parent while scoring."""
    moments = [("compressing", "group", 0.5), ("recognising", "worker", 0.3)]
    hits = _kill_again_and_again(undisturbed, tmp_path, [*moments, ("scoring", "parent", 0.2)])
    assert sum(hits.values()) >= 2  # the last one may come too late on a fast machine


@pytest.mark.slow
def test_fifty_kills_and_the_same_bytes(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """At 50 seeded moments of all phases: the whole group, the worker or the parent alone."""
    draw = random.Random(20)
    moments = [(draw.choice(PHASES), draw.choice(WHO), draw.random()) for _ in range(50)]
    hits = _kill_again_and_again(undisturbed, tmp_path, moments)
    print("kills:", dict(sorted(hits.items())), file=sys.stderr)  # noqa: T201 - with -s
    assert {phase for phase, _ in hits} >= set(PHASES[1:])  # planning again counts as what is next
    assert sum(hits.values()) >= 40  # what was over before its moment came does not count


def _kill_again_and_again(
    undisturbed: Undisturbed, place: Path, moments: Sequence[tuple[str, str, float]]
) -> Counter[tuple[str, str]]:
    """Kill one audit after the other as the moments say, each until it is finished in spite of it.

    Returns:
        The kills by phase and by who was killed; without those that came when all was over.
    """
    hits: Counter[tuple[str, str]] = Counter()
    folders = (place / f"out{count}" for count in range(len(moments) + 1))
    folder = next(folders)
    for phase, who, share in moments:
        if _is_past(folder, phase):
            _finish(undisturbed, folder)
            folder = next(folders)
        hit = _kill_once(undisturbed, folder, phase, (who, share))
        print("kill", folder.name, phase, who, share, hit, file=sys.stderr, flush=True)  # noqa: T201
        if hit is not None:
            hits[hit, who] += 1
    _finish(undisturbed, folder)
    return hits


def _is_past(folder: Path, phase: str) -> bool:
    """Whether a resumed run would never be in that phase; it always plans first."""
    if phase == "planning":
        return False
    is_written = (folder / "results.json").is_file()
    return is_written or PHASES.index(phase_of(folder)) > PHASES.index(phase)


def _kill_once(
    undisturbed: Undisturbed, folder: Path, phase: str, how: tuple[str, float]
) -> str | None:
    """Kill at a share of a phase's time; the phase that it was, None where the run had ended."""
    who, share = how
    run = Run.start(audit_command(undisturbed.recipe, folder))
    if phase != "planning":
        until(lambda: PHASES.index(phase_of(folder)) >= PHASES.index(phase), run)
    until_s = time.monotonic() + share * undisturbed.seconds[phase]
    until(lambda: time.monotonic() >= until_s, run)
    if who == "worker" and phase != "planning":
        until(run.others, run)
    was_over, hit = run.is_over, phase_of(folder)
    killed = run.send(signal.SIGKILL, to=who)
    code, _, err = run.end()
    assert run.outlived_by() == [], "processes are left behind"
    assert faults_in(folder, undisturbed.expected) == []
    if was_over or not killed:
        assert code == COMPLETE, err
        return None
    if who == "worker":
        assert code in (COMPLETE, INCOMPLETE), err  # it may have had nothing more to do
        assert err.count("error: ") == (code == INCOMPLETE), err
        assert "Traceback" not in err
    else:
        assert code == KILLED
    return hit


def _finish(undisturbed: Undisturbed, folder: Path) -> None:
    """The next run, which nobody kills, has the same bytes as if nothing had been."""
    run = Run.start(audit_command(undisturbed.recipe, folder))
    code, _, err = run.end()
    assert code == COMPLETE, err
    assert results_of(folder) == undisturbed.expected
    assert leftovers_in(folder) == []
    assert run.outlived_by() == []


@pytest.mark.parametrize("count", [1, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("verb", ["compress", "corrupt"])
def test_a_killed_command_leaves_its_output_whole_or_away(
    undisturbed: Undisturbed, tmp_path: Path, verb: str, count: int
) -> None:
    """However far it was: the folder is not there, or whole; the next run needs no tidying up."""
    is_sound = is_sound_artefact if verb == "compress" else is_sound_corpus
    output = tmp_path / "made"
    corpus = undisturbed.recipe.parent / "corpus.jsonl"
    arguments = {
        "compress": command("compress", "bundled:model", "--bits", 8, "-o", output),
        "corrupt": command("corrupt", corpus, "--snr", "10,0", "--workers", 2, "-o", output),
    }[verb]
    for delay_s in _delays(count):
        run = Run.start(arguments)
        until(lambda: [*tmp_path.glob(".made.partial-*")], run)
        until_s = time.monotonic() + delay_s
        until(lambda at_s=until_s: time.monotonic() >= at_s, run)  # type: ignore[misc]
        run.send(signal.SIGKILL, to="group")
        run.end()
        assert run.outlived_by() == []
        if output.exists():
            assert is_sound(output)
            output.rename(tmp_path / f"made{delay_s}")
    code, _, err = Run.start(arguments).end()
    assert code == 0, err
    assert is_sound(output)
    assert [*tmp_path.glob(".*")] == []


def _delays(count: int) -> Iterator[float]:
    draw = random.Random(count)
    return (draw.random() * (0.2 if count == 1 else 3.0) for _ in range(count))
