"""Processes that measure: each has done nothing else before, and no shell is involved.

A process that has loaded other models or audio tells nothing of one model's memory and speed. A
child gets its tasks as lines of JSON on stdin and answers each with one on stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from asrcompress.core import errors
from asrcompress.core.errors import AsrcompressError, ModelError

HOME = Path(__file__).resolve().parents[2]  # the folder that asrcompress is imported from
_GRACE_S = 10.0  # for a child that was told to end; then it is ended
_LAST_WORDS_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What a child is for: its errors say so. timeout_s: for each answer; None waits."""

    module: str
    what: str
    model: str
    timeout_s: float | None = None
    next_step: str | None = None


class Child:
    """One process, from its start to the end of the `with` block; it works only when asked."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        # a file, for a pipe that nobody reads would fill up and block it
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", asked.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            encoding="utf-8",
            errors="replace",
            cwd=HOME,  # the user's folder could hold a torch.py, and -m would import it
        )

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it end by itself after work that went well, else end it."""
        try:
            if kind is not None:
                self._process.kill()
            self._process.communicate(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        finally:
            self._errors.close()

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer to one task.

        Raises:
            ModelError: it died, or gave none in time.
            AsrcompressError: the error that it answered with.
        """
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(self._asked.timeout_s or 0.0, give_up)
        if self._asked.timeout_s is not None:
            timer.start()
        try:
            line = self._exchange(json.dumps(task))
        finally:
            timer.cancel()
        if is_late.is_set():
            raise self._error(f"no answer in {self._asked.timeout_s:g} s")
        try:
            answer: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            raise self._error(self._death(is_ending=not line)) from None
        if "error" in answer:
            raise error_of(answer["kind"], answer["error"])
        return answer

    def _exchange(self, line: str) -> str:
        """Its answer; an empty text where it has ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return ""
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except OSError:
            return ""
        return stdout.readline()

    def _death(self, *, is_ending: bool) -> str:
        """Its end in words, which it may still be writing; what answers no JSON is ended."""
        if not is_ending:
            self._process.kill()
        try:
            status = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        end = self._errors.seek(0, 2)
        self._errors.seek(max(0, end - _LAST_WORDS_BYTES))
        return died(status, self._errors.read().decode("utf-8", "replace"))

    def _error(self, got: str) -> ModelError:
        asked = self._asked
        return ModelError(
            f"cannot measure the {asked.what}",
            where=asked.model,
            got=got,
            next_step=asked.next_step,
        )


def died(status: int, errors_text: str) -> str:
    """A process's end in words: its status and what it said last."""
    lines = errors_text.strip().splitlines()
    return f"exit status {status}, {lines[-1] if lines else 'without a message'}"


def error_of(kind: str, message: str) -> AsrcompressError:
    """The child's error as it was, for the exit code depends on its kind."""
    found = getattr(errors, kind, AsrcompressError)
    error: AsrcompressError = found(message)
    return error


def place_of(model: str | Path) -> str:
    """The model's name for a process with another working folder."""
    return str(Path(model).absolute()) if Path(model).exists() else str(model)
