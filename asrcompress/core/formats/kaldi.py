"""A Kaldi data folder: wav.scp, text, utt2spk, segments, and further utt2* and spk2* files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.files import read_text
from asrcompress.core.utterance import Utterance, audio_path, make_utterance

_SCP = "wav.scp"
_TO_THE_END = -1.0  # a segment's end where it is the recording's
_ARCHIVE_PLACE = re.compile(r"(:\d+|\[[\d:,]+\])$")  # foo.ark:1234, foo.ark[0:99]
# Not labels: the speaker itself, its inverse, and what lengths and features are.
_NO_COLUMNS = frozenset({"utt2spk", "spk2utt", "utt2dur", "utt2num_frames"})

Lines = dict[str, tuple[str, str]]  # first word of a line to its place and the rest


def detect(place: Path) -> Evidence:
    """A folder with a wav.scp."""
    return Evidence.CONTENT if (place / _SCP).is_file() else Evidence.NONE


def read(place: Path) -> Iterator[Utterance]:
    """The utterances in the order of `segments`, or of wav.scp where there are no segments.

    Relative paths are relative to the folder. Every other utt2NAME and spk2NAME gives the column
    NAME. The fifth column of `segments` is the channel, counted from 0.

    Raises:
        InputError: a line that is not of its form, an audio file that is a command or lies in an
            archive, or an utterance that is in one of the files and missing from another.
    """
    audio = {name: _audio(place, where, rest) for name, (where, rest) in _required(place).items()}
    texts = _lines(place / "text")
    spans = _spans(place, audio)
    speakers = _values(place / "utt2spk")
    durations = _values(place / "utt2dur")
    _check_same(texts, spans, place)
    columns = _columns(place)
    for utterance, (where, recording, span) in spans.items():
        speaker = speakers.get(utterance)
        own = {"duration": durations.get(utterance), **span, "speaker": speaker}
        yield make_utterance(
            audio[recording],
            where=where,
            columns={**_of(columns, utterance, speaker), **own},
            identifier=utterance,
            text=texts[utterance][1] if texts else None,
        )


def _required(place: Path) -> Lines:
    lines = _lines(place / _SCP)
    if not lines:
        raise InputError("no recordings", where=place / _SCP, expected="RECORDING PATH lines")
    return lines


def _audio(place: Path, where: str, name: str) -> Path:
    path = audio_path(place, name)
    if not name:
        raise InputError("no audio file", where=where, expected="RECORDING PATH")
    if name.endswith("|") or name.startswith("|") or name == "-":
        raise InputError(
            "a command where audio is expected",
            where=where,
            got=name,
            expected="the path of an audio file",
            next_step="no command is run: write the audio to files first (wav-copy)",
        )
    if _ARCHIVE_PLACE.search(name) and not path.is_file():
        raise InputError(
            "audio inside an archive",
            where=where,
            got=name,
            expected="the path of an audio file",
            next_step="write the audio to files first (wav-copy)",
        )
    return path


def _spans(place: Path, audio: Mapping[str, Path]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Utterance to its place, its recording, and offset, duration and channel."""
    if not (place / "segments").is_file():
        return {name: (f"{place / _SCP}", name, {}) for name in audio}
    spans = {}
    for name, (where, rest) in _lines(place / "segments").items():
        parts = rest.split()
        start_s, end_s = _times(parts[1:3], where)
        if len(parts) > 4 or parts[0] not in audio:
            raise InputError(
                "bad segment", where=where, got=rest, expected="a recording of wav.scp, start, end"
            )
        span: dict[str, Any] = {"offset": start_s}
        if end_s is not None:
            span["duration"] = round(end_s - start_s, 6)
        if len(parts) == 4 and parts[3] != "-1":
            span["channel"] = parts[3]
        spans[name] = (where, parts[0], span)
    return spans


def _times(given: list[str], where: str) -> tuple[float, float | None]:
    try:
        start_s, end_s = (float(value) for value in given)
    except ValueError:
        start_s, end_s = 0.0, 0.0
    if end_s == _TO_THE_END and start_s >= 0:
        return start_s, None
    if not 0 <= start_s < end_s < float("inf"):
        raise InputError(
            "bad segment", where=where, got=" ".join(given), expected="start < end in seconds"
        )
    return start_s, end_s


def _check_same(texts: Lines, spans: Mapping[str, object], place: Path) -> None:
    """Kaldi's validate_data_dir.sh asks for it too; a part without texts would score less."""
    if not texts:
        return
    for names, other, what in (
        (texts, spans, "transcript without a recording or segment"),
        (spans, texts, "recording or segment without a transcript"),
    ):
        missing = [name for name in names if name not in other]
        if missing:
            raise InputError(
                f"{len(missing)} of {len(names)}: {what}",
                where=place / "text",
                got=f"first {missing[0]}",
                next_step="repair the folder (utils/fix_data_dir.sh)",
            )


def _columns(place: Path) -> dict[str, tuple[bool, dict[str, str]]]:
    """Column to whether its values are of speakers, and the values; utt2NAME before spk2NAME."""
    found: dict[str, tuple[bool, dict[str, str]]] = {}
    for prefix in ("spk2", "utt2"):
        for path in sorted(place.glob(f"{prefix}*")):
            if path.is_file() and path.name not in _NO_COLUMNS and not path.suffix:
                found[path.name.removeprefix(prefix)] = (prefix == "spk2", _values(path))
    return found


def _of(
    columns: Mapping[str, tuple[bool, dict[str, str]]], utterance: str, speaker: str | None
) -> dict[str, str | None]:
    return {
        name: values.get(speaker or "" if of_speakers else utterance)
        for name, (of_speakers, values) in columns.items()
    }


def _values(path: Path) -> dict[str, str]:
    return {name: value for name, (_, value) in _lines(path).items()}


def _lines(path: Path) -> Lines:
    """First word to the rest of each line; none where there is no such file."""
    lines: Lines = {}
    if not path.is_file():
        return lines
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        name, _, rest = line.strip().replace("\t", " ").partition(" ")
        if name in lines:
            raise InputError("a name twice", where=f"{path}:{number}", got=repr(name))
        if name:
            lines[name] = (f"{path}:{number}", rest.strip())
    return lines
