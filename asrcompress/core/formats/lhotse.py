"""lhotse's manifests: cuts, or recordings with supervisions, as JSON Lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asrcompress.core.detection import Evidence
from asrcompress.core.errors import InputError
from asrcompress.core.formats._lhotse_recording import LhotseRecording
from asrcompress.core.rows import JSON_SUFFIXES, Row, first_json_row, has_suffix, json_rows
from asrcompress.core.utterance import Utterance, make_utterance

_SUPERVISIONS, _RECORDINGS = "supervisions", "recordings"
_SHAR = re.compile(r"cuts\.\d+\.jsonl(\.gz)?$")
_CUTS = ("MonoCut", "MultiCut")
_REACH_S = 0.1  # rounding apart, a supervision lies within its cut; else its text is not all there


def detect(place: Path) -> Evidence:
    """A .jsonl or .jsonl.gz of cuts or supervisions, or a folder with one; by the first row."""
    found = _manifests_at(place)
    kinds = {_kind_of(first_json_row(path)) for path in found}
    if kinds - {None}:
        return Evidence.CONTENT
    return Evidence.NAME if found and place.is_dir() else Evidence.NONE


def read(place: Path) -> Iterator[Utterance]:
    """One utterance a cut, or a supervision where a cut has several or there are no cuts.

    Relative paths are relative to the manifest. Speaker, language, gender, and the plain values
    in `custom` are columns.

    Raises:
        InputError: a row that is not of its form, or audio that is no plain file: a mix, a
            command, an address, an archive (shar), or a recording with transforms.
    """
    found = _manifests_at(place)
    for path in found:
        if _SHAR.search(path.name):
            raise InputError(
                "lhotse shar: audio inside archives",
                where=path,
                next_step="export the cuts with their audio as files (lhotse's save_audios)",
            )
    cuts = [path for path in found if _kind_of(first_json_row(path)) == "cut"]
    if cuts:
        yield from _of_cuts(_one(cuts, place))
        return
    recordings, supervisions = (
        [path for path in _with_sibling(found) if word in path.name]
        for word in (_RECORDINGS, _SUPERVISIONS)
    )
    if not recordings or not supervisions:
        raise InputError(
            "no lhotse manifest",
            where=place,
            expected="cuts.jsonl.gz, or recordings.jsonl.gz and supervisions.jsonl.gz",
        )
    yield from _of_pair(_one(recordings, place), _one(supervisions, place))


def _of_cuts(manifest: Path) -> Iterator[Utterance]:
    for where, cut in json_rows(manifest):
        if cut.get("type") not in _CUTS:
            raise InputError(
                "a cut that is no part of one recording",
                where=where,
                got=repr(cut.get("type")),
                expected=" or ".join(_CUTS),
                next_step="write its audio to a file first (lhotse's save_audios)",
            )
        recording = LhotseRecording.of(cut.get("recording"), where, manifest.parent)
        start_s, duration_s = _time(cut, "start", where), _time(cut, "duration", where)
        supervisions = cut.get("supervisions") or []
        if not isinstance(supervisions, list) or not all(
            isinstance(one, dict) for one in supervisions
        ):
            raise InputError("bad supervisions", where=where, expected="a list of objects")
        for one in supervisions:
            _check_within(one, duration_s, where)
        if len(supervisions) > 1:
            for one in supervisions:
                begin_s = start_s + _time(one, "start", where)
                span = (begin_s, _time(one, "duration", where))
                yield _utterance(_merged(cut, one), recording, span, where)
        else:
            row = {**_merged(cut, *supervisions), "id": cut.get("id")}
            yield _utterance(row, recording, (start_s, duration_s), where)


def _of_pair(recordings: Path, supervisions: Path) -> Iterator[Utterance]:
    known: dict[str, tuple[str, Row]] = {
        str(row.get("id")): (where, row) for where, row in json_rows(recordings)
    }
    for where, row in json_rows(supervisions):
        found = known.get(str(row.get("recording_id")))
        if found is None:
            raise InputError(
                "a supervision without its recording",
                where=where,
                got=repr(row.get("recording_id")),
                expected=f"an id in {recordings.name}",
            )
        recording = LhotseRecording.of(found[1], found[0], recordings.parent)
        span = (_time(row, "start", where), _time(row, "duration", where))
        yield _utterance(row, recording, span, where)


def _utterance(
    row: Row, recording: LhotseRecording, span: tuple[float, float], where: str
) -> Utterance:
    if not isinstance(row.get("id"), str) or not row["id"]:
        raise InputError("no id", where=where, got=repr(row.get("id")), expected="a text")
    text = row.get("text")
    if text is not None and not isinstance(text, str):
        raise InputError("bad text", where=where, got=repr(text), expected="a string")
    path, channel = recording.file_of(row.get("channel"), where)
    columns = {name: row.get(name) for name in ("language", "gender", "speaker")}
    plain = {key: value for key, value in _custom(row).items() if _is_plain(value)}
    columns = {name: value for name, value in columns.items() if value is not None}
    if recording.is_whole(span):
        columns["duration"] = span[1]
    else:
        columns.update(offset=span[0], duration=span[1])
    if channel is not None:
        columns["channel"] = channel
    return make_utterance(
        path, where=where, columns={**plain, **columns}, identifier=row["id"], text=text
    )


def _merged(*rows: Row) -> Row:
    """One row of several, the later ones' values before the earlier ones', in `custom` too."""
    merged = {name: value for row in rows for name, value in row.items()}
    merged["custom"] = {name: value for row in rows for name, value in _custom(row).items()}
    return merged


def _custom(row: Row) -> Row:
    custom = row.get("custom")
    return custom if isinstance(custom, dict) else {}


def _is_plain(value: object) -> bool:
    """Labels are texts, numbers and truth values; lhotse keeps arrays in `custom` too."""
    return isinstance(value, str | int | float | bool)


def _check_within(supervision: Row, duration_s: float, where: str) -> None:
    start_s = supervision.get("start")
    length_s = supervision.get("duration")
    if not isinstance(start_s, int | float) or not isinstance(length_s, int | float):
        raise InputError("a supervision without start and duration", where=where)
    if start_s < -_REACH_S or start_s + length_s > duration_s + _REACH_S:
        raise InputError(
            "a supervision reaches beyond its cut: its text is not all there",
            where=where,
            got=f"{start_s:g} to {start_s + length_s:g} s",
            expected=f"within 0 to {duration_s:g} s",
        )


def _time(row: Row, name: str, where: str) -> float:
    value: Any = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"no {name}", where=where, got=repr(value), expected="seconds")
    return round(max(0.0, float(value)), 8)  # a supervision can begin a rounding error early


def _kind_of(row: Row) -> str | None:
    if str(row.get("type", "")).endswith("Cut"):
        return "cut"
    if {"sources", "sampling_rate"} <= row.keys():
        return _RECORDINGS
    return _SUPERVISIONS if {"recording_id", "start", "duration"} <= row.keys() else None


def _manifests_at(place: Path) -> list[Path]:
    """The file itself, or those of a folder that are named as lhotse names them."""
    if not place.is_dir():
        return [place] if has_suffix(place, JSON_SUFFIXES) else []
    words = ("cuts", _RECORDINGS, _SUPERVISIONS)
    found = [path for path in sorted(place.iterdir()) if has_suffix(path, JSON_SUFFIXES)]
    return [path for path in found if any(word in path.name for word in words)]


def _with_sibling(found: list[Path]) -> list[Path]:
    """A file alone, with the other of its pair beside it."""
    if len(found) != 1:
        return found
    for word, other in ((_RECORDINGS, _SUPERVISIONS), (_SUPERVISIONS, _RECORDINGS)):
        sibling = found[0].with_name(found[0].name.replace(word, other))
        if word in found[0].name and sibling.is_file():
            return [*found, sibling]
    return found


def _one(paths: list[Path], place: Path) -> Path:
    if len(paths) > 1:
        raise InputError(
            "several manifests",
            where=place,
            got=", ".join(path.name for path in paths),
            next_step="give the path of one",
        )
    return paths[0]
