"""Ctrl-C ends the work even where a library swallowed it."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from asrcompress.cli.interrupt import interruptible


def test_a_swallowed_interrupt_is_raised_at_the_next_step() -> None:
    """As in an import behind a bare except."""
    told: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with interruptible(lambda what, *_: told.append(what)) as progress:
        progress("first", 0, 2)
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)  # to this thread, whatever others libraries run
        with pytest.raises(KeyboardInterrupt):
            progress("second", 1, 2)
    assert told == ["first"]
    assert signal.getsignal(signal.SIGINT) is before


def test_work_that_nobody_interrupts_goes_on() -> None:
    """Every call is passed on."""
    told: list[tuple[str, int, int]] = []
    with interruptible(lambda *call: told.append(call)) as progress:
        progress("work", 1, 2)
        progress("done", 2, 2)
    assert told == [("work", 1, 2), ("done", 2, 2)]
