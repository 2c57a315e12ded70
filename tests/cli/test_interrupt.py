"""Ctrl-C ends the work even where a library swallowed it."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from asrcompress.cli.interrupt import interruptible

_SWALLOWS = """
import os, signal, time
from asrcompress.cli.interrupt import interruptible

told = []
with interruptible(lambda what, *_: told.append(what)) as progress:
    progress("first", 0, 2)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except BaseException:
        pass
    try:
        progress("second", 1, 2)
    except KeyboardInterrupt:
        told.append("interrupted")
print(told, signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_a_swallowed_interrupt_is_raised_at_the_next_step() -> None:
    """As in an import behind a bare except; in a process of its own, which the signal may end."""
    done = subprocess.run([sys.executable, "-c", _SWALLOWS], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("['first', 'interrupted'] True", "")


def _press_and_break() -> None:
    press = signal.getsignal(signal.SIGINT)
    assert callable(press)
    with suppress(KeyboardInterrupt):
        press(signal.SIGINT, None)
    raise ImportError("a part of it is missing")


def test_an_error_that_a_library_made_of_an_interrupt_is_one() -> None:
    """Nobody who pressed Ctrl-C wants to read of a broken import."""
    with pytest.raises(KeyboardInterrupt), interruptible(lambda *_: None):
        _press_and_break()


def test_an_error_of_its_own_stays_one() -> None:
    """Nothing was pressed."""
    with pytest.raises(ImportError), interruptible(lambda *_: None):
        raise ImportError("a part of it is missing")


def test_work_that_nobody_interrupts_goes_on() -> None:
    """Every call is passed on."""
    told: list[tuple[str, int, int]] = []
    with interruptible(lambda *call: told.append(call)) as progress:
        progress("work", 1, 2)
        progress("done", 2, 2)
    assert told == [("work", 1, 2), ("done", 2, 2)]
