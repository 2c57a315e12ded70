"""`run(CorruptRequest)`: a corpus in, one corpus for each condition out."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asrcompress.core.audio import AudioFormat
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file, write_json_lines
from asrcompress.core.output import check_output, staged_folder
from asrcompress.core.progress import Progress, silent
from asrcompress.core.provenance import versions
from asrcompress.corrupt.chain import check_conditions, shared_beginnings
from asrcompress.corrupt.marker import (
    MANIFEST_NAME,
    ConditionRecord,
    LeftOut,
    Marker,
    Source,
    write_marker,
)
from asrcompress.corrupt.names import file_names
from asrcompress.corrupt.result import CorruptedCorpus, CorruptResult, result_of
from asrcompress.corrupt.sources import open_libraries
from asrcompress.corrupt.work import Job, Outcome, corrupt_all
from asrcompress.corrupt.writing import AUDIO_FOLDER

_MOST_WARNINGS = 5
_LOGGER = logging.getLogger("asrcompress.corrupt")


@dataclass(frozen=True, slots=True)
class CorruptRequest:
    """What to corrupt, how, and where to.

    `workers` None is one process for each core, and this process alone where the work is small.
    With more than one the calling script needs Python's usual `if __name__ == "__main__":`.
    """

    corpus: str | Path | Corpus
    conditions: tuple[Condition, ...]
    output: Path
    noise: Path | None = None
    rir: Path | None = None
    format_name: str | None = None
    audio_format: AudioFormat = "flac"
    workers: int | None = None
    overwrite: bool = False
    max_bad_files: int = 0


def run(request: CorruptRequest, progress: Progress = silent) -> CorruptResult:
    """Write a corpus for each condition, all or nothing.

    Raises:
        InputError: a mistake in the request, found before any work; or at the end more unreadable
            recordings than `max_bad_files`.
        OutputError: the output exists, cannot be written, or would touch what is read.
    """
    _check_numbers(request)
    place = None if isinstance(request.corpus, Corpus) else request.corpus
    _check_output(request, place, request.noise, request.rir)
    corpus = (
        request.corpus
        if isinstance(request.corpus, Corpus)
        else read_corpus(request.corpus, format_name=request.format_name)
    )
    if request.overwrite:  # a manifest may list recordings anywhere, in the old output too
        _check_output(request, *(utterance.path for utterance in corpus.utterances))
    libraries = open_libraries(corpus, request.noise, request.rir)
    check_conditions(request.conditions, libraries)
    source = Source(name=corpus.name, sha256=corpus.sha256())
    with staged_folder(request.output, overwrite=request.overwrite) as staging:
        job = Job(
            conditions=request.conditions,
            shared=shared_beginnings(request.conditions),
            libraries=libraries,
            folder=staging,
            audio_format=request.audio_format,
            source_folder=_source_folder(corpus),
        )
        outcomes = _corrupt(job, corpus, request.workers, progress)
        _check_bad(outcomes, request)
        result = result_of(request.conditions, request.output, libraries, outcomes)
        _write_manifests(staging, result, outcomes)
        write_marker(staging, _marker(source, request, result, staging))
    return result


def _check_output(request: CorruptRequest, *inputs: str | Path | None) -> None:
    check_output(request.output, overwrite=request.overwrite, inputs=inputs)


def _check_numbers(request: CorruptRequest) -> None:
    if request.workers is not None and request.workers < 1:
        raise InputError("bad number of workers", got=request.workers, expected="1 or more")
    if request.max_bad_files < 0:
        raise InputError("bad max_bad_files", got=request.max_bad_files, expected="0 or more")


def _source_folder(corpus: Corpus) -> Path:
    """The folder that all recordings lie in; on several drives the first one's."""
    folders = [str(utterance.path.absolute().parent) for utterance in corpus.utterances]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        return Path(folders[0])


def _corrupt(
    job: Job, corpus: Corpus, workers: int | None, progress: Progress
) -> tuple[Outcome, ...]:
    for condition in job.conditions:
        (job.folder / condition.name / AUDIO_FOLDER).mkdir(parents=True)
    names = file_names(utterance.id for utterance in corpus.utterances)
    items = [(utterance, names[utterance.id]) for utterance in corpus.utterances]
    outcomes = []
    progress("corrupting", 0, len(items))
    for outcome in corrupt_all(job, items, workers):
        outcomes.append(outcome)
        progress("corrupting", len(outcomes), len(items))
    _log_warnings([message for outcome in outcomes for message in outcome.warnings])
    return tuple(outcomes)


def _log_warnings(messages: Sequence[str]) -> None:
    unique = list(dict.fromkeys(messages))
    for message in unique[:_MOST_WARNINGS]:
        _LOGGER.warning("%s", message)
    if len(unique) > _MOST_WARNINGS:
        _LOGGER.warning("%d more warnings like these", len(unique) - _MOST_WARNINGS)


def _check_bad(outcomes: Sequence[Outcome], request: CorruptRequest) -> None:
    """Logs every recording that failed; too many of them, or nothing but them, is an error."""
    bad = [outcome for outcome in outcomes if outcome.causes]
    causes = [cause for outcome in bad for cause in dict.fromkeys(outcome.causes.values())]
    for cause in causes:
        _LOGGER.warning("left out: %s", cause)
    emptied = [
        condition.name
        for condition in request.conditions
        if not any(condition.name in outcome.rows for outcome in outcomes)
    ]
    if len(bad) > request.max_bad_files or emptied:
        raise InputError(
            f"{len(bad)} of {len(outcomes)} recordings could not be corrupted, the first",
            where=causes[0],
            expected=f"at most {request.max_bad_files}",
            next_step=f"no recording is left under {emptied[0]}"
            if emptied
            else f"mend them, or allow {len(bad)} with max_bad_files (--max-bad-files)",
        )


def _write_manifests(staging: Path, result: CorruptResult, outcomes: Sequence[Outcome]) -> None:
    for corpus in result.corpora:
        name = corpus.condition.name
        rows = (outcome.rows[name] for outcome in outcomes if name in outcome.rows)
        write_json_lines(staging / name / MANIFEST_NAME, rows)


def _marker(
    source: Source, request: CorruptRequest, result: CorruptResult, staging: Path
) -> Marker:
    return Marker(
        source=source,
        audio_format=request.audio_format,
        conditions=[_condition_record(corpus, staging) for corpus in result.corpora],
        libraries=result.libraries,
        is_simulated=result.is_simulated,
        versions=versions(),
    )


def _condition_record(corrupted: CorruptedCorpus, staging: Path) -> ConditionRecord:
    condition = corrupted.condition
    return ConditionRecord(
        **condition.as_json(),
        utterances=corrupted.utterances,
        is_simulated=corrupted.is_simulated,
        bad_files=[LeftOut(id=bad.id, cause=bad.cause) for bad in corrupted.bad_files],
        manifest_sha256=sha256_of_file(staging / condition.name / MANIFEST_NAME),
    )
