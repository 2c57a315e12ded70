"""A recording as lhotse describes it, and which file and channel of it are meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asrcompress.core.errors import InputError
from asrcompress.core.utterance import audio_path


@dataclass(frozen=True, slots=True)
class LhotseRecording:
    """Its files, each with the channels that it holds, and its duration."""

    files: tuple[tuple[tuple[int, ...], Path], ...]
    duration_s: float
    sample_rate_hz: float

    @classmethod
    def of(cls, given: object, where: str, folder: Path) -> LhotseRecording:
        """The recording that a manifest's row describes; relative paths are relative to `folder`.

        Raises:
            InputError: no recording, one with transforms, or a source that is no file.
        """
        if not isinstance(given, dict):
            raise InputError(
                "no recording", where=where, expected="a cut of audio, not of features"
            )
        if given.get("transforms"):
            raise InputError(
                "a recording with transforms",
                where=where,
                got=_names_of(given["transforms"]),
                expected="audio as it is in the file",
                next_step="write its audio to a file first (lhotse's save_audios)",
            )
        try:
            sources = [dict(source) for source in given["sources"]]
            files = tuple((_channels(source), _file(source, where, folder)) for source in sources)
            duration_s, rate_hz = float(given["duration"]), float(given["sampling_rate"])
            if rate_hz <= 0:
                raise ValueError
        except (KeyError, TypeError, ValueError):
            raise InputError(
                "bad recording",
                where=where,
                expected="sources with type, channels and source; duration and sampling_rate",
            ) from None
        return cls(files, duration_s, rate_hz)

    def is_whole(self, span: tuple[float, float]) -> bool:
        """True where (start, duration) in s is all of it, but for less than a sample."""
        sample_s = 1 / self.sample_rate_hz
        return span[0] == 0 and span[1] > self.duration_s - sample_s

    def file_of(self, channel: object, where: str) -> tuple[Path, int | None]:
        """The file that holds a channel, or several, and which of its channels; None is the mean.

        Raises:
            InputError: no file holds it, or the several are neither all channels of a file.
        """
        wanted = channel if isinstance(channel, list) else [channel]
        are_numbers = all(one is None or isinstance(one, int) for one in wanted)
        for channels, path in self.files if are_numbers else ():
            if set(wanted) == set(channels) or (channel is None and len(self.files) == 1):
                return path, None
            if len(wanted) == 1 and wanted[0] in channels:
                return path, channels.index(wanted[0])
        raise InputError(
            "no such channel",
            where=where,
            got=channel,
            expected=f"one of, or a file's all of {[list(channels) for channels, _ in self.files]}",
        )


def _file(source: dict[str, Any], where: str, folder: Path) -> Path:
    kind, name = source["type"], source["source"]
    if kind != "file":
        raise InputError(
            "audio that is no file",
            where=where,
            got=f"a source of type {kind!r}",
            expected="type 'file'; no command is run and no address opened",
            next_step="write the audio to files first (lhotse's save_audios)",
        )
    if not isinstance(name, str) or not name:
        raise ValueError
    return audio_path(folder, name)


def _channels(source: dict[str, Any]) -> tuple[int, ...]:
    channels = tuple(source["channels"])
    if not all(isinstance(channel, int) for channel in channels):
        raise TypeError
    return channels


def _names_of(transforms: Any) -> str:
    if not isinstance(transforms, list):
        return repr(transforms)
    names = [one.get("name", one) if isinstance(one, dict) else one for one in transforms]
    return ", ".join(str(name) for name in names)
