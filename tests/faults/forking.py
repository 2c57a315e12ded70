"""A process that has all libraries loaded, and forks itself for every audit that it is asked for.

An audit starts within milliseconds so, and can be killed at many moments. Run as a program it
reads command lines as JSON from stdin, and answers each with the process's id and then its status.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from asrcompress.cli.boundary import run


def main() -> None:
    """Do the first command line in this process, and each other one in a fork of it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an audit prints is no answer

    def answer(number: int) -> None:
        answers.write(f"{number}\n")
        answers.flush()

    answer(run(json.loads(sys.stdin.readline())))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setsid()
            os._exit(run(json.loads(line)))
        answer(child)
        answer(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


class Forks:
    """That process, seen from a test."""

    def __init__(self, said: Path) -> None:
        self._said = said
        with said.open("w", encoding="utf-8") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.forking"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
            )

    def first(self, arguments: list[str]) -> int:
        """The exit code of a command line that loads the libraries."""
        self._ask(arguments)
        return self.status()

    def begin(self, arguments: list[str]) -> int:
        """The id of a process that does a command line."""
        self._ask(arguments)
        return self.status()

    def status(self) -> int:
        """How the process ended that was begun last: its exit code, or minus its signal."""
        return int(self._stream("stdout").readline())

    def said(self) -> str:
        """Everything on stderr so far."""
        return self._said.read_text(encoding="utf-8")

    def end(self) -> None:
        self._stream("stdin").close()
        self._process.wait()
        self._stream("stdout").close()

    def _ask(self, arguments: list[str]) -> None:
        self._stream("stdin").write(json.dumps(arguments) + "\n")
        self._stream("stdin").flush()

    def _stream(self, name: str) -> Any:
        return getattr(self._process, name)


if __name__ == "__main__":
    main()
