"""Progress where nothing can be drawn: a line now and then, for a log that people read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from asrcompress.core.progress import tells_time_left

_QUIET_S = 60.0  # shorter work has no line; then at most one a minute, and one for a per cent
_NUMBER_AT_END = re.compile(r"\s+[\d,]+$")


def task_of(what: str) -> str:
    """The name of a task whose words change: `training 1200: loss 0.1` is the task `training`."""
    name, colon, _ = what.partition(": ")
    return _NUMBER_AT_END.sub("", name) if colon else what


def clock_words(duration_s: float) -> str:
    """A duration in hours, minutes and seconds: 2:13:00."""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


@dataclass(slots=True)
class _Task:
    """When it began and with how much done, and when it was last told of and with how much."""

    start_s: float
    start_share: float
    told_s: float
    told_percent: int
    lines: int = 0


class ProgressLines:
    """A progress that writes few lines, each with the task's own words, per cent and time left."""

    def __init__(
        self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write, self._clock = write, clock
        self._tasks: dict[str, _Task] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        now_s = self._clock()
        share, percent = (done / total, 100 * done // total) if total else (1.0, 100)
        name = task_of(what)
        task = self._tasks.get(name)
        if task is None or percent < task.told_percent:  # new, or begun again
            self._tasks[name] = _Task(now_s, share, now_s, percent)
            return
        if done >= total:
            if task.lines:
                done_words = task_of(what) if tells_time_left(what) else what
                self._write(f"{done_words} (100 %, took {clock_words(now_s - task.start_s)})")
            del self._tasks[name]
        elif now_s - task.told_s >= _QUIET_S and percent > task.told_percent:
            left_s = (now_s - task.start_s) * (1 - share) / (share - task.start_share)
            left = "" if tells_time_left(what) else f", about {clock_words(left_s)} left"
            self._write(f"{what} ({percent} %{left})")
            task.told_s, task.told_percent = now_s, percent
            task.lines += 1
