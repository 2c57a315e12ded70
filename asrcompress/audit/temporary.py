"""What a single compression listens to, from one corpus: to measure on, to train on, or both.

Noisy calibration audio is written into a folder that goes afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit.calibration import CalibrationSource, calibration_audio
from asrcompress.audit.compressions import is_measured, may_calibrate
from asrcompress.audit.training_audio import TrainingSource, training_audio, training_params
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.decision import CalibrationAudio
    from asrcompress.compress.training.audio import TrainingAudio
    from asrcompress.compress.training.params import TrainingParams
    from asrcompress.compress.training.trained import TrainingPlace

CALIBRATION_SNR_DB = (5.0,)
CALIBRATION_S = 60.0
DEVICE = "auto"
_TRAINS = "add method structured or distill"


@dataclass(frozen=True, slots=True)
class Recordings:
    """A corpus, or None, and how it is listened to; names are those of compress's options.

    audio: the corpus. calibration_*: for methods that measure. augment_noise, augment_rir: folders
    to train with. device, checkpoint_steps: of the training; None is not given.
    """

    audio: str | Path | None = None
    calibration_snr: tuple[float, ...] = CALIBRATION_SNR_DB
    calibration_noise: Path | None = None
    calibration_seconds: float = CALIBRATION_S
    augment_noise: Path | None = None
    augment_rir: Path | None = None
    device: str | None = None
    checkpoint_steps: int | None = None
    seed: int = 0

    @property
    def for_measuring(self) -> list[str]:
        """The options that were given for methods that measure."""
        return _given(
            {
                "calibration_snr": self.calibration_snr != CALIBRATION_SNR_DB,
                "calibration_noise": self.calibration_noise is not None,
                "calibration_seconds": self.calibration_seconds != CALIBRATION_S,
            }
        )

    @property
    def for_training(self) -> list[str]:
        """The options that were given for methods that train."""
        return _given(
            {
                "augment_noise": self.augment_noise is not None,
                "augment_rir": self.augment_rir is not None,
                "device": self.device is not None,
                "checkpoint_steps": self.checkpoint_steps is not None,
            }
        )


@dataclass(frozen=True, slots=True)
class HeardAudio:
    """What a compression is given to listen to, and where it trains."""

    calibration: tuple[CalibrationAudio, ...]
    training: TrainingAudio | None
    place: TrainingPlace


@contextmanager
def listening_to(
    recordings: Recordings, options: CompressOptions, progress: Progress = silent
) -> Iterator[HeardAudio]:
    """The audio that these options need, as long as the block lasts.

    Raises:
        InputError: the corpus, the noises, the rooms or the device cannot be used, or something
            was given that none of the options' methods uses.
        OutputError: there is no room for temporary files.
    """
    params = training_params(options)
    _refuse_unused(recordings, options, params)
    place = _place(recordings, trains=params is not None)
    training = None
    if params is not None and recordings.audio is not None:
        source = TrainingSource(
            corpus=recordings.audio,
            noise=recordings.augment_noise,
            rir=recordings.augment_rir,
            seed=recordings.seed,
        )
        training = training_audio(source, params)
    with _calibration(recordings, options, progress) as calibration:
        yield HeardAudio(calibration, training, place)


@contextmanager
def _calibration(
    recordings: Recordings, options: CompressOptions, progress: Progress
) -> Iterator[tuple[CalibrationAudio, ...]]:
    if recordings.audio is None or not (is_measured(options) or may_calibrate(options)):
        yield ()
        return
    source = CalibrationSource(
        corpus=recordings.audio,
        snr_db=recordings.calibration_snr,
        noise=recordings.calibration_noise,
        duration_s=recordings.calibration_seconds,
        seed=recordings.seed,
    )
    with _temporary_folder() as folder:
        yield calibration_audio(source, Path(folder), progress=progress)


def _place(recordings: Recordings, *, trains: bool) -> TrainingPlace:
    from asrcompress.compress.training.trained import TrainingPlace
    from asrcompress.core.device import resolve_device

    if not trains:
        return TrainingPlace()
    device = resolve_device(recordings.device or DEVICE)
    if recordings.checkpoint_steps is None:
        return TrainingPlace(device=device)
    return TrainingPlace(device=device, checkpoint_steps=recordings.checkpoint_steps)


def _refuse_unused(
    recordings: Recordings, options: CompressOptions, params: TrainingParams | None
) -> None:
    """Refuse what would be ignored."""
    measuring, training = recordings.for_measuring, recordings.for_training
    is_heard = is_measured(options) or may_calibrate(options)
    if recordings.audio is not None and params is None and not is_heard:
        raise InputError(
            "no method listens to audio",
            where=recordings.audio,
            next_step=f"{_TRAINS}, or mixed, or runtime openvino, or leave it out",
        )
    if not is_heard:
        _refuse(measuring, "needs 'mixed' or 'runtime'", "add one of them")
    if params is None:
        _refuse(training, "needs a method that trains", _TRAINS)
    else:
        for option, without in (("augment_noise", "rooms"), ("augment_rir", "noise")):
            if params.augment in ("none", without):
                ignored = [name for name in training if name == option]
                _refuse(ignored, f"is not heard with augment {params.augment}", "change augment")
    if recordings.audio is None:
        _refuse([*measuring, *training], "needs 'audio'", "add recordings")


def _refuse(given: list[str], needs: str, next_step: str) -> None:
    if given:
        raise InputError(
            f"option {given[0]!r} {needs}", next_step=f"{next_step}, or leave {given[0]} out"
        )


def _given(options: Mapping[str, bool]) -> list[str]:
    return [name for name, is_given in options.items() if is_given]


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="asrcompress-")
    except OSError as error:
        raise OutputError(
            "cannot write temporary files",
            got=error.strerror,
            next_step="name a folder with room in the variable TMPDIR",
        ) from None
