"""Which task is next: what every engine asks, whatever its workers are."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from asrcompress.audit.failures import Failure, Reason, forget, remember, remembered
from asrcompress.audit.plan import Plan
from asrcompress.audit.tasks import Kind, Task, tasks_of
from asrcompress.audit.time_left import time_left
from asrcompress.core.progress import Progress

_UNITS = 1000  # a task's share of all of its kind, so that long tasks move the bar too
_LOOK_S = 10.0  # between looks at the time left, or 100 times as long as one takes
_WORDS: dict[Kind, str] = {
    "calibration": "calibration audio",
    "artefact": "compressing",
    "corpus": "corrupting",
    "cell": "recognising",
}


class Schedule:
    """The missing tasks of a plan: those that wait, those that run, and what failed.

    Every task that `next` gives is answered with `done`, `failed` or `again`.
    """

    def __init__(
        self, plan: Plan, progress: Progress, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._plan, self._progress, self._clock = plan, progress, clock
        tasks = tasks_of(plan)
        self._waiting = {task.id: task for task in tasks}
        self._running: dict[str, Task] = {}
        self._done_elsewhere: set[str] = set()  # as was last seen
        self._failures: dict[str, Failure] = {}
        self._shares = {task.id: 0 for task in tasks}
        self._sums: Counter[Kind] = Counter()
        self._counts = Counter(task.kind for task in tasks)
        self._look_again_s = clock() + _LOOK_S
        self._left_words: str | None = None
        for task in tasks:
            if (failure := remembered(plan, task)) is not None:
                self._waiting.pop(task.id, None)
                self._fail(failure)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be done so far, in the order in which it failed."""
        return tuple(self._failures.values())

    @property
    def is_over(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._waiting and not self._running

    @property
    def running(self) -> tuple[Task, ...]:
        return tuple(self._running.values())

    def next(self, group: str | None = None, *, is_one_machine: bool = True) -> Task | None:
        """The task to begin now; None while every one that waits has to wait.

        group: of the worker's last task, whose model it has loaded: its others come first, and
        those of groups that others work on come last. is_one_machine: everything runs on one, so
        that nothing begins beside a task that is to be alone.
        """
        ready = [task for task in self._waiting.values() if self._is_ready(task)]
        if is_one_machine:
            if any(task.is_alone for task in self._running.values()):
                return None
            ready = [task for task in ready if not (task.is_alone and self._running)]
        here = [task for task in ready if task.id not in self._done_elsewhere]
        task = _preferred(here or ready, group, {task.group for task in self._running.values()})
        if task is not None:
            self._running[task.id] = self._waiting.pop(task.id)
        return task

    def progress_of(self, task: Task) -> Progress:
        """Where the task tells how far it is; told onwards as a part of all of its kind."""
        words = _WORDS.get(task.kind)
        if words is None:
            return self._progress

        def report(what: str, done: int, total: int) -> None:  # noqa: ARG001 - the whole's name
            self._share(task, min(_UNITS * done // max(total, 1), _UNITS))
            self._tell(task.kind)

        return report

    def done(self, task: Task) -> None:
        """What it makes is in the cache."""
        del self._running[task.id]
        forget(self._plan, task.id)
        self._done_elsewhere.clear()  # by now they may have done more
        self._share_whole(task)

    def again(self, task: Task) -> None:
        """It was not done, through no fault of its own, and waits once more."""
        del self._running[task.id]
        self._waiting[task.id] = task

    def busy(self, task: Task) -> None:
        """Another process does it now, so that others come first."""
        self.again(task)
        self._done_elsewhere.add(task.id)

    def is_worth_waiting(self, task: Task) -> bool:
        """Whether a task that another process does was given for want of any other."""
        return task.id in self._done_elsewhere

    def failed(
        self, task: Task, cause: str, *, is_retried_next_run: bool, trace: str | None = None
    ) -> None:
        """It could not be done, and what needs it cannot either."""
        del self._running[task.id]
        failure = Failure(
            task=task.id,
            words=task.words,
            cause=cause,
            is_retried_next_run=is_retried_next_run,
            trace=trace,
        )
        remember(self._plan, failure)
        self._fail(failure)
        self._share_whole(task)

    def failed_for(self, task: Task, reason: Reason) -> None:
        """It could not be done for that reason."""
        self.failed(
            task,
            reason.cause,
            is_retried_next_run=reason.is_retried_next_run,
            trace=reason.trace,
        )

    def _is_ready(self, task: Task) -> bool:
        return not any(
            one in self._waiting or one in self._running for one in (*task.needs, *task.after)
        )

    def _fail(self, failure: Failure) -> None:
        self._failures[failure.task] = failure
        for task in [one for one in self._waiting.values() if failure.task in one.needs]:
            self._waiting.pop(task.id, None)
            blocked = Failure(
                task=task.id,
                words=task.words,
                cause=f"needs {failure.words}, which could not be made",
                is_retried_next_run=True,
                because_of=failure.because_of or failure.task,
            )
            self._fail(blocked)

    def _share_whole(self, task: Task) -> None:
        self._share(task, _UNITS)
        if task.kind in _WORDS:
            self._tell(task.kind)

    def _share(self, task: Task, share: int) -> None:
        self._sums[task.kind] += share - self._shares[task.id]
        self._shares[task.id] = share

    def _tell(self, kind: Kind) -> None:
        left = self._left()
        words = _WORDS[kind] if left is None else f"{_WORDS[kind]}: {left} left"
        self._progress(words, self._sums[kind], _UNITS * self._counts[kind])

    def _left(self) -> str | None:
        """The time left in words, looked at now and then; None where nothing is known."""
        now_s = self._clock()
        if now_s >= self._look_again_s:
            done = {task: self._shares[task] / _UNITS for task in self._running}
            self._left_words = time_left(self._plan, done=done).words
            self._look_again_s = self._clock() + max(_LOOK_S, 100 * (self._clock() - now_s))
        return self._left_words


def _preferred(ready: Sequence[Task], group: str | None, taken: set[str | None]) -> Task | None:
    """The first of the same group, else the first whose group nobody works on, else the first."""
    own = (task for task in ready if group is not None and task.group == group)
    free = (task for task in ready if task.group not in taken)
    return next(own, None) or next(free, None) or next(iter(ready), None)
