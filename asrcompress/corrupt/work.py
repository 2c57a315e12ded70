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

from asrcompress.core.audio import (
    SAMPLE_RATE_HZ,
    AudioFormat,
    Samples,
    read_audio,
    suffix_of,
    write_audio,
)
from asrcompress.core.condition import SOURCE_COLUMN, Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import IncompleteError, InputError
from asrcompress.corrupt.chain import SNR_TOLERANCE_DB, Corrupted, corrupt
from asrcompress.corrupt.sources import Libraries

AUDIO_FOLDER = "audio"
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
    with _collected_warnings(outcome.warnings):
        try:
            samples = utterance.audio()
        except InputError as error:
            outcome.causes = {condition.name: str(error) for condition in job.conditions}
            return outcome
        for condition in job.conditions:
            try:
                corrupted = corrupt(utterance, samples, condition, job.libraries)
                outcome.rows[condition.name] = _write(job, utterance, corrupted, name)
            except InputError as error:
                outcome.causes[condition.name] = str(error)
    return outcome


def _write(job: Job, utterance: Utterance, corrupted: Corrupted, name: str) -> dict[str, Any]:
    relative = Path(AUDIO_FOLDER) / (name + suffix_of(job.audio_format))
    path = job.folder / corrupted.record["condition"] / relative
    samples = corrupted.samples
    write_audio(path, samples, kind=job.audio_format)
    row = _row(utterance, relative, len(samples), _measured(corrupted, path))
    return {**row, SOURCE_COLUMN: _source_of(utterance, job.source_folder)}


def _measured(corrupted: Corrupted, path: Path) -> dict[str, Any]:
    """The record with the SNR of the file as it is read back."""
    if corrupted.achieved_snr_db(corrupted.samples) is None:
        return corrupted.record
    written: Samples = read_audio(path)
    achieved_db = corrupted.achieved_snr_db(written)
    asked_db = corrupted.record["snr_db"]
    if achieved_db is None or abs(achieved_db - asked_db) > SNR_TOLERANCE_DB:
        path.unlink()
        raise InputError(
            "SNR out of reach in this audio format",
            where=path.name,
            got=f"{achieved_db} dB",
            expected=f"{asked_db} dB within {SNR_TOLERANCE_DB}",
            next_step="the recording is too quiet: use 24-bit FLAC or WAV, or leave it out",
        )
    return {**corrupted.record, "achieved_snr_db": round(achieved_db, 6) + 0.0}


def _row(
    utterance: Utterance, relative: Path, frames: int, record: dict[str, Any]
) -> dict[str, Any]:
    """A NeMo manifest row; a column of the source gives way to one of ours of the same name."""
    texts = {"text": utterance.text, "speaker": utterance.speaker}
    return {
        "audio_filepath": relative.as_posix(),
        **{name: text for name, text in texts.items() if text is not None},
        "duration": round(frames / SAMPLE_RATE_HZ, 6),
        "id": utterance.id,
        **{name: value for name, value in utterance.fields.items() if name not in _OUR_COLUMNS},
        **record,
    }


def _source_of(utterance: Utterance, folder: Path) -> str:
    """The recording that the utterance is from, the same for all its segments.

    A corpus that was corrupted before says it itself.
    """
    given = utterance.fields.get(SOURCE_COLUMN)
    if given not in (None, ""):
        return str(given)
    path = utterance.path.absolute()
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


_OUR_COLUMNS = frozenset({"audio_filepath", "text", "duration", "offset", "speaker", "id"})


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
