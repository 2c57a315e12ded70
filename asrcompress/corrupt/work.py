"""One recording under every condition, written to files; in this process or in several."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asrcompress.core.audio import AudioFormat, read_audio
from asrcompress.core.condition import SOURCE_COLUMN, Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import IncompleteError, InputError
from asrcompress.corrupt.chain import corrupt
from asrcompress.corrupt.sources import Libraries
from asrcompress.corrupt.writing import source_of, write_recording

_WORTH_A_POOL_S = 1200.0  # seconds of output: below it starting the processes takes longer
_AUDIO_LOGGER = logging.getLogger(read_audio.__module__)  # it warns of several channels


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every recording of a run; recordings are named from `source_folder`."""

    conditions: tuple[Condition, ...]
    libraries: Libraries
    folder: Path
    audio_format: AudioFormat
    source_folder: Path


@dataclass(slots=True)
class Outcome:
    """One recording's manifest row or cause of failure by condition, and what was logged."""

    utterance: Utterance
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


Item = tuple[Utterance, str]


def corrupt_all(job: Job, items: Sequence[Item], workers: int | None) -> Iterator[Outcome]:
    """The outcomes in the order of the items, the same for any number of workers.

    Raises:
        OutputError: the audio cannot be written.
        IncompleteError: a worker process was killed.
    """
    output_s = len(job.conditions) * sum(utterance.duration_s for utterance, _ in items)
    processes = min(workers or _cores(), len(items))
    if processes <= 1 or (workers is None and output_s < _WORTH_A_POOL_S):
        yield from (corrupt_and_write(job, item) for item in items)
    else:
        yield from _in_processes(job, items, processes)


def corrupt_and_write(job: Job, item: Item) -> Outcome:
    """One recording, decoded once, under every condition of the job."""
    utterance, name = item
    outcome = Outcome(utterance)
    source = source_of(utterance, job.source_folder)
    with _collected_warnings(outcome.warnings):
        try:
            samples = utterance.audio()
        except InputError as error:
            outcome.causes = {condition.name: str(error) for condition in job.conditions}
            return outcome
        for condition in job.conditions:
            try:
                corrupted = corrupt(utterance, samples, condition, job.libraries)
                row = write_recording(
                    job.folder / condition.name, name, utterance, corrupted, job.audio_format
                )
                outcome.rows[condition.name] = {**row, SOURCE_COLUMN: source}
            except InputError as error:
                outcome.causes[condition.name] = str(error)
    return outcome


@contextlib.contextmanager
def _collected_warnings(messages: list[str]) -> Iterator[None]:
    """Takes the warnings of reading out of the log, for the parent process to tell each once."""

    def take(record: logging.LogRecord) -> bool:
        messages.append(record.getMessage())
        return False

    _AUDIO_LOGGER.addFilter(take)
    try:
        yield
    finally:
        _AUDIO_LOGGER.removeFilter(take)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_processes(job: Job, items: Sequence[Item], processes: int) -> Iterator[Outcome]:
    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_start, initargs=(job,)
    )
    try:
        yield from pool.map(_corrupt_in_worker, items, chunksize=4)
    except BrokenProcessPool:
        raise IncompleteError(
            "a worker process was killed", next_step="run with fewer workers, or with 1"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_job_of_worker: Job | None = None


def _start(job: Job) -> None:
    """Prepares a worker: it keeps the job, and leaves Ctrl-C to the parent."""
    global _job_of_worker
    _job_of_worker = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _corrupt_in_worker(item: Item) -> Outcome:
    if _job_of_worker is None:
        raise RuntimeError("the worker was not started with a job")
    return corrupt_and_write(_job_of_worker, item)
