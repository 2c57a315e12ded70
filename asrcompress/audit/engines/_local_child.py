"""A worker's process: it gets a plan and then tasks from its parent, and does one at a time.

It ends with its parent, however that ends, and on Ctrl-C after the work in hand is left in order.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

_TOLD_EVERY_S = 0.1  # progress that nobody could read any faster
_ORPHANED = 1  # exit status, which nobody is left to read
_OUT_OF_MEMORY_SCORE = "500"  # of 1000: where memory runs out, this process ends, not its parent


def main() -> None:
    """Serve the parent behind the file descriptor that is the only argument."""
    interrupt = _Interrupt()
    os.dup2(2, 1)  # whatever a library prints is no result
    with contextlib.suppress(OSError):  # of Linux
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE, encoding="ascii")
    parent = _Parent(Connection(int(sys.argv[1])))
    try:
        _serve(parent, interrupt)
    except KeyboardInterrupt as stop:
        parent.tell("interrupted", str(stop))
        # Threads of a library may still compute; what is in hand has been left in order.
        os._exit(130)


def _serve(parent: _Parent, interrupt: _Interrupt) -> None:
    folder, plan, request = parent.next()
    os.chdir(folder)  # it was another until now: the user's could hold a torch.py
    _log_to(parent)
    from asrcompress.audit.failures import reason_of
    from asrcompress.audit.work import BusyError, Worker

    worker = Worker(plan, request)
    parent.tell("ready")
    while True:
        task, is_patient = parent.next()
        try:
            worker.perform(task, _Told(parent, interrupt), is_patient=is_patient)
        except BusyError:
            parent.tell("busy")
        except Exception as error:  # noqa: BLE001 - the boundary of a task
            parent.tell("failed", reason_of(error, task))
        else:
            interrupt.check()
            parent.tell("done")


class _Parent:
    """What is said to the parent and by it; its end is this process's end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._alone = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> Any:
        """What the parent says next."""
        return self._said.get()

    def tell(self, kind: str, *values: object) -> None:
        """Tell the parent."""
        with self._alone, contextlib.suppress(OSError):  # it is gone: `_listen` ends all this
            self._connection.send((kind, *values))

    def _listen(self) -> None:
        try:
            while True:
                self._said.put(self._connection.recv())
        except (EOFError, OSError):
            os._exit(_ORPHANED)


def _ignored(number: int, frame: FrameType | None) -> None:
    """What SIG_IGN does; but Python complains of a signal that was under way when it was set."""


class _Interrupt:
    """Ctrl-C or SIGTERM: raised once, and again at the next step if a library swallowed it."""

    def __init__(self) -> None:
        self._is_pressed = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._press)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as the parent started us

    def check(self) -> None:
        """Raise KeyboardInterrupt if it was pressed."""
        if self._is_pressed:
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a handler's
        for other in (signal.SIGINT, signal.SIGTERM):  # what is being tidied up is not disturbed
            signal.signal(other, _ignored)
        self._is_pressed = True
        raise KeyboardInterrupt


class _Told:
    """A progress that tells the parent, not more often than it can show."""

    def __init__(self, parent: _Parent, interrupt: _Interrupt) -> None:
        self._parent, self._interrupt = parent, interrupt
        self._last_s, self._last_words = -_TOLD_EVERY_S, ""

    def __call__(self, what: str, done: int, total: int) -> None:
        self._interrupt.check()
        now_s = time.monotonic()
        if what == self._last_words and done < total and now_s - self._last_s < _TOLD_EVERY_S:
            return
        self._last_s, self._last_words = now_s, what
        self._parent.tell("progress", what, done, total)


def _log_to(parent: _Parent) -> None:
    """Warnings go to the parent, which knows where they are to be shown."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            parent.tell("log", record.name, record.levelno, record.getMessage())

    logger = logging.getLogger("asrcompress")
    logger.addHandler(Handler(level=logging.WARNING))
    logger.propagate = False


if __name__ == "__main__":
    main()
