"""A corpus: ordered utterances with their references, audio read only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from asrcompress.core.audio import (
    SAMPLE_RATE_HZ,
    Samples,
    probe_audio,
    read_chunks,
    read_span,
)
from asrcompress.core.audio_stream import Span
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.files import sha256_of_file, sha256_of_json
from asrcompress.core.registry import load_plugin, plugin_names

BUNDLED = "bundled:corpus"
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


@dataclass(frozen=True, slots=True)
class Corpus:
    """Utterances in the manifest's order, under a name."""

    name: str
    utterances: tuple[Utterance, ...]

    @property
    def audio_s(self) -> float:
        return sum(utterance.duration_s for utterance in self.utterances)

    def sha256(self) -> str:
        """A hash of the audio files' bytes, the references, speakers and spans; not of paths."""
        of_file = {path: sha256_of_file(path) for path in {u.path for u in self.utterances}}
        return sha256_of_json(
            [
                [
                    u.id,
                    of_file[u.path],
                    u.offset_s,
                    u.duration_s,
                    u.is_segment,
                    u.text,
                    u.speaker,
                ]
                for u in self.utterances
            ]
        )


def read_corpus(path: str | Path, *, format_name: str | None = None) -> Corpus:
    """The corpus at a path (a manifest file or a folder), its format detected or named.

    `bundled:corpus` is the small corpus that ships with the program.

    Raises:
        InputError: no such place, an unknown format, or a manifest with mistakes.
        NothingToEvaluateError: not a single utterance in it.
    """
    place = _bundled_folder() if str(path) == BUNDLED else Path(path)
    if not place.exists():
        raise InputError("no such corpus", where=path, expected="a manifest file or a folder")
    reader = _reader(place, format_name)
    utterances = tuple(reader.read(place))
    if not utterances:
        raise NothingToEvaluateError("empty corpus", where=path, expected="at least one utterance")
    _refuse_duplicates(utterances, place)
    return Corpus("bundled" if str(path) == BUNDLED else _name_of(place), utterances)


def make_utterance(
    path: Path, *, where: object, columns: Mapping[str, Any], identifier: str, text: str | None
) -> Utterance:
    """An utterance from a manifest row; columns offset, duration and speaker are understood.

    A duration that the row does not give is read from the audio file's header; it is 0 where the
    header cannot be read, so that reading the audio reports and counts that one file.

    Raises:
        InputError: no such audio file, a column that is not of its form, or text that no UTF-8
            file can hold.
    """
    if not _is_file(path):
        raise InputError("no such audio file", where=where, got=path)
    _refuse_surrogates((identifier, text, *columns.values()), where)
    rest = {key: value for key, value in columns.items() if key not in _OWN_COLUMNS}
    offset_s = _seconds(columns.get("offset"), "offset", where) or 0.0
    duration_s = _seconds(columns.get("duration"), "duration", where)
    speaker = columns.get("speaker")
    return Utterance(
        id=identifier,
        path=path,
        duration_s=_rest_of_file_s(path, offset_s) if duration_s is None else duration_s,
        text=text,
        speaker=None if speaker in (None, "") else str(speaker),
        offset_s=offset_s,
        is_segment=columns.get("offset") is not None,
        fields=rest,
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for the file system
        return False


def _refuse_surrogates(values: Iterable[object], where: object) -> None:
    """JSON can spell half a character; nothing can be written or hashed with one in it."""
    for value in values:
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise InputError(
                "not a text", where=where, got=repr(value), expected="whole characters"
            )


def _rest_of_file_s(path: Path, offset_s: float) -> float:
    try:
        return max(0.0, probe_audio(path).duration_s - offset_s)
    except InputError:
        return 0.0


_OWN_COLUMNS = frozenset({"id", "offset", "duration", "speaker"})


def _seconds(value: object, column: str, where: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0.0 <= seconds < float("inf"):
        raise InputError(f"bad {column}", where=where, got=repr(value), expected="seconds, >= 0")
    return seconds


def _reader(place: Path, format_name: str | None) -> ModuleType:
    import asrcompress.core.formats as formats

    if format_name is not None:
        return load_plugin(formats, format_name)
    for name in plugin_names(formats):
        module = load_plugin(formats, name)
        if module.detect(place):
            return module
    raise InputError(
        "not a corpus that is recognised",
        where=place,
        expected="a NeMo .jsonl, a .csv or .tsv, a LibriSpeech tree, or audio with .txt beside it",
        next_step=f"name it with --format ({', '.join(plugin_names(formats))})",
    )


def _refuse_duplicates(utterances: tuple[Utterance, ...], place: Path) -> None:
    seen: set[str] = set()
    for utterance in utterances:
        if utterance.id in seen:
            raise InputError("utterance twice in the corpus", where=place, got=repr(utterance.id))
        seen.add(utterance.id)


def _name_of(place: Path) -> str:
    resolved = place.resolve()
    return resolved.name if resolved.is_dir() else resolved.parent.name or resolved.stem


def _bundled_folder() -> Path:
    from importlib.resources import files

    return Path(str(files("asrcompress.bundled"))) / "corpus"
