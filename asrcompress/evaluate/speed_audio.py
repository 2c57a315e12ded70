"""Recordings of exact lengths out of a corpus's own speech, to measure speed with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from asrcompress.core.audio import SAMPLE_RATE_HZ, Samples, write_audio
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import InputError, NothingToEvaluateError
from asrcompress.core.seeds import generator_for


def write_recordings(
    corpus: Corpus, lengths_s: Sequence[float], folder: Path, *, seed: int = 0
) -> tuple[Path, ...]:
    """One file a length, of utterances drawn evenly: joined where they are shorter, cut at the end.

    Each begins with an utterance that none before has; when all have had their turn they come
    again. Utterances that cannot be read are left out.

    Raises:
        NothingToEvaluateError: no utterance can be read.
    """
    spoken = _spoken(corpus, seed)
    paths = []
    for number, length_s in enumerate(lengths_s):
        path = folder / f"{number}.wav"
        write_audio(path, _recording(spoken, round(length_s * SAMPLE_RATE_HZ)), kind="wav")
        paths.append(path)
    return tuple(paths)


def _recording(spoken: Iterator[Samples], samples: int) -> Samples:
    parts = [next(spoken)]
    while sum(len(part) for part in parts) < samples:
        parts.append(next(spoken))
    return np.concatenate(parts)[:samples]


def _spoken(corpus: Corpus, seed: int) -> Iterator[Samples]:
    """The utterances' samples in a drawn order, again and again."""
    order = generator_for(seed, "speed recordings").permutation(len(corpus.utterances))
    while True:
        has_any = False
        for index in order:
            samples = _samples(corpus.utterances[index])
            if samples is not None:
                has_any = True
                yield samples
        if not has_any:
            raise NothingToEvaluateError("no readable audio to time", where=corpus.name)


def _samples(utterance: Utterance) -> Samples | None:
    """None where it cannot be read: transcribing counts and reports it."""
    try:
        return utterance.audio()
    except InputError:
        return None
