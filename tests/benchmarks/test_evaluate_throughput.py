"""Recognising speech of mixed lengths, against transformers' own pipeline with batches of 8.

    pytest -n 0 -m benchmark -s tests/benchmarks/test_evaluate_throughput.py

Both read the same files with the same threads in turns; the best of three rounds counts, so that
other work on the machine hits neither alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from asrcompress.core.checkpoint import locate, quiet_transformers
from asrcompress.core.corpus import BUNDLED, Corpus, read_corpus
from asrcompress.evaluate import (
    RecogniserOptions,
    TranscribeOptions,
    open_recogniser,
    transcribe,
)
from tests.checkpoints import write_processor

LIBRISPEECH = Path(__file__).resolve().parents[3] / "shared" / "data" / "librispeech"
GOAL = 1.3
ROUNDS = 3


@pytest.fixture(scope="module", autouse=True)
def _all_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the layout of wav2vec 2.0 base, with the layer norm that can be batched."""
    folder = tmp_path_factory.mktemp("base")
    config = transformers.Wav2Vec2Config(
        feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True, initializer_range=0.1
    )
    with quiet_transformers(), torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.Wav2Vec2ForCTC(config).save_pretrained(folder)
    write_processor(folder, "wav2vec2-layer-norm")
    return folder


def _corpus(most_s: float) -> Corpus:
    """Read sentences of 2 to 30 s where they are there, else the bundled words."""
    corpus = read_corpus(LIBRISPEECH if LIBRISPEECH.is_dir() else BUNDLED)
    step = max(1, round(corpus.audio_s / most_s))
    return Corpus(corpus.name, corpus.utterances[::step])


@pytest.mark.benchmark
@pytest.mark.parametrize(("model", "most_s"), [("bundled:model", 1e9), ("base", 150.0)])
def test_faster_than_the_pipeline_at_equal_text(
    model: str, most_s: float, base_size: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least 1.3 times the pipeline's speed; every text is the one a recording gets alone."""
    folder = locate(base_size if model == "base" else model).folder
    corpus = _corpus(most_s)
    ours, theirs = _ours(folder, corpus), _theirs(folder, corpus)
    alone = theirs(1)
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(ROUNDS):
        for name, recognise in (("ours", ours), ("theirs", lambda: theirs(8))):
            start = time.perf_counter()
            texts = recognise()
            seconds[name].append(time.perf_counter() - start)
            if name == "ours":
                assert texts == alone
            else:
                equal = sum(map(str.__eq__, texts, alone))
    ratio = min(seconds["theirs"]) / min(seconds["ours"])
    with capsys.disabled():
        rtfx = {name: round(corpus.audio_s / min(found), 1) for name, found in seconds.items()}
        print(  # noqa: T201
            f"\n{model}: {len(alone)} recordings, {corpus.audio_s:.0f} s, RTFx {rtfx}, "
            f"ratio {ratio:.2f}; the pipeline's batches give {equal} of the texts"
        )
    assert ratio >= GOAL


def _ours(folder: Path, corpus: Corpus) -> Callable[[], list[str]]:
    recogniser = open_recogniser(folder, RecogniserOptions(threads=os.cpu_count()))
    options = TranscribeOptions(corpus_sha256="0" * 64)  # hashing is no part of recognising

    def recognise() -> list[str]:
        found = transcribe(recogniser, corpus, options=options)
        assert found.decoding.batch_plan == "longest-first-8x60s"
        return list(found.pred_texts.values())

    return recognise


def _theirs(folder: Path, corpus: Corpus) -> Callable[[int], list[str]]:
    with quiet_transformers():
        pipeline = transformers.pipeline("automatic-speech-recognition", str(folder), device="cpu")

    def audio() -> Iterator[dict[str, Any]]:
        for utterance in corpus.utterances:
            yield {"raw": utterance.audio(), "sampling_rate": 16_000}

    def recognise(batch_size: int) -> list[str]:
        with quiet_transformers():
            return [found["text"] for found in pipeline(audio(), batch_size=batch_size)]

    return recognise
