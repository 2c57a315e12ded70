"""A worker seen from its parent: started when it has work, replaced when it dies."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from asrcompress.audit.failures import LESS_MEMORY
from asrcompress.audit.plan import Plan
from asrcompress.audit.request import AuditRequest
from asrcompress.audit.schedule import Schedule
from asrcompress.audit.tasks import Task
from asrcompress.core.errors import IncompleteError

_CHILD = "asrcompress.audit.engines._local_child"
_HOME = Path(__file__).resolve().parents[3]  # the folder that asrcompress is imported from
_NO_PROCESS = "a worker process cannot be started"
_DEATH_S = 10.0  # for a process that has closed its connection to end


class WorkerProcess:
    """One process, and the task that it does.

    environment: what its own has beside the parent's.
    """

    def __init__(
        self, plan: Plan, request: AuditRequest, schedule: Schedule, environment: Mapping[str, str]
    ) -> None:
        self._plan, self._request, self._schedule = plan, request, schedule
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._is_ready = False
        self.task: Task | None = None
        self.group: str | None = None

    @property
    def connection(self) -> Connection | None:
        """What `multiprocessing.connection.wait` takes; None where no process runs."""
        return self._connection

    def begin(self, task: Task) -> None:
        """Give it a task; it has none."""
        self.task, self.group = task, task.group
        try:
            if self._connection is None:
                self._start()
            self._send((task, self._schedule.is_worth_waiting(task)))
        except ConnectionError:  # it has died meanwhile
            self._died()

    def hear(self) -> None:
        """Take what it says.

        Raises:
            KeyboardInterrupt: it was interrupted; the words say where to go on.
            IncompleteError: it cannot even be started.
        """
        if self._connection is None:
            return
        try:
            kind, *values = self._connection.recv()
        except (EOFError, OSError):
            self._died()
            return
        self._take(kind, values)

    def _take(self, kind: str, values: list[Any]) -> None:
        if kind == "interrupted":
            raise KeyboardInterrupt(*filter(None, values))
        if kind == "log":
            name, level, message = values
            logging.getLogger(name).log(level, "%s", message)
        elif kind == "ready":
            self._is_ready = True
        elif self.task is not None and kind == "progress":
            self._schedule.progress_of(self.task)(*values)
        elif self.task is not None:
            task, self.task = self.task, None
            if kind == "done":
                self._schedule.done(task)
            elif kind == "busy":
                self._schedule.busy(task)
            else:
                self._schedule.failed_for(task, values[0])

    def interrupt(self) -> None:
        """Let it leave its work in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def last_words(self, until_s: float) -> str:
        """What it says of where to go on, until it ends; until_s: by the monotonic clock."""
        words = ""
        connection = self._connection
        try:
            while connection is not None and connection.poll(max(0, until_s - time.monotonic())):
                kind, *values = connection.recv()
                words = str(values[0]) if kind == "interrupted" else words
        except (EOFError, OSError):
            pass
        return words

    def end(self, grace_s: float = 0.0) -> None:
        """End the process: at once, or by itself within the time that it is given."""
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()  # an idle one ends by that
            self._connection = None
        if process is None:
            return
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> None:
        here, there = multiprocessing.Pipe()
        # Ctrl-C waits until the child is ready for it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _CHILD, str(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(there.fileno(),),
                env=self._environment,
                cwd=_HOME,  # the user's folder could hold a torch.py, and -m would import it
            )
        except OSError as error:
            here.close()
            raise IncompleteError(_NO_PROCESS, got=error.strerror) from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            there.close()
        self._connection, self._is_ready = here, False
        self._send((os.getcwd(), self._plan, self._request))

    def _send(self, value: object) -> None:
        if self._connection is not None:
            self._connection.send(value)

    def _died(self) -> None:
        process, task = self._process, self.task
        self.task = None
        status = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = process.wait(_DEATH_S)
        self.end()
        if not self._is_ready and status is not None and status > 0:
            raise IncompleteError(_NO_PROCESS, got=f"exit status {status}")
        if task is not None:
            self._schedule.failed(task, _death(status), is_retried_next_run=True)


def _death(status: int | None) -> str:
    """The end of a process in words."""
    if status == -signal.SIGKILL:
        return f"its process was killed, probably out of memory; {LESS_MEMORY}, and run it again"
    if status is not None and status < 0:
        return f"its process crashed ({signal.Signals(-status).name}); run it again"
    return f"its process ended (exit status {status}); run it again"
