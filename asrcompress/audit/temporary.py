"""Calibration audio for a single compression, in a folder that goes afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit.calibration import CalibrationSource, calibration_audio
from asrcompress.audit.compressions import is_measured
from asrcompress.core.errors import InputError, OutputError
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress import CompressOptions
    from asrcompress.compress.decision import CalibrationAudio


@contextmanager
def temporary_calibration(
    source: CalibrationSource | None, options: CompressOptions, progress: Progress = silent
) -> Iterator[tuple[CalibrationAudio, ...]]:
    """The audio of a source, as long as the block lasts; none without a source.

    Raises:
        InputError: the corpus or the noises cannot be used, or none of the options' methods
            listens to audio.
        OutputError: there is no room for temporary files.
    """
    if source is None:
        yield ()
        return
    if not is_measured(options):
        raise InputError(
            "no method listens to audio",
            where=source.corpus,
            next_step="add mixed, or leave it out",
        )
    with _temporary_folder() as folder:
        yield calibration_audio(source, Path(folder), progress=progress)


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="asrcompress-")
    except OSError as error:
        raise OutputError(
            "cannot write temporary files",
            got=error.strerror,
            next_step="name a folder with room in the variable TMPDIR",
        ) from None
