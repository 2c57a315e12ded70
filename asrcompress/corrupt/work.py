"""One recording under every condition, written to files."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asrcompress.core.audio import AudioFormat, read_audio
from asrcompress.core.condition import SOURCE_COLUMN, Condition
from asrcompress.core.corpus import Utterance
from asrcompress.core.errors import InputError
from asrcompress.corrupt.chain import Recording
from asrcompress.corrupt.pool import mapped
from asrcompress.corrupt.sources import Libraries
from asrcompress.corrupt.writing import source_of, write_recording

_AUDIO_LOGGER = logging.getLogger(read_audio.__module__)  # it warns of several channels


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every recording of a run; recordings are named from `source_folder`.

    `shared` is what several of the conditions begin with.
    """

    conditions: tuple[Condition, ...]
    shared: frozenset[str]
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
    audio_s = len(job.conditions) * sum(utterance.duration_s for utterance, _ in items)
    return mapped(corrupt_and_write, job, items, workers=workers, audio_s=audio_s)


def corrupt_and_write(job: Job, item: Item) -> Outcome:
    """One recording, decoded once, under every condition of the job."""
    utterance, name = item
    outcome = Outcome(utterance)
    source = source_of(utterance, job.source_folder)
    with collected_warnings(outcome.warnings):
        try:
            recording = Recording(utterance, utterance.audio(), job.libraries, job.shared)
        except InputError as error:
            outcome.causes = {condition.name: str(error) for condition in job.conditions}
            return outcome
        for condition in job.conditions:
            try:
                corrupted = recording.under(condition)
                row = write_recording(
                    job.folder / condition.name, name, utterance, corrupted, job.audio_format
                )
                outcome.rows[condition.name] = {**row, SOURCE_COLUMN: source}
            except InputError as error:
                outcome.causes[condition.name] = _cause(error, utterance)
    return outcome


def _cause(error: InputError, utterance: Utterance) -> str:
    """The error's line, which names the recording even where an effect does not know it."""
    line, path = str(error), str(utterance.path)
    return line if path in line else f"{path}: {line}"


@contextlib.contextmanager
def collected_warnings(messages: list[str]) -> Iterator[None]:
    """Takes the warnings of reading out of the log, for the caller to tell each once."""

    def take(record: logging.LogRecord) -> bool:
        messages.append(record.getMessage())
        return False

    _AUDIO_LOGGER.addFilter(take)
    try:
        yield
    finally:
        _AUDIO_LOGGER.removeFilter(take)
