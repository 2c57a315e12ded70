"""The same function over many items, in this process or in several; results in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, TypeVar

from asrcompress.core.errors import IncompleteError

Job = TypeVar("Job")
Item = TypeVar("Item")
Found = TypeVar("Found")

_WORTH_A_POOL_S = 1200.0  # seconds of audio: below it starting the processes takes longer
_MOST_AT_ONCE = 16  # items handed to a worker together
_ORPHANED = 1  # exit status, which nobody is left to read


def mapped(
    function: Callable[[Job, Item], Found],
    job: Job,
    items: Sequence[Item],
    *,
    workers: int | None,
    audio_s: float,
) -> Iterator[Found]:
    """`function(job, item)` for every item; `function` is one that another process can import.

    workers None: one process for each core, and this one alone where there are fewer than
    1200 s of audio to work on.

    Raises:
        IncompleteError: a worker process was killed.
    """
    processes = min(workers or _cores(), len(items))
    if processes <= 1 or (workers is None and audio_s < _WORTH_A_POOL_S):
        yield from (function(job, item) for item in items)
    else:
        yield from _in_processes(function, job, items, processes)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_processes(
    function: Callable[[Job, Item], Found], job: Job, items: Sequence[Item], processes: int
) -> Iterator[Found]:
    pool = ProcessPoolExecutor(
        processes,
        multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(function, job),
    )
    at_once = max(1, min(_MOST_AT_ONCE, len(items) // (4 * processes)))
    try:
        yield from pool.map(_in_worker, items, chunksize=at_once)
    except BrokenProcessPool:
        raise IncompleteError(
            "a worker process was killed", next_step="run with fewer workers, or with 1"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_work: tuple[Callable[[Any, Any], Any], Any] | None = None


def _start(function: Callable[[Any, Any], Any], job: object) -> None:
    """Prepares a worker: it keeps the job, leaves Ctrl-C to the parent, and ends with it."""
    global _work
    _work = function, job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed; it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(_ORPHANED)


def _in_worker(item: Any) -> Any:
    if _work is None:
        raise RuntimeError("the worker was not started with a job")
    function, job = _work
    return function(job, item)
