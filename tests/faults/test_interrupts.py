"""Ctrl-C, SIGTERM and a reader that goes away: one line, known exit codes, nothing half-written."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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

INTERRUPTED = 130
ENDS_WITHIN_S = 30.0  # a few seconds on a machine that does nothing else
PHASES = ("planning", "compressing", "corrupting", "recognising", "scoring")


@pytest.mark.parametrize(
    ("number", "count"),
    [
        (signal.SIGINT, 1),
        (signal.SIGTERM, 1),
        pytest.param(signal.SIGINT, 12, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, 6, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_is_one_line_and_the_next_run_goes_on(
    undisturbed: Undisturbed, tmp_path: Path, number: signal.Signals, count: int
) -> None:
    """To the whole group, as a terminal sends it, at seeded moments; the bytes are the same."""
    draw, folder = random.Random(int(number)), tmp_path / "out"
    for _ in range(count):
        phase, share = (draw.choice(PHASES) if count > 1 else "compressing"), draw.random()
        run = Run.start([*audit_command(undisturbed.recipe, folder), "--quiet"])
        until(lambda at=phase: PHASES.index(phase_of(folder)) >= PHASES.index(at), run)  # type: ignore[misc]
        until_s = time.monotonic() + max(0.3, share * undisturbed.seconds[phase])
        until(lambda at_s=until_s: time.monotonic() >= at_s, run)  # type: ignore[misc]
        was_over, begun_s = run.is_over, time.monotonic()
        run.send(number, to="group")
        code, _, err = run.end()
        took_s = time.monotonic() - begun_s
        print("interrupt", number.name, phase, share, was_over, code, took_s, file=sys.stderr)  # noqa: T201
        assert run.outlived_by() == []
        assert faults_in(folder, undisturbed.expected) == []
        if was_over or code == 0:  # it came when nothing was left to do
            continue
        assert (code, err) == (INTERRUPTED, "error: interrupted\n")
        assert took_s < ENDS_WITHIN_S
    assert Run.start(audit_command(undisturbed.recipe, folder)).end()[0] == 0
    assert results_of(folder) == undisturbed.expected
    assert leftovers_in(folder) == []


def test_a_term_signal_ends_a_job_whose_ctrl_c_is_ignored(tmp_path: Path) -> None:
    """As a shell starts what it runs in the background; nothing stays where it was compressing."""
    ignoring = "import signal, os, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    start = f"{ignoring}os.execv(sys.argv[1], sys.argv[1:])"
    arguments = command("compress", "bundled:model", "--bits", 8, "-o", tmp_path / "made", "-q")
    run = Run.start([sys.executable, "-c", start, *arguments])
    assert until(lambda: [*tmp_path.glob(".made.partial-*")], run)
    run.send(signal.SIGTERM, to="parent")
    code, _, err = run.end()
    assert (code, err) == (INTERRUPTED, "error: interrupted\n")
    assert [*tmp_path.iterdir()] == []


def test_nobody_is_left_when_corrupt_is_killed_alone(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """Its processes end with it, though it could not tell them to."""
    corpus = undisturbed.recipe.parent / "corpus.jsonl"
    levels = ",".join(str(level) for level in range(-10, 30))
    output = tmp_path / "noisy"
    run = Run.start(command("corrupt", corpus, "--snr", levels, "--workers", 2, "-o", output))
    assert until(lambda: len(run.others()) >= 2, run)
    run.send(signal.SIGKILL, to="parent")
    run.end()
    assert run.outlived_by() == []
    assert not output.exists()


def test_a_reader_that_goes_away_is_no_error(undisturbed: Undisturbed) -> None:
    """`asrcompress report ... | head -1`: the first line, nothing on stderr, exit 0."""
    arguments = command("report", undisturbed.folder, "--format", "json")
    writer = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stderr is not None
    assert writer.stdout.readline() == b"{\n"
    writer.stdout.close()
    with writer:
        assert writer.stderr.read() == b""
    assert writer.returncode == 0


_BOTH_AT_ONCE = """
import os, signal
from asrcompress.audit.engines._local_child import _Interrupt

both = {signal.SIGINT, signal.SIGTERM}
interrupt = _Interrupt()
signal.pthread_sigmask(signal.SIG_BLOCK, both)
for number in both:
    os.kill(os.getpid(), number)
raised = 0
for attempt in range(2):
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
        for _ in range(1000):
            pass
    except KeyboardInterrupt:
        raised += 1
print(raised)
"""


def test_a_worker_that_gets_both_signals_at_once_is_interrupted_once() -> None:
    """One from the terminal's group and one from its parent: one interrupt, nothing printed."""
    done = subprocess.run([sys.executable, "-c", _BOTH_AT_ONCE], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
