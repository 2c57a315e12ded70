"""How long each piece of an audit took to make, beside the cache: never in a result.

A line a piece, added as it is done, by any number of processes. Lines that cannot be read, cut
short by a kill perhaps, count for nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from time import monotonic

from asrcompress.audit.plan import Plan
from asrcompress.audit.tasks import Task

TIMINGS_NAME = "timings.jsonl"  # in the cache


@contextmanager
def timed(plan: Plan, task: Task, jobs: int) -> Iterator[None]:
    """Keep how long the work inside takes, unless it is ended or the piece was there already.

    jobs: how many such tasks run beside each other, among which the time is shared.
    """
    piece = plan.cache.piece(task.kind, task.key)
    if piece.exists():
        yield
        return
    start_s = monotonic()
    yield
    keep_timing(plan, task.id, (monotonic() - start_s) / max(1, jobs))


def keep_timing(plan: Plan, task: str, duration_s: float) -> None:
    """Add a line; where none can be written, the time left is less well known, and that is all."""
    line = json.dumps({"task": task, "duration_s": round(duration_s, 3)}) + "\n"
    try:
        handle = os.open(_file(plan), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line.encode())  # in one call, so that no other line gets in between
        finally:
            os.close(handle)
    except OSError:
        return


def read_timings(plan: Plan) -> Mapping[str, float]:
    """The seconds that each task took when it was done last, by its id."""
    try:
        lines = _file(plan).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return dict(found for line in lines if (found := _parsed(line)) is not None)


def _parsed(line: str) -> tuple[str, float] | None:
    try:
        row = json.loads(line)
        task, duration_s = row["task"], float(row["duration_s"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_usable = isinstance(task, str) and isfinite(duration_s) and duration_s >= 0
    return (task, duration_s) if is_usable else None


def _file(plan: Plan) -> Path:
    return plan.cache.folder / TIMINGS_NAME
