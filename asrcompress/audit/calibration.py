"""Calibration audio: a sample of an unlabelled corpus as it is, and noisy versions of that sample.

Sampling is compress's, noise is corrupt's; this is where the two meet, for audits and for
`compress --audio`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.core.audio import read_span
from asrcompress.core.audio_stream import Span
from asrcompress.core.condition import Condition
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file, sha256_of_json
from asrcompress.core.progress import Progress, silent
from asrcompress.core.utterance import Utterance, is_file

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
    from asrcompress.compress.calibration import read_calibration
    from asrcompress.corrupt import CorruptRequest, run

    source, name = planned.source, planned.sample.name
    sample = Corpus(name, planned.sample.utterances)
    places: list[tuple[str, str | Path]] = [(CLEAN, source.corpus)]
    for condition, key in planned.noisy:
        if not (folder / key).is_dir():
            request = CorruptRequest(
                corpus=sample,
                conditions=(condition,),
                output=folder / key,
                noise=source.noise,
                workers=workers,
            )
            run(request, progress)
        places.append((condition.name, folder / key / condition.name))
    found = read_calibration(places, max_duration_s=source.duration_s, seed=source.seed)
    return tuple(replace(audio, name=name) for audio in found)


def refuse_scored(calibration: str | Path, scored: Corpus) -> str | None:
    """A note where a speaker is in both corpora, None where none is.

    Raises:
        InputError: audio of the calibration corpus is to be scored, whether sampled or not.
    """
    corpus = read_corpus(calibration)
    _refuse(next(_common_audio(corpus.utterances, scored.utterances), None), calibration)
    speakers = ({u.speaker for u in one.utterances} - {None} for one in (corpus, scored))
    both = sorted(filter(None, set.intersection(*speakers)))
    if not both:
        return None
    more = f" and {len(both) - 3} more" if len(both) > 3 else ""
    return f"In the calibration corpus and the scored one: speaker {', '.join(both[:3])}{more}."


def refuse_same_sound(planned: PlannedCalibration, scored: Corpus) -> None:
    """Refuse a sample that is scored from other files: WAV and FLAC of the same recording.

    Utterances are decoded where their durations are the same to a millisecond.

    Raises:
        InputError: an utterance of the sample sounds exactly as one that is to be scored.
    """
    by_ms: dict[int, list[Utterance]] = {}
    for utterance in scored.utterances:
        by_ms.setdefault(round(1000 * utterance.duration_s), []).append(utterance)
    sound_of = cache(_sha256_of_sound)
    for utterance in planned.sample.utterances:
        ms = round(1000 * utterance.duration_s)
        for other in (each for near in (ms - 1, ms, ms + 1) for each in by_ms.get(near, [])):
            sound = sound_of(utterance.path, utterance.span)
            if sound is not None and sound == sound_of(other.path, other.span):
                _refuse((utterance, other), planned.source.corpus)


def _refuse(common: tuple[Utterance, Utterance] | None, calibration: str | Path) -> None:
    """An error that names both utterances of a pair that shares audio."""
    if common is not None:
        raise InputError(
            "calibration audio is scored too",
            where=calibration,
            got=f"{common[0].id}, which the scored corpus has as {common[1].id}",
            expected="corpora without a common recording",
            next_step="calibrate on other recordings",
        )


def _sha256_of_sound(path: Path, span: Span) -> str | None:
    """Of the samples at 16 kHz; None where they cannot be read, which reading reports later."""
    try:
        samples = read_span(path, span)
    except InputError:
        return None
    return sha256(samples.tobytes()).hexdigest() if samples.any() else None  # silence is no one's


def _refuse_twice(conditions: Sequence[Condition]) -> None:
    names = [condition.name for condition in conditions]
    for name in names:
        if names.count(name) > 1:
            raise InputError("an SNR of the calibration audio twice", got=name)


def _common_audio(
    calibration: Sequence[Utterance], scored: Sequence[Utterance]
) -> Iterator[tuple[Utterance, Utterance]]:
    """Pairs of utterances that share audio: overlapping parts of files with the same bytes.

    Only files whose sizes are the same are read.
    """
    sizes = {_size(u.path) for u in calibration} & {_size(u.path) for u in scored} - {None}
    by_hash: dict[str, list[Utterance]] = {}
    digest_of = cache(sha256_of_file)  # a long recording may have many utterances
    for utterance in (u for u in scored if _size(u.path) in sizes):
        by_hash.setdefault(digest_of(utterance.path), []).append(utterance)
    for utterance in (u for u in calibration if _size(u.path) in sizes):
        for other in by_hash.get(digest_of(utterance.path), []):
            if _overlap(utterance, other):
                yield utterance, other


def _size(path: Path) -> int | None:
    return path.stat().st_size if is_file(path) else None


def _overlap(a: Utterance, b: Utterance) -> bool:
    """Whether two parts of the same recording have a moment in common."""
    (begin_a, end_a), (begin_b, end_b) = _span_s(a), _span_s(b)
    return begin_a < end_b and begin_b < end_a


def _span_s(utterance: Utterance) -> tuple[float, float]:
    end_s = utterance.offset_s + utterance.duration_s if utterance.is_segment else float("inf")
    return utterance.offset_s, end_s
