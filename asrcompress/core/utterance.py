"""An utterance: where its audio is, what is said in it, and what it can be grouped by."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from asrcompress.core.audio import (
    SAMPLE_RATE_HZ,
    Samples,
    probe_audio,
    read_chunks,
    read_span,
)
from asrcompress.core.audio_stream import Span
from asrcompress.core.errors import InputError

SPEAKER_COLUMNS = ("speaker", "speaker_id", "client_id", "spk_id")  # the first there is counts
_MOST_S = 1e9  # 31 years; times the sampling rate it is still exact
_OVERSHOOT_S = 0.5  # what Kaldi's extract-segments lets a segment reach beyond its recording


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording or a part of one, with its reference text where there is one.

    `fields` holds every further column of the manifest: subgroups to break results down by.
    `channel` counts from 0; None is the mean of all channels.
    """

    id: str
    path: Path
    duration_s: float
    text: str | None = None
    speaker: str | None = None
    offset_s: float = 0.0
    is_segment: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    channel: int | None = None

    @property
    def span(self) -> Span:
        """The part of the file at `path` that this is."""
        if not self.is_segment:
            return Span(self.offset_s, channel=self.channel)
        return Span(self.offset_s, self.duration_s, self.channel, overshoot_s=_OVERSHOOT_S)

    def audio(self, sample_rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
        """(time,) float32 at the rate asked for; InputError where it cannot be decoded."""
        return read_span(self.path, self.span, sample_rate_hz)

    def chunks(
        self, sample_rate_hz: int = SAMPLE_RATE_HZ, *, chunk_s: float, overlap_s: float
    ) -> Iterator[tuple[float, Samples]]:
        """What `audio` gives, as overlapping chunks with their starts in s; see `read_chunks`.

        Memory holds one chunk, however long the recording is.
        """
        return read_chunks(
            self.path,
            chunk_s=chunk_s,
            overlap_s=overlap_s,
            span=self.span,
            sample_rate_hz=sample_rate_hz,
        )


def make_utterance(
    path: Path, *, where: object, columns: Mapping[str, Any], identifier: str, text: str | None
) -> Utterance:
    """An utterance from a manifest row; columns offset, duration, channel and speaker are its own.

    A duration that the row does not give is read from the audio file's header; it is 0 where the
    file is missing or its header cannot be read, so that reading reports and counts that one file.

    Raises:
        InputError: a file name that no file can have, a column that is not of its form, or text
            that no UTF-8 file can hold.
    """
    _check_name(path, where)
    _refuse_surrogates((identifier, text, *columns, *columns.values()), where)
    offset_s = _seconds(columns.get("offset"), "offset", where) or 0.0
    duration_s = _seconds(columns.get("duration"), "duration", where)
    channel = _channel(columns.get("channel"))
    speaker_column = next((c for c in SPEAKER_COLUMNS if columns.get(c) not in (None, "")), None)
    own = {"id", "offset", "duration", "speaker", speaker_column}
    own |= {"channel"} if channel is not None else set()
    return Utterance(
        id=identifier,
        path=path,
        duration_s=_rest_of_file_s(path, offset_s) if duration_s is None else duration_s,
        text=text,
        speaker=None if speaker_column is None else str(columns[speaker_column]),
        offset_s=offset_s,
        is_segment=columns.get("offset") not in (None, ""),
        fields={key: value for key, value in columns.items() if key not in own},
        channel=channel,
    )


def audio_path(folder: Path, name: str) -> Path:
    """The file that a manifest in `folder` names; backslashes count where Windows wrote them."""
    path = folder / name
    if "\\" in name and not is_file(path):
        written_on_windows = folder / PureWindowsPath(name).as_posix()
        if is_file(written_on_windows):
            return written_on_windows
    return path


def is_file(path: Path) -> bool:
    """True for a file that is there; False too for a name that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _check_name(path: Path, where: object) -> None:
    try:
        os.stat(path)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENAMETOOLONG:
            return  # missing or out of reach: reading it says so
        raise InputError("bad file name", where=where, got=repr(str(path))[:100]) from None


def _refuse_surrogates(values: Iterable[object], where: object) -> None:
    """JSON can spell half a character; nothing can be written or hashed with one in it."""
    for value in values:
        text = value if isinstance(value, str) else ""
        if isinstance(value, list | dict):
            text = json.dumps(value, ensure_ascii=False, default=str)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise InputError(
                "not a text", where=where, got=repr(value), expected="whole characters"
            )


def _rest_of_file_s(path: Path, offset_s: float) -> float:
    try:
        return max(0.0, probe_audio(path).duration_s - offset_s)
    except InputError:
        return 0.0


def _seconds(value: object, column: str, where: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (OverflowError, TypeError, ValueError):
        seconds = -1.0
    if not 0.0 <= seconds < _MOST_S:
        raise InputError(f"bad {column}", where=where, got=repr(value), expected="seconds, >= 0")
    return seconds


def _channel(value: object) -> int | None:
    """A channel's number; None for a column that only is called channel: phone, web."""
    text = "" if isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
