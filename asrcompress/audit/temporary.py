"""Calibration audio for a single compression, in a folder that goes afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asrcompress.audit.calibration import CalibrationSource, calibration_audio
from asrcompress.core.progress import Progress, silent

if TYPE_CHECKING:
    from asrcompress.compress.decision import CalibrationAudio


@contextmanager
def temporary_calibration(
    source: CalibrationSource | None, progress: Progress = silent
) -> Iterator[tuple[CalibrationAudio, ...]]:
    """The audio of a source, as long as the block lasts; none without a source.

    Raises:
        InputError: the corpus or the noises cannot be used.
        OutputError: there is no room for temporary files.
    """
    if source is None:
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="asrcompress-") as folder:
        yield calibration_audio(source, Path(folder), progress=progress)
