"""No recording that is measured on or trained on is scored; what speakers say in both is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from asrcompress.core.audio import read_span
from asrcompress.core.audio_stream import Span
from asrcompress.core.corpus import Corpus
from asrcompress.core.errors import InputError
from asrcompress.core.files import sha256_of_file
from asrcompress.core.utterance import Utterance, is_file

MOST_BY_SOUND = 20_000  # utterances; their beginnings take 1 to 2 ms each to decode
_BEGINNING_S = 0.5
_ADVICE = {"calibration": "calibrate", "training": "train"}

Pair = tuple[Utterance, Utterance]


@dataclass(frozen=True, slots=True)
class Heard:
    """Utterances of a corpus at a place that compression listens to, and what it does with them."""

    kind: Literal["calibration", "training"]
    place: str | Path
    utterances: tuple[Utterance, ...]


def refuse_same_bytes(heard: Heard, scored: Corpus) -> str | None:
    """A note where a speaker is in both corpora, None where none is.

    Raises:
        InputError: a part of a file is heard and to be scored, whatever the file is called.
    """
    _refuse(next(_common_audio(heard.utterances, scored.utterances), None), heard)
    speakers = ({u.speaker for u in one} - {None} for one in (heard.utterances, scored.utterances))
    both = sorted(filter(None, set.intersection(*speakers)))
    if not both:
        return None
    more = f" and {len(both) - 3} more" if len(both) > 3 else ""
    return f"In the {heard.kind} corpus and the scored one: speaker {', '.join(both[:3])}{more}."


def refuse_same_sound(heard: Heard, scored: Corpus) -> str | None:
    """Refuse what is scored from other files: WAV and FLAC of the same recording.

    Utterances are decoded where their durations are the same to a millisecond: their beginnings,
    and the whole of those that begin alike. A note says so where more than MOST_BY_SOUND would
    have to be, and only the first ones were.

    Raises:
        InputError: an utterance that is heard sounds exactly as one that is to be scored.
    """
    by_ms: dict[int, list[Utterance]] = {}
    for utterance in scored.utterances:
        by_ms.setdefault(round(1000 * utterance.duration_s), []).append(utterance)
    sound_of = cache(_sound_of)
    alike = [(u, others) for u in heard.utterances if (others := _as_long(u, by_ms))]
    for utterance, others in alike[:MOST_BY_SOUND]:
        for other in others:
            beginnings = (sound_of(one.path, _beginning(one)) for one in (utterance, other))
            if _is_one_sound(*beginnings):
                whole = (sound_of(one.path, one.span) for one in (utterance, other))
                if _is_one_sound(*whole, or_silence=False):
                    _refuse((utterance, other), heard)
    unheard = len(alike) - MOST_BY_SOUND
    if unheard <= 0:
        return None
    return (
        f"Of the {heard.kind} corpus {MOST_BY_SOUND} utterances that are as long as scored ones "
        f"were compared with them by their sound, and {unheard} more by their bytes only."
    )


def _as_long(utterance: Utterance, by_ms: dict[int, list[Utterance]]) -> list[Utterance]:
    ms = round(1000 * utterance.duration_s)
    return [other for near in (ms - 1, ms, ms + 1) for other in by_ms.get(near, [])]


def _beginning(utterance: Utterance) -> Span:
    part_s = min(_BEGINNING_S, utterance.duration_s)
    return Span(utterance.offset_s, part_s, utterance.channel)


def _refuse(common: Pair | None, heard: Heard) -> None:
    """An error that names both utterances of a pair that shares audio."""
    if common is not None:
        raise InputError(
            f"{heard.kind} audio is scored too",
            where=heard.place,
            got=f"{common[0].id}, which the scored corpus has as {common[1].id}",
            expected="corpora without a common recording",
            next_step=f"{_ADVICE[heard.kind]} on other recordings",
        )


def _sound_of(path: Path, span: Span) -> tuple[str, bool] | None:
    """A hash of the samples at 16 kHz, and whether they are silence.

    None where they cannot be read, which reading reports later.
    """
    try:
        samples = read_span(path, span)
    except InputError:
        return None
    return sha256(samples.tobytes()).hexdigest(), not samples.any()


def _is_one_sound(
    a: tuple[str, bool] | None, b: tuple[str, bool] | None, *, or_silence: bool = True
) -> bool:
    """Whether the two are the same; silence, which is no one's, only where it may count."""
    return a is not None and a == b and (or_silence or not a[1])


def _common_audio(heard: Sequence[Utterance], scored: Sequence[Utterance]) -> Iterator[Pair]:
    """Pairs of utterances that share audio: overlapping parts of files with the same bytes.

    Only files whose sizes are the same are read.
    """
    size_of = cache(_size)
    sizes = {size_of(u.path) for u in heard} & {size_of(u.path) for u in scored} - {None}
    by_hash: dict[str, list[Utterance]] = {}
    digest_of = cache(sha256_of_file)  # a long recording may have many utterances
    for utterance in (u for u in scored if size_of(u.path) in sizes):
        by_hash.setdefault(digest_of(utterance.path), []).append(utterance)
    for utterance in (u for u in heard if size_of(u.path) in sizes):
        for other in by_hash.get(digest_of(utterance.path), []):
            if _overlap(utterance, other):
                yield utterance, other


def _size(path: Path) -> int | None:
    return path.stat().st_size if is_file(path) else None


def _overlap(a: Utterance, b: Utterance) -> bool:
    """Whether two parts of the same recording have a moment in common."""
    (begin_a, end_a), (begin_b, end_b) = _span_s(a), _span_s(b)
    return begin_a < end_b and begin_b < end_a


def _span_s(utterance: Utterance) -> tuple[float, float]:
    end_s = utterance.offset_s + utterance.duration_s if utterance.is_segment else float("inf")
    return utterance.offset_s, end_s
