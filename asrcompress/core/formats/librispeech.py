"""LibriSpeech's tree: speaker/chapter/*.flac with speaker-chapter.trans.txt beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text
from asrcompress.core.utterance import Utterance, is_file, make_utterance

_SUFFIXES = (".flac", ".wav", ".opus", ".ogg", ".mp3")


def detect(place: Path) -> Evidence:
    """A folder with a *.trans.txt anywhere below it."""
    found = place.is_dir() and next(place.rglob("*.trans.txt"), None) is not None
    return Evidence.TREE if found else Evidence.NONE


def read(place: Path) -> Iterator[Utterance]:
    """The utterances in order of their ids; the speaker is the id's first part.

    Where several parts lie in the folder (test-clean, dev-other, ...), `subset` is the part's name.
    """
    for transcript in sorted(place.rglob("*.trans.txt")):
        for number, line in enumerate(read_text(transcript).split("\n"), start=1):
            if not line.strip():
                continue
            where = f"{transcript}:{number}"
            identifier, _, text = line.partition(" ")
            columns = {"speaker": identifier.split("-")[0], "chapter": transcript.parent.name}
            columns |= _subset(transcript.relative_to(place))
            yield make_utterance(
                _audio_of(transcript, identifier, where),
                where=where,
                columns=columns,
                identifier=identifier,
                text=text.strip(),
            )


def _subset(path: Path) -> dict[str, str]:
    """The part's name in subset/speaker/chapter/*.trans.txt."""
    return {"subset": path.parts[-4]} if len(path.parts) >= 4 else {}


def _audio_of(transcript: Path, identifier: str, where: str) -> Path:
    """The recording beside the transcript; where there is none, the .flac that is missing."""
    if Path(identifier).name != identifier:
        raise InputError(
            "bad utterance id", where=where, got=repr(identifier), expected="a name, not a path"
        )
    paths = [transcript.with_name(identifier + suffix) for suffix in _SUFFIXES]
    return next((path for path in paths if is_file(path)), paths[0])
