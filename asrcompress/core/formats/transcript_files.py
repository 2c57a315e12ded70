"""A folder of audio files, each with a text file of the same name beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asrcompress.core.audio import (
    SUFFIXES,
    UNREADABLE_SUFFIXES,
    audio_files,
    has_audio_files,
)
from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text
from asrcompress.core.utterance import Utterance, make_utterance


def detect(place: Path) -> Evidence:
    """A folder with audio anywhere below it, or an empty one: any other evidence is stronger."""
    found = place.is_dir() and (has_audio_files(place) or not any(place.iterdir()))
    return Evidence.AUDIO if found else Evidence.NONE


def read(place: Path) -> Iterator[Utterance]:
    """The audio files in order of their paths, `a/b.flac` with its reference in `a/b.txt`.

    A phone's .m4a among them is an utterance as well, for its reading to report and count it.

    Raises:
        InputError: some files have a text beside them and others do not.
    """
    paths = list(audio_files(place, (*SUFFIXES, *UNREADABLE_SUFFIXES)))
    missing = [path for path in paths if not path.with_suffix(".txt").is_file()]
    if missing and len(missing) < len(paths):
        raise InputError(
            f"{len(missing)} of {len(paths)} audio files without a transcript",
            where=missing[0],
            expected=missing[0].with_suffix(".txt").name,
        )
    for path in paths:
        transcript = path.with_suffix(".txt")
        yield make_utterance(
            path,
            where=path,
            columns={},
            identifier=str(path.relative_to(place).with_suffix("")),
            text=None if missing else " ".join(read_text(transcript).split()),
        )
