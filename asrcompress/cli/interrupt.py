"""Ctrl-C that is not lost: what a library swallows is raised again at the next step of the work.

Python raises KeyboardInterrupt wherever it happens to be: in an import behind a bare `except`, or
in a `__del__`, whose errors are only printed. The command would then go on as if nothing was asked.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from asrcompress.core.progress import Progress


@contextmanager
def interruptible(progress: Progress) -> Iterator[Progress]:
    """The same progress, which ends the work at its next call once Ctrl-C was pressed.

    Raises:
        KeyboardInterrupt: it was pressed, whatever error the work made of it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield progress  # only the main thread may ask for signals
        return
    pressed = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        if callable(before):
            before(number, frame)

    def told(what: str, done: int, total: int) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        progress(what, done, total)

    signal.signal(signal.SIGINT, press)
    try:
        yield told
    except Exception as error:
        if pressed.is_set():  # a library made an error of its own of it, say of an import
            raise KeyboardInterrupt from error
        raise
    finally:
        # a library's own handler, which Python cannot name, was there before: its default is right
        signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)
