"""The audio that a recipe's compressions listen to: none of it is what they are scored on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asrcompress.audit.calibration import CalibrationSource, PlannedCalibration, plan_calibration
from asrcompress.audit.compressions import options_of
from asrcompress.audit.overlap import Heard, refuse_same_bytes, refuse_same_sound
from asrcompress.audit.recipe import Recipe
from asrcompress.audit.training_audio import (
    OpenedTraining,
    TrainingSource,
    open_training,
    training_params,
)
from asrcompress.core.corpus import Corpus, read_corpus


@dataclass(frozen=True, slots=True)
class Listening:
    """What is measured on and what is trained on, where anything is, and what to say of both."""

    calibration: PlannedCalibration | None = None
    training: OpenedTraining | None = None
    notes: tuple[str, ...] = ()


def plan_listening(recipe: Recipe, scored: Corpus) -> Listening:
    """The audio of a recipe's sections, nothing of it made yet.

    Raises:
        InputError: a corpus or a folder cannot be used, or audio of it is to be scored.
    """
    calibration, notes = _calibration(recipe, scored)
    training, more = _training(recipe, scored)
    return Listening(calibration, training, tuple(filter(None, (*notes, *more))))


Notes = Iterable[str | None]


def _calibration(recipe: Recipe, scored: Corpus) -> tuple[PlannedCalibration | None, Notes]:
    wanted = recipe.calibration
    if wanted is None:
        return None, ()
    source = CalibrationSource(
        corpus=wanted.corpus,
        snr_db=tuple(wanted.snr_db),
        noise=Path(wanted.noise) if wanted.noise else None,
        duration_s=wanted.duration_s,
        seed=recipe.seed,
    )
    whole = Heard("calibration", source.corpus, read_corpus(source.corpus).utterances)
    common_speakers = refuse_same_bytes(whole, scored)
    planned = plan_calibration(source)
    sample = Heard("calibration", source.corpus, planned.sample.utterances)
    return planned, (planned.note, common_speakers, refuse_same_sound(sample, scored))


def _training(recipe: Recipe, scored: Corpus) -> tuple[OpenedTraining | None, Notes]:
    wanted = recipe.training
    if wanted is None:
        return None, ()
    source = TrainingSource(
        corpus=wanted.corpus,
        noise=Path(wanted.noise) if wanted.noise else None,
        rir=Path(wanted.rir) if wanted.rir else None,
        seed=recipe.seed,
    )
    opened = open_training(source)
    heard = Heard("training", source.corpus, opened.corpus.utterances)
    common_speakers = refuse_same_bytes(heard, scored)
    not_by_sound = refuse_same_sound(heard, scored)
    for entry in recipe.compressions.values():  # each training's folders are opened, and hashed
        params = training_params(options_of(entry))
        if params is not None:
            opened.audio(params)
    return opened, (opened.note, common_speakers, not_by_sound, *_common_sounds(recipe))


def _common_sounds(recipe: Recipe) -> Iterator[str]:
    """Noises and rooms that are trained with and tested in, by the bytes of their files."""
    if recipe.training is None:
        return
    conditions = recipe.conditions
    pairs = (
        ("noises", recipe.training.noise, conditions.noise and conditions.noise.folder),
        ("impulse responses", recipe.training.rir, conditions.rooms and conditions.rooms.folder),
    )
    for what, trained_with, tested_in in pairs:
        if trained_with and tested_in:
            common = len(_hashes(trained_with) & _hashes(tested_in))
            if common:
                yield f"Trained with {common} of the {what} that are scored in as well."


def _hashes(folder: str) -> set[str]:
    from asrcompress.core.audio import audio_files
    from asrcompress.corrupt.decoded import sha256_kept

    return {sha256_kept(path) for path in audio_files(Path(folder))}
