"""Recordings to time: the corpus's own samples, of exactly the lengths asked for."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from asrcompress.core.audio import read_audio
from asrcompress.core.corpus import Corpus, Utterance
from asrcompress.core.errors import NothingToEvaluateError
from asrcompress.evaluate.speed_audio import write_recordings
from tests.evaluate.makers import audio_corpus


def _corpus(folder: Path) -> Corpus:
    return audio_corpus(folder / "c", {"a": "x", "b": "x", "c": "x"})  # 0.2, 0.4, 0.6 s


def test_lengths_are_exact(tmp_path: Path) -> None:
    """Longer than all of the corpus or shorter than one utterance: to the sample."""
    lengths_s = (0.1, 0.25, 2.0, 1 / 3)
    paths = write_recordings(_corpus(tmp_path), lengths_s, tmp_path)
    assert [len(read_audio(path)) for path in paths] == [1600, 4000, 32000, 5333]


def test_samples_are_the_corpus_s_own(tmp_path: Path) -> None:
    """Utterances in some order, end to end; the next one begins with the next utterance."""
    corpus = _corpus(tmp_path)
    paths = write_recordings(corpus, (0.1, 0.1, 1.1), tmp_path)
    first, second, long = (read_audio(path) for path in paths)
    orders = permutations(utterance.audio() for utterance in corpus.utterances)
    assert [
        True
        for a, b, c in orders
        if np.array_equal(first, a[:1600])
        and np.array_equal(second, b[:1600])
        and np.array_equal(long, np.concatenate([c, a, b, c])[:17_600])
    ] == [True]


def test_the_seed_draws(tmp_path: Path) -> None:
    """The same seed gives the same samples, another one others."""
    corpus = _corpus(tmp_path)

    def drawn(seed: int) -> bytes:
        (path,) = write_recordings(corpus, (0.2,), tmp_path, seed=seed)
        return read_audio(path).tobytes()

    assert drawn(0) == drawn(0)
    assert len({drawn(seed) for seed in range(8)}) == 3


def test_bad_files_are_left_out(tmp_path: Path) -> None:
    corpus = _corpus(tmp_path)
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"not audio")
    mixed = Corpus("c", (Utterance("bad", bad, 1.0), *corpus.utterances))
    (path,) = write_recordings(mixed, (3.0,), tmp_path)
    assert len(read_audio(path)) == 48_000


def test_nothing_to_hear(tmp_path: Path) -> None:
    corpus = Corpus("c", (Utterance("missing", tmp_path / "missing.wav", 1.0),))
    with pytest.raises(NothingToEvaluateError, match="no readable audio to time: c"):
        write_recordings(corpus, (3.0,), tmp_path)
