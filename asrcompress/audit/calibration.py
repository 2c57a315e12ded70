"""Calibration audio: a sample of an unlabelled corpus as it is, and noisy versions of that sample.

Sampling is compress's, noise is corrupt's; this is where the two meet, for audits and for
`compress --audio`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_json
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress.decision import CalibrationAudio

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class CalibrationSource:
    """Where calibration audio comes from, and how much of it.

    snr_db: noisy versions besides the clean one; noise: a folder of noises, None for built-in
    ones. duration_s: at most so much, of the clean audio, is drawn by the seed.
    """

    corpus: str | Path
    snr_db: tuple[float, ...] = ()
    noise: Path | None = None
    duration_s: float = 60.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PlannedCalibration:
    """The sample, and its noisy versions before they are made: each with a key of its bytes."""

    source: CalibrationSource
    sample: CalibrationAudio
    noisy: tuple[tuple[Condition, str], ...]

    @property
    def key(self) -> str:
        """A hash that changes whenever a sample that is measured on can."""
        return sha256_of_json([self.sample.sha256, [[c.name, key] for c, key in self.noisy]])

    @property
    def note(self) -> str:
        """What was listened to, for a reader of the results."""
        sample = self.sample
        duration_s = sum(utterance.duration_s for utterance in sample.utterances)
        versions = ", ".join([CLEAN, *(condition.name for condition, _ in self.noisy)])
        return (
            f"Calibrated on {len(sample.utterances)} utterances ({duration_s:.0f} s) of "
            f"{sample.name} without their transcripts ({versions}); none of them is scored."
        )


def calibration_audio(
    source: CalibrationSource,
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> tuple[CalibrationAudio, ...]:
    """The clean sample and its noisy versions, which are written into the folder.

    Raises:
        InputError: the corpus or the noises cannot be used, or an SNR is there twice.
        OutputError: the folder cannot be written.
    """
    return make_calibration(plan_calibration(source), folder, workers=workers, progress=progress)


def plan_calibration(source: CalibrationSource) -> PlannedCalibration:
    """The clean sample, and the keys of its noisy versions; nothing is written.

    Raises:
        InputError: the corpus or the noises cannot be used, or an SNR is there twice.
    """
    from asrcompress.compress.calibration import read_calibration
    from asrcompress.corrupt import conditions_from, corpus_key, open_libraries

    place = [(CLEAN, source.corpus)]
    (sample,) = read_calibration(place, max_duration_s=source.duration_s, seed=source.seed)
    conditions = conditions_from(source.snr_db, [], False, seed=source.seed)
    if source.noise is not None and not conditions:
        raise InputError("noises for calibration audio without an SNR", where=source.noise)
    _refuse_twice(conditions)
    if not conditions:
        return PlannedCalibration(source, sample, ())
    corpus = Corpus(sample.name, sample.utterances)
    libraries = open_libraries(corpus, source.noise, None)
    keys = (corpus_key(corpus, sample.sha256, one, libraries, "flac") for one in conditions)
    return PlannedCalibration(source, sample, tuple(zip(conditions, keys, strict=True)))


def make_calibration(
    planned: PlannedCalibration,
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> tuple[CalibrationAudio, ...]:
    """The audio of a plan; noisy versions that the folder has already are taken from it.

    Raises:
        InputError: a recording cannot be read.
        OutputError: the folder cannot be written.
    """
    for _, key in planned.noisy:
        if not (folder / key).is_dir():
            make_noisy(planned, key, folder, workers=workers, progress=progress)
    return made_calibration(planned, folder)


def make_noisy(
    planned: PlannedCalibration,
    key: str,
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress = silent,
) -> None:
    """Write one noisy version, by its key, into the folder, which does not have it yet.

    Raises:
        InputError: a recording cannot be read.
        OutputError: the folder cannot be written.
    """
    from asrcompress.corrupt import CorruptRequest, run

    (condition,) = (condition for condition, one in planned.noisy if one == key)
    request = CorruptRequest(
        corpus=Corpus(planned.sample.name, planned.sample.utterances),
        conditions=(condition,),
        output=folder / key,
        noise=planned.source.noise,
        workers=workers,
    )
    run(request, progress)


def made_calibration(planned: PlannedCalibration, folder: Path) -> tuple[CalibrationAudio, ...]:
    """The audio of a plan whose noisy versions are all in the folder.

    Raises:
        InputError: a recording cannot be read.
    """
    from asrcompress.compress.calibration import read_calibration

    source = planned.source
    noisy = [(condition.name, folder / key / condition.name) for condition, key in planned.noisy]
    places: list[tuple[str, str | Path]] = [(CLEAN, source.corpus), *noisy]
    found = read_calibration(places, max_duration_s=source.duration_s, seed=source.seed)
    return tuple(replace(audio, name=planned.sample.name) for audio in found)


def _refuse_twice(conditions: Sequence[Condition]) -> None:
    names = [condition.name for condition in conditions]
    for name in names:
        if names.count(name) > 1:
            raise InputError("an SNR of the calibration audio twice", got=name)
