"""`verify(VerifyRequest)`: whether a folder of corrupted corpora is what it says it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.audio import audio_files
from asrcompress.core.corpus import Corpus, Utterance, read_corpus
from asrcompress.core.errors import InputError, IntegrityError
from asrcompress.core.files import read_json_lines, sha256_of_file
from asrcompress.core.progress import Progress, silent
from asrcompress.corrupt.chain import check_names
from asrcompress.corrupt.effect import bind
from asrcompress.corrupt.marker import MANIFEST_NAME, ConditionRecord, Marker, read_marker
from asrcompress.corrupt.originals import RECORD, Originals, open_originals
from asrcompress.corrupt.pool import mapped
from asrcompress.corrupt.verify_file import FileCheck, Place, check_file
from asrcompress.corrupt.work import collected_warnings
from asrcompress.corrupt.writing import AUDIO_FOLDER

Fault = tuple[str, str]  # a file, and what is wrong with it
_NAMED = 5  # files in the error's line


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify, and the originals where they are at hand.

    With the corpus that was corrupted, SNRs are measured anew from its recordings. With the noise
    and response folders too (or where built-in ones were used) every file is made again.
    """

    folder: Path
    corpus: str | Path | Corpus | None = None
    noise: Path | None = None
    rir: Path | None = None
    format_name: str | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class ConditionCheck:
    """What was found of one condition's files, and what they were compared with."""

    name: str
    compared_with: str
    files: int
    faults: tuple[Fault, ...]
    clipped: int
    worst_snr_error_db: float | None

    @property
    def bad_files(self) -> int:
        return len({name for name, _ in self.faults})


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was found, condition by condition."""

    folder: Path
    conditions: tuple[ConditionCheck, ...]

    def raise_if_bad(self) -> None:
        """Raises IntegrityError naming the files that differ, where there are any."""
        faults = [fault for check in self.conditions for fault in check.faults]
        if not faults:
            return
        names = list(dict.fromkeys(name for name, _ in faults))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise IntegrityError(
            f"{len(names)} of {sum(check.files for check in self.conditions)} files differ from "
            "what was written",
            where=self.folder,
            got=f"{', '.join(names[:_NAMED])}{more} (the first: {faults[0][1]})",
            next_step="corrupt the corpus again",
        )


@dataclass(frozen=True, slots=True)
class _Task:
    condition: str
    row: dict[str, Any]
    original: Utterance | None


def verify(request: VerifyRequest, progress: Progress = silent) -> VerifyResult:
    """Every file of the folder, read back and compared; the folder is not changed.

    Raises:
        InputError: it is no folder that `run` wrote, its corpus.json names an effect or a value
            that there is not, or the corpus or a library is not the one it was made from.
    """
    marker = read_marker(request.folder)
    check_names([record.name for record in marker.conditions])
    for record in marker.conditions:
        bind(record.condition)
    originals = _originals(request, marker)
    rows: dict[str, list[dict[str, Any]]] = {}
    faults: dict[str, list[Fault]] = {}
    for record in marker.conditions:
        rows[record.name], faults[record.name] = _rows(request.folder, record)
    places = {
        record.name: _place(request, record, marker, originals) for record in marker.conditions
    }
    tasks = [
        _Task(name, row, originals.utterances.get(str(row.get("id"))) if originals else None)
        for name, listed in rows.items()
        for row in listed
    ]
    audio_s = sum(_seconds(task.row) for task in tasks)
    found: dict[str, list[FileCheck]] = {name: [] for name in rows}
    progress("verifying", 0, len(tasks))
    checks = mapped(_check, places, tasks, workers=request.workers, audio_s=audio_s)
    for number, (task, check) in enumerate(zip(tasks, checks, strict=True), start=1):
        if originals and task.original is None:
            check.faults.append("no such utterance in the corpus")
        found[task.condition].append(check)
        progress("verifying", number, len(tasks))
    return VerifyResult(
        request.folder,
        tuple(
            _summary(record, originals, found[record.name], faults[record.name])
            for record in marker.conditions
        ),
    )


def _originals(request: VerifyRequest, marker: Marker) -> Originals | None:
    if request.corpus is None:
        if request.noise is not None or request.rir is not None:
            raise InputError(
                "noises or responses without their corpus",
                expected="the corpus that was corrupted, to make its files again",
            )
        return None
    corpus = (
        request.corpus
        if isinstance(request.corpus, Corpus)
        else read_corpus(request.corpus, format_name=request.format_name)
    )
    return open_originals(corpus, request.noise, request.rir, marker)


def _place(
    request: VerifyRequest, record: ConditionRecord, marker: Marker, originals: Originals | None
) -> Place:
    libraries = originals.libraries_for(record) if originals else None
    return Place(request.folder / record.name, record.condition, marker.audio_format, libraries)


def _rows(folder: Path, record: ConditionRecord) -> tuple[list[dict[str, Any]], list[Fault]]:
    """The manifest's rows, and what is wrong with the manifest and the list of files."""
    place = folder / record.name
    manifest = place / MANIFEST_NAME
    name = f"{record.name}/{MANIFEST_NAME}"
    try:
        rows = [row for _, row in read_json_lines(manifest)]
        changed = sha256_of_file(manifest) != record.manifest_sha256
    except InputError as error:
        return [], [(name, str(error))]
    faults = [(name, "its bytes are not those written")] if changed else []
    if len(rows) != record.utterances:
        faults.append((name, f"{len(rows)} rows, recorded {record.utterances}"))
    listed = Counter(str(row.get("audio_filepath")) for row in rows)
    faults += [(f"{record.name}/{path}", "listed twice") for path, n in listed.items() if n > 1]
    present = _present(place)
    faults += [(f"{record.name}/{path}", "not in the manifest") for path in present - set(listed)]
    return rows, faults


def _present(place: Path) -> set[str]:
    folder = place / AUDIO_FOLDER
    found: Iterable[Path] = audio_files(folder) if folder.is_dir() else ()
    return {path.relative_to(place).as_posix() for path in found}


def _check(places: dict[str, Place], task: _Task) -> FileCheck:
    with collected_warnings([]):  # of reading the originals: `run` has told them
        return check_file(places[task.condition], task.row, task.original)


def _summary(
    record: ConditionRecord,
    originals: Originals | None,
    checks: list[FileCheck],
    faults: list[Fault],
) -> ConditionCheck:
    errors_db = [check.snr_error_db for check in checks if check.snr_error_db is not None]
    return ConditionCheck(
        name=record.name,
        compared_with=originals.compared_with(record) if originals else RECORD,
        files=len(checks),
        faults=(*sorted(faults), *_of_files(checks)),
        clipped=sum(check.clipped for check in checks),
        worst_snr_error_db=max(errors_db, default=None),
    )


def _of_files(checks: list[FileCheck]) -> Iterator[Fault]:
    for check in checks:
        yield from ((check.name, fault) for fault in check.faults)


def _seconds(row: dict[str, Any]) -> float:
    value = row.get("duration")
    return float(value) if isinstance(value, float | int) else 0.0
