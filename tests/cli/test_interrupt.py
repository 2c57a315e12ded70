"""Ctrl-C ends the work even where a library swallowed it."""

from __future__ import annotations

import subprocess
import sys

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


def test_work_that_nobody_interrupts_goes_on() -> None:
    """Every call is passed on."""
    told: list[tuple[str, int, int]] = []
    with interruptible(lambda *call: told.append(call)) as progress:
        progress("work", 1, 2)
        progress("done", 2, 2)
    assert told == [("work", 1, 2), ("done", 2, 2)]
