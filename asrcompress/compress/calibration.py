"""Calibration audio: a small, seeded, speaker-spread sample of unlabelled corpora.

No transcript is read. The same seed chooses the same utterances whatever their order in the
corpus, so that a corpus and a noisy copy of it are sampled alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from asrcompress.compress.decision import CalibrationAudio
from asrcompress.core.corpus import Corpus, read_corpus
from asrcompress.core.errors import InputError
from asrcompress.core.manifest import CalibrationCorpus
from asrcompress.core.seeds import generator_for
from asrcompress.core.utterance import Utterance

DURATION_S = 60.0
_SHORTEST_S = 0.5  # a word; every encoder gives several frames of it
_LONGEST_S = 30.0  # Whisper's window; attention over more needs much memory


def read_calibration(
    paths: Sequence[tuple[str, str | Path]], *, max_duration_s: float = DURATION_S, seed: int = 0
) -> tuple[CalibrationAudio, ...]:
    """One sample for each (condition, corpus), of at most `max_duration_s` seconds and one file.

    Conditions whose corpora have the first one's utterances, by their ids, are sampled alike. Of a
    recording longer than 30 s its middle is taken; those shorter than 0.5 s are not drawn.

    Raises:
        InputError: no corpus, a condition twice, or a corpus with nothing long enough.
    """
    if not paths:
        raise InputError("no calibration audio", expected="at least one corpus")
    names = [condition for condition, _ in paths]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError("a condition of the calibration audio twice", got=repr(twice[0]))
    found: list[CalibrationAudio] = []
    wanted: tuple[str, ...] = ()
    for condition, path in paths:
        corpus = read_corpus(path)
        sample = _same(corpus, wanted) or _sample(corpus, path, max_duration_s, seed)
        wanted = wanted or tuple(utterance.id for utterance in sample)
        chosen = tuple(_middle(utterance) for utterance in sample)
        digest = Corpus(corpus.name, chosen).sha256()
        found.append(CalibrationAudio(corpus.name, condition, chosen, digest))
    return tuple(found)


def record_of(audio: CalibrationAudio) -> CalibrationCorpus:
    """What a manifest says of it."""
    return CalibrationCorpus(
        name=audio.name,
        condition=audio.condition,
        utterances=len(audio.utterances),
        duration_s=round(duration_s(audio), 3),
        sha256=audio.sha256,
    )


def duration_s(audio: CalibrationAudio) -> float:
    """Seconds of all its utterances together."""
    return sum(utterance.duration_s for utterance in audio.utterances)


def beginning(audio: CalibrationAudio, most_s: float) -> CalibrationAudio:
    """Its first utterances, as many as `most_s` seconds hold, and at least one."""
    taken = tuple(_within(audio.utterances, most_s))
    return replace(audio, utterances=taken)


def _same(corpus: Corpus, wanted: Sequence[str]) -> tuple[Utterance, ...]:
    """The corpus's utterances of those ids; none unless it has them all."""
    by_id = {utterance.id: utterance for utterance in corpus.utterances}
    if not all(name in by_id for name in wanted):
        return ()
    return tuple(by_id[name] for name in wanted)


def _sample(
    corpus: Corpus, path: str | Path, max_duration_s: float, seed: int
) -> tuple[Utterance, ...]:
    long_enough = [u for u in corpus.utterances if u.duration_s >= _SHORTEST_S]
    if not long_enough:
        raise InputError(
            "no calibration audio that is long enough",
            where=path,
            expected=f"an utterance of {_SHORTEST_S} s or more",
        )
    return tuple(_within(_spread(long_enough, seed), max_duration_s))


def _within(utterances: Sequence[Utterance], most_s: float) -> Iterator[Utterance]:
    """Utterances in their order while their sum stays below `most_s`; the first one in any case."""
    total_s = 0.0
    for number, utterance in enumerate(utterances):
        total_s += min(utterance.duration_s, _LONGEST_S)
        if number and total_s > most_s:
            return
        yield utterance


def _spread(utterances: Sequence[Utterance], seed: int) -> list[Utterance]:
    """One utterance of each speaker, then a second of each, and so on; each draw by its own key."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_speaker[utterance.speaker or f"\0{utterance.id}"].append(utterance)
    placed = []
    for speaker, own in by_speaker.items():
        shuffled = sorted(own, key=lambda utterance: _draw(seed, "utterance", utterance.id))
        drawn = _draw(seed, "speaker", speaker)
        placed += [(turn, drawn, utterance) for turn, utterance in enumerate(shuffled)]
    return [utterance for _, _, utterance in sorted(placed, key=lambda place: place[:2])]


def _draw(seed: int, kind: str, name: str) -> float:
    return float(generator_for(seed, "calibration", kind, name).random())


def _middle(utterance: Utterance) -> Utterance:
    """The utterance, or the middle 30 s of a longer one."""
    surplus_s = utterance.duration_s - _LONGEST_S
    if surplus_s <= 0:
        return utterance
    return replace(
        utterance,
        offset_s=utterance.offset_s + surplus_s / 2,
        duration_s=_LONGEST_S,
        is_segment=True,
    )
