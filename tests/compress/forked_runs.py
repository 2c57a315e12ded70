"""Command lines run in processes that are killed, interrupted, or denied room to write.

A server imports the program once; each command line is a fork of it, so that dozens of kills take
seconds. What a fork does to the folder of the output is counted by an audit hook, in which it can
be sent a signal right before its n-th change there.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EVENTS = "events"


@dataclass(frozen=True)
class Command:
    """A command line, and what is to happen to it.

    folder: where changes are counted; counted: only those of paths that it is part of. signal_at:
    the change before which `signal_number` is sent. after_s: the time after which it is sent.
    file_bytes: the largest file that may be written.
    """

    arguments: tuple[str, ...]
    folder: str
    counted: str = ""
    signal_at: int | None = None
    after_s: float | None = None
    signal_number: int = signal.SIGKILL
    file_bytes: int | None = None


@dataclass(frozen=True)
class Ended:
    """The exit code (negative: killed by that signal), the standard streams, and the changes."""

    code: int
    out: str
    err: str
    changes: int


class Runner:
    """Sends command lines to a server process."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def run(self, command: Command) -> Ended:
        """Run it to its end."""
        if self._server.stdin is None or self._server.stdout is None:
            raise RuntimeError("the server has no pipes")
        self._server.stdin.write(json.dumps(asdict(command)) + "\n")
        self._server.stdin.flush()
        return Ended(**json.loads(self._server.stdout.readline()))


@contextmanager
def runner(folder: Path) -> Iterator[Runner]:
    """A server for the time of the block; its files are put into `folder`."""
    command = [sys.executable, "-W", "ignore", __file__, str(folder)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        try:
            yield Runner(server)
        finally:
            server.kill()


def _serve(folder: Path) -> None:
    _import_all()
    for line in sys.stdin:
        command = Command(**json.loads(line))
        for name in ("out", "err", _EVENTS):
            (folder / name).write_text("")
        child = os.fork()
        if child == 0:
            _be(command, folder)
        _, status = os.waitpid(child, 0)
        ended = Ended(
            code=os.waitstatus_to_exitcode(status),
            out=(folder / "out").read_text(),
            err=(folder / "err").read_text(),
            changes=len((folder / _EVENTS).read_text()),
        )
        print(json.dumps(asdict(ended)), flush=True)  # noqa: T201 - the answer


def _import_all() -> None:
    import accelerate.state
    import optimum.quanto
    import transformers

    from asrcompress import compress, load
    from asrcompress.compress.structured import objective
    from asrcompress.compress.training import loop

    del accelerate, optimum, compress, load, objective, loop
    transformers.Wav2Vec2ForCTC  # noqa: B018 - imported when first named


def _be(command: Command, folder: Path) -> None:
    """Become the command; never returns."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_TRUNC), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if command.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (command.file_bytes, resource.RLIM_INFINITY))
    _watch(command, os.open(folder / _EVENTS, os.O_WRONLY))
    if command.after_s is not None:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), command.signal_number))
        signal.setitimer(signal.ITIMER_REAL, command.after_s)
    from asrcompress.cli.boundary import run

    code = run(command.arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _watch(command: Command, events: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if not _is_change(event, arguments, command):
            return
        seen += 1
        os.write(events, b".")
        if seen == command.signal_at:
            os.kill(os.getpid(), command.signal_number)

    sys.addaudithook(hook)


def _is_change(event: str, arguments: tuple[Any, ...], command: Command) -> bool:
    if event == "open":
        path, _, flags = arguments
        is_there = bool(flags & _WRITING) and str(path).startswith(command.folder)
        return is_there and command.counted in str(path)
    if event not in _CHANGES:
        return False
    path = str(arguments[0])
    # rmtree names them relatively
    is_there = path.startswith(command.folder) or not os.path.isabs(path)
    return is_there and command.counted in path


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
